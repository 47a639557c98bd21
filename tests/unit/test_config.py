"""Settings: what is right loads, and every mistake has its line with the remedy."""

from datetime import timedelta
from pathlib import Path

import pytest

from digest.bootstrap import example_configuration
from digest.config import Settings, load_settings
from digest.errors import (
    CannotReadError,
    ConfigInvalidError,
    ConfigNotFoundError,
    SecretUnreadableError,
    UnknownNewsletterError,
)

SITE = """
[site]
name = "The Morning Courier"
base_url = "https://news.example.org/"
postal_address = "1 Example Street"
"""
NEWSLETTER = """
[[newsletters]]
slug = "morning"
title = "The Morning Courier"
from = "The Courier <morning@news.example.org>"
sections = ["Politics", "World"]
send_at = "07:00"
"""


@pytest.fixture
def load(tmp_path: Path):
    path = tmp_path / "digest.toml"

    def loaded(text: str) -> Settings:
        path.write_text(text, encoding="utf-8")
        return load_settings(path)

    return loaded


@pytest.fixture
def problems(load, tmp_path: Path):
    def found(text: str) -> list[str]:
        with pytest.raises(ConfigInvalidError) as told:
            load(text)
        assert told.value.exit_status == 2
        return str(told.value).replace(f"{tmp_path}/", "").splitlines()

    return found


def test_the_shipped_example_loads_as_it_is(load):
    settings = load(example_configuration())
    assert settings.site.timezone == "Europe/Sofia"
    assert settings.newsletter("morning").from_address == "morning@news.example.org"
    assert settings.newsletter("morning").max_age == timedelta(hours=48)


def test_little_is_needed(load):
    settings = load(SITE + NEWSLETTER)
    newsletter = settings.newsletters[0]
    assert settings.site.base_url == "https://news.example.org"
    assert settings.zone(newsletter).key == "UTC"
    assert settings.language(newsletter) == "en"
    assert newsletter.from_name == "The Courier"
    assert newsletter.section_keys == ("politics", "world")
    assert list(settings.declared_sections()) == ["politics", "world"]


def test_what_stands_in_headers_is_ascii(load):
    sender = NEWSLETTER.replace("morning@", "утро@")
    with pytest.raises(ConfigInvalidError, match="take only ASCII before the @"):
        load(f"{SITE}{sender}")
    address = SITE.replace("news.example.org", "новини.example.org")
    with pytest.raises(ConfigInvalidError, match="is not ASCII: write the host as"):
        load(address)


def test_what_stands_in_headers_is_short(load):
    with pytest.raises(ConfigInvalidError, match=r"site\.base_url: this is longer than 200"):
        load(SITE.replace("example.org/", f"example.org/{'x' * 200}"))


def test_a_sender_without_a_name_has_the_newsletters_title(load):
    text = SITE + NEWSLETTER.replace("The Courier <morning@news.example.org>", "m@news.example.org")
    assert load(text).newsletters[0].from_name == "The Morning Courier"


def test_a_section_is_written_as_its_articles_are(load):
    pasted = "World\u200b » Ukra\u00adine"
    settings = load(f'{SITE}\n[[sections]]\npath = "{pasted}"')
    assert "world » ukraine" in settings.declared_sections()


def test_a_newsletter_may_follow_its_readers_clocks(load):
    settings = load(SITE + NEWSLETTER + 'timezone = "subscriber"\nlanguage = "pt_BR"')
    assert settings.zone(settings.newsletters[0]).key == "UTC"
    assert settings.language(settings.newsletters[0]) == "pt-BR"


def test_paths_are_relative_to_the_file(load, tmp_path: Path):
    settings = load(SITE)
    assert settings.secret_key_path == tmp_path / "secret.key"
    assert settings.database_url == f"sqlite:///{tmp_path}/digest.db"
    assert settings.within(Path("/elsewhere")) == Path("/elsewhere")


def test_a_server_database_is_no_file(load):
    url = "postgresql+psycopg://me:secret@db/news"
    assert load(f'{SITE}[database]\nurl = "{url}"').database_url == url


def test_tags_and_sections_have_their_weights_by_key(load):
    settings = load(
        SITE
        + '[[tags]]\nname = " BREAKING  News"\nweight = 2.5\n'
        + '[[sections]]\npath = "World » Asia"\nweight = 0.5\n'
    )
    assert settings.tag_weights() == {"breaking news": 2.5}
    assert settings.section_weights() == {"world » asia": 0.5}


MISTAKES = [
    ('[desk]\nnotify = ["desk"]', 'desk.notify[1]: "desk" is no e-mail address'),
    (
        '[desk]\nnotify = ["desk@example.org", "Desk@Example.org"]',
        "desk.notify: Desk@example.org stands twice: remove one",
    ),
    ('[desk]\nnotify = "desk@example.org"', "desk.notify: must be a list in square brackets"),
    ("[web]\nport = 70000", "web.port: must be less than or equal to 65535"),
    ('[web]\nport = "http"', "web.port: must be a whole number"),
    ('[web]\nhots = "x"', 'web.hots: unknown key: did you mean "host"?'),
    ('[web]\ncolour = "x"', "web.colour: unknown key: remove it"),
    ("[wbe]", 'wbe: unknown key: did you mean "web"?'),
    ("folder = 1\n", "folder: unknown key"),
    ('web = "x"\n', "web: must be a table"),
    ("[smtp]\nport = 2.5", "smtp.port: must be a whole number"),
    ('[smtp]\nweight = "much"', "smtp.weight: must be a number"),
    ('[smtp]\nverify_certificate = "maybe"', "smtp.verify_certificate: must be true or false"),
    ('[smtp.warm_up]\nstart = "soon"', "smtp.warm_up.start: must be a date, such as 2026-12-01"),
    ("[smtp.warm_up]\nstart = true", "smtp.warm_up.start: must be a date, such as 2026-12-01"),
    ('[smtp]\nhost = ""', "smtp.host: must not be empty"),
    ("[smtp]\nhost = 5", "smtp.host: must be text in quotes"),
    ('[smtp]\nhost = "a\\u0000b"', "smtp.host: must be a single line without control characters"),
    ('[[tags]]\nname = " \\u200b"\nweight = 1', "tags[1].name: there is nothing to see in this"),
    ('[smtp]\nsecurity = "ssl"', "smtp.security: must be 'none', 'starttls' or 'tls'"),
    ("[smtp]\ntimeout = 30", 'smtp.timeout: write a length of time in quotes: "90s"'),
    ('[smtp]\ntimeout = "0s"', "smtp.timeout: this must be longer than nothing"),
    ('[smtp]\ntimeout = "99999999999999d"', "smtp.timeout: this is longer than 3660 days"),
    ('[smtp]\nbounce_address = "b@"', 'smtp.bounce_address: "b@" is no e-mail address'),
    ('[smtp]\nbounce_address = "é@b.example"', 'smtp.bounce_address: "é@b.example": many'),
    (
        '[smtp]\nbounce_address = "' + "b" * 24 + '@b.example"',
        'smtp.bounce_address: "' + "b" * 24 + '@b.example": at most 23 characters before the @',
    ),
    ('[database]\nurl = "x"', "database.url: this is no database address: use"),
    ('[database]\nurl = "mysql://h/d"', 'database.url: "mysql" is not supported: use "sqlite'),
    ('[database]\nurl = "sqlite://"', "database.url: this names no database that lasts: use"),
    ('[delivery]\nuncertain = "x"', "delivery.uncertain: must be 'hold' or 'resend'"),
    ('[[sections]]\npath = " » "', "sections[1].path: a section needs a name, such as"),
    ('[[sections]]\npath = "A;B"', "sections[1].path: a section's name has no semicolon"),
    ('[[sections]]\npath = "A"\nweight = 0', "sections[1].weight: must be greater than 0"),
    (
        '[[sections]]\npath = "World"\n[[sections]]\npath = "WORLD"',
        'sections: path "WORLD" stands twice: remove one',
    ),
    ("[[servers]]\nweight = 2.0\nport = 25", "servers[1].host: missing: add it"),
    (
        '[[servers]]\nhost = "127.0.0.1"',
        "servers: 127.0.0.1:2525 stands twice, or in [smtp] too: remove one",
    ),
    (
        '[[servers]]\nhost = "b.example"\nbounce_address = "b@b.example"',
        "servers.bounce_address: bounces have one address: set it in [smtp] alone",
    ),
    (
        '[[destinations]]\ndomain = "b.example"\n[[destinations]]\ndomain = "b.example"',
        'destinations: domain "b.example" stands twice: remove one',
    ),
    ('[[destinations]]\ndomain = "b c"', 'destinations[1].domain: "b c" is no domain: write what'),
    ('[[tags]]\nname = "a"\nweight = -1', "tags[1].weight: must be greater than 0"),
    ('[[tags]]\nname = "a"', "tags[1].weight: missing: add it"),
    (
        '[[tags]]\nname = "Big  News"\nweight = 2\n[[tags]]\nname = "big news"\nweight = 3',
        'tags: name "big news" stands twice: remove one',
    ),
    ('[[feeds]]\nslug = "A b"\nurl = "https://a.b/"', 'feeds[1].slug: "A b" is no slug: up to 40'),
    ('[[feeds]]\nslug = "a"\nurl = "http://[::1/"', 'feeds[1].url: "http://[::1/" is no feed'),
    (
        '[database]\nurl = "postgresql+psycopg://u:pw@h:p/d"',
        "database.url: this is no database address: use",
    ),
    ('[[feeds]]\nslug = "a"\nurl = "ftp://a.b/"', 'feeds[1].url: "ftp://a.b/" is no feed address'),
    ('[[feeds]]\nslug = "a"', "feeds[1].url: missing: add it (config.example.toml shows how)"),
    (NEWSLETTER * 2, 'newsletters: slug "morning" stands twice: remove one, or rename it'),
    (NEWSLETTER + 'days = ["monday"]', "newsletters[1].days: choose at least one of mon, tue"),
    (NEWSLETTER + 'timezone = "Sofia"', 'newsletters[1].timezone: "Sofia" is no time zone: use an'),
    (NEWSLETTER + 'language = "greek"', 'newsletters[1].language: "greek" is no language: use'),
    (NEWSLETTER.replace("07:00", "7:00"), 'newsletters[1].send_at: write the wall time as "HH:MM"'),
    (NEWSLETTER.replace("07:00", "25:00"), "newsletters[1].send_at: write the wall time"),
    (NEWSLETTER.replace('["Politics", "World"]', "[]"), "newsletters[1].sections: needs at least"),
    (NEWSLETTER.replace('["Politics", "World"]', '"World"'), "newsletters[1].sections: must be a"),
    (NEWSLETTER.replace("Politics", "WORLD"), 'newsletters[1].sections: "World" stands twice'),
    (NEWSLETTER.replace("<morning@", "<"), 'newsletters[1].from: "news.example.org" is no e-mail'),
    (NEWSLETTER.replace("Courier <", "Courier\\n<"), "newsletters[1].from: "),
]


@pytest.mark.parametrize(("text", "told"), MISTAKES, ids=[told for _, told in MISTAKES])
def test_a_mistake_is_told_on_one_line_with_its_remedy(problems, text: str, told: str):
    # Keys without a table of their own stand before the first table.
    (problem,) = problems(SITE + text if text.lstrip().startswith("[") else text + SITE)
    assert problem.startswith(f"digest.toml: {told}")


def test_what_turns_words_round_is_no_part_of_a_title(load):
    settings = load(SITE + '[[sections]]\npath = "World"\ntitle = "The \\u202eWorld\\u2067"')
    assert settings.sections[0].title == "The World"


def test_mistakes_in_site_are_told(problems):
    text = SITE.replace("https://", "").replace('name = "The Morning Courier"', "")
    first, second = problems(text)
    assert first == "digest.toml: site.name: missing: add it (config.example.toml shows how)"
    assert 'site.base_url: "news.example.org/" is no web address: write it whole' in second


def test_all_mistakes_are_told_at_once(problems):
    text = SITE + "[smtp]\nport = 0\n[web]\nport = 0\n[x]\n" + NEWSLETTER * 2
    keys = [problem.split(": ")[1] for problem in problems(text)]
    assert keys == ["newsletters", "smtp.port", "web.port", "x"]


def test_a_missing_file_says_what_to_run(tmp_path: Path):
    with pytest.raises(ConfigNotFoundError, match="run `digest init`, or name one with --config"):
        load_settings(tmp_path / "none.toml")


def test_a_folder_is_no_file(tmp_path: Path):
    with pytest.raises(CannotReadError, match="Is a directory"):
        load_settings(tmp_path)


def test_bad_syntax_is_told_with_its_place(problems):
    (problem,) = problems("[site\n")
    assert problem.startswith("digest.toml: this is not TOML: ")
    assert "line 1" in problem


def test_another_encoding_is_told(tmp_path: Path):
    path = tmp_path / "digest.toml"
    path.write_bytes("# Zoé".encode("latin-1"))
    with pytest.raises(ConfigInvalidError, match="this is not UTF-8: save the file as UTF-8"):
        load_settings(path)


def test_a_mark_before_the_text_is_welcome(tmp_path: Path):
    path = tmp_path / "digest.toml"
    path.write_text(SITE, encoding="utf-8-sig")
    assert load_settings(path).site.name == "The Morning Courier"


def test_the_environment_names_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "mine.toml").write_text(SITE)
    monkeypatch.setenv("DIGEST_CONFIG", str(tmp_path / "mine.toml"))
    assert load_settings().site.name == "The Morning Courier"


def test_the_environment_wins(load, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DIGEST_SMTP__PORT", "587")
    monkeypatch.setenv("DIGEST_SMTP__PASSWORD", "open sesame")
    smtp = load(SITE + '[smtp]\nport = 25\nhost = "mail.example.org"').smtp
    assert (smtp.host, smtp.port) == ("mail.example.org", 587)
    assert smtp.password.get_secret_value() == "open sesame"
    assert "sesame" not in repr(smtp)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("DIGEST_SMTP__PORT", "http", "DIGEST_SMTP__PORT: smtp.port: must be a whole number"),
        ("DIGEST_SMTP__PROT", "25", 'smtp.prot: unknown key: did you mean "port"?'),
        ("DIGEST_SMTP_PORT", "25", "write DIGEST_SMTP__PORT, with two underscores"),
        ("DIGEST_SMTP", "mail", "set one key a variable, such as DIGEST_SMTP__PORT"),
    ],
)
def test_a_mistake_in_the_environment_is_told_as_such(
    problems, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
):
    monkeypatch.setenv(variable, value)
    (problem,) = problems(SITE)
    assert told in problem
    assert not problem.startswith("digest.toml")


def test_a_password_comes_from_a_file(load, tmp_path: Path):
    (tmp_path / "smtp.password").write_text("open sesame\n")
    settings = load(SITE + '[smtp]\npassword_file = "smtp.password"')
    assert settings.smtp.password.get_secret_value() == "open sesame"
    assert settings.secret_key_path.parent == tmp_path


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file or directory"), (b"\xff\xfe", "it is not text")]
)
def test_an_unreadable_password_is_told(problems, tmp_path: Path, content: bytes | None, why: str):
    if content is not None:
        (tmp_path / "smtp.password").write_bytes(content)
    (problem,) = problems(SITE + '[smtp]\npassword_file = "smtp.password"')
    assert f"smtp.password_file: the file smtp.password cannot be read ({why}): write" in problem


def test_the_secret_key_is_read(load, tmp_path: Path):
    (tmp_path / "secret.key").write_text("k" * 40 + "\n")
    assert load(SITE).secret_key() == b"k" * 40


@pytest.mark.parametrize(("content", "why"), [(None, "No such file"), ("short", "fewer than 32")])
def test_a_bad_secret_key_is_told(load, tmp_path: Path, content: str | None, why: str):
    if content is not None:
        (tmp_path / "secret.key").write_text(content)
    with pytest.raises(SecretUnreadableError, match=f"{why}.*from a copy.*let `digest init` make"):
        load(SITE).secret_key()


def test_an_unknown_newsletter_is_told_with_those_there_are(load):
    with pytest.raises(UnknownNewsletterError, match=r'called "evening".*has morning'):
        load(SITE + NEWSLETTER).newsletter("evening")


def test_a_folder_of_templates_that_is_none_is_told_with_all_else(problems, tmp_path: Path):
    (tmp_path / "file").touch()
    faint = '[theme.light]\nsoft = "#8a8a8a"\n'
    for name in ("nowhere", "file", r"\u0000"):
        told = problems(f'{SITE}templates = "{name}"\n{NEWSLETTER}{faint}')
        assert told[0].startswith("digest.toml: site.templates: ")
        assert told[0].endswith(" is no folder that can be read: make it, or name another")
        assert "theme.light.soft" in told[1]


def test_a_publishers_folder_of_templates_lies_beside_the_configuration(load, tmp_path: Path):
    (tmp_path / "own").mkdir()
    site = load(f'{SITE}templates = "own"\n{NEWSLETTER}').site
    assert site.templates == Path("own")
