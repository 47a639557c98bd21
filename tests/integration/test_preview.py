"""The preview over HTTP: whom it is shown for, what it says, what it follows, and what it sends."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from sqlmodel import select

from digest.bootstrap import App
from digest.config import Panel
from digest.delivery import proof
from digest.editions.life import build
from digest.errors import PreviewForbiddenError
from digest.rendering import render_edition
from digest.store.models import Delivery, Edition
from digest.web.app import create_app
from digest.web.preview.guard import local_only
from digest.web.preview.views import USUAL
from tests.articles import put
from tests.audience import subscribe
from tests.conftest import NOW
from tests.smtp import SmtpServer

HOUR = timedelta(hours=1)
ADDRESS = "http://127.0.0.1:8090"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def visitor(app: App) -> TestClient:
    return TestClient(create_app(app), base_url=ADDRESS, client=("127.0.0.1", 50000))


@pytest.fixture
def client(app: App) -> Iterator[TestClient]:
    put(app.store, "Parliament passes the budget", NOW - HOUR, "Politics")
    put(app.store, "Cup final goes to extra time", NOW - 2 * HOUR, "Sports")
    put(app.store, "Bakers march", NOW - 90 * HOUR, "Society")
    with visitor(app) as client:
        yield client


@pytest.fixture
def filed(folder: Path, server: SmtpServer) -> Iterator[App]:
    """The program on a configuration file, which can change."""
    with (folder / "digest.toml").open("a") as file:
        file.write(f'[smtp]\nhost = "127.0.0.1"\nport = {server.port}\n')
    app = App.from_file(folder / "digest.toml")
    app.clock = lambda: NOW
    put(app.store, "Parliament passes the budget", NOW - HOUR, "Politics")
    put(app.store, "Cup final goes to extra time", NOW - 2 * HOUR, "Sports")
    with closing(app):
        yield app


def _token(page: str) -> str:
    (token,) = re.findall(r'name="token" value="([^"]+)"', page)
    return str(token)


def sent(client: TestClient, to: str, query: str = "", **headers: str):
    page = client.get("/preview?date=2025-01-01").text  # a day without news is soon shown
    form = {"to": to, "token": _token(page)}
    headers = {"Sec-Fetch-Site": "same-origin"} | headers
    return client.post(f"/preview/test-send?{query}", data=form, headers=headers)


@ON_ONE_DATABASE
def test_a_made_up_reader_has_their_sections_and_language(client: TestClient):
    asked = {"section": ["Sports", "World"], "language": "de"}
    page = client.get("/preview", params=asked).text
    assert "not in this reader&#39;s sections" in page
    text = client.get("/preview/mail.txt", params=asked).text
    assert "Cup final" in text
    assert "Parliament" not in text
    assert "Dienstag, 3. März 2026" in text


@ON_ONE_DATABASE
def test_what_cannot_be_shown_is_said_where_everything_else_still_can_be_chosen(client: TestClient):
    for query, said in (
        ({"section": "Gardening"}, "choose from Politics"),
        ({"language": "klingon!"}, "is no language"),
        ({"subscriber": "nobody@example.org"}, "Nobody is subscribed"),
        ({"subscriber": "nobody"}, "No subscriber fits"),
        ({"date": "2026-02-31"}, "&#34;2026-02-31&#34; is no date"),
        ({"date": "soon", "newsletter": "morning"}, "&#34;soon&#34; is no date"),
        ({"date": "9999-12-31"}, "choose one from 1970-01-01 on"),
    ):
        answer = client.get("/preview", params=query)
        assert answer.status_code == 404
        assert said in answer.text
        assert "There is nothing to show" in answer.text
        assert 'name="date"' in answer.text
    assert client.get("/preview?date=").status_code == 200  # the field was emptied
    assert client.get("/preview/mail.txt?date=soon").status_code == 404
    assert client.get("/preview/view/hologram").status_code == 404


def test_readers_are_found_by_part_of_address_or_name(app: App, client: TestClient):
    subscribe(app.store, "Ann_Lee@example.org", name="Ann Lee", sections=["World"])
    subscribe(app.store, "annelee@example.org", name="100% Anne")
    subscribe(app.store, *(f"reader{number}@example.org" for number in range(30)))

    def found(typed: str) -> list[str]:
        answer = client.get("/preview/readers", params={"newsletter": "morning", "typed": typed})
        return [one["email"] for one in answer.json()]

    assert found("ANN_L") == ["Ann_Lee@example.org"]
    assert found("100%") == ["annelee@example.org"]
    assert "reader2@example.org" in found("reader2")
    assert len(found("")) == len(found("reader")) == 12
    assert found("\\") == []
    subscribe(app.store, "maria@example.org", name="Мария Élodie")
    for typed in ("Мар", "мар", "Élo"):
        assert found(typed) == ["maria@example.org"]


def test_the_only_one_who_fits_is_the_reader_and_several_are_named(app: App, client: TestClient):
    subscribe(app.store, "ann@example.org", name="Ann Lee", sections=["Sports"])
    answer = client.get("/preview", params={"subscriber": " Lee ", "view": "text", "told": "x"})
    assert dict(answer.url.params) == {
        "subscriber": "ann@example.org",
        "view": "text",
        "told": "x",
    }
    assert "Cup final" in client.get("/preview/mail.txt?subscriber=lee").text
    subscribe(app.store, "joanna@example.org")
    answer = client.get("/preview?subscriber=ann")
    assert answer.status_code == 404
    assert (
        "2 subscribers fit &#34;ann&#34;: ann@example.org (Ann Lee), joanna@example.org."
        in answer.text
    )
    subscribe(app.store, *(f"reader{number:02}@example.org" for number in range(30)))
    page = client.get("/preview?subscriber=reader").text
    assert "30 subscribers fit &#34;reader&#34;: reader00@example.org, reader01" in page
    assert "reader11@example.org and 18 more." in page
    # Whoever has been written out stays the one, though others hold the same letters.
    subscribe(app.store, "mary-ann@example.org")
    assert client.get("/preview?subscriber=ann@example.org").status_code == 200


@ON_ONE_DATABASE
def test_nothing_at_all_can_be_shown_and_languages_have_names(client: TestClient):
    def ticked(query: str) -> list[str]:
        page = client.get(f"/preview?{query}").text
        return re.findall(r'name="view" value="([\w-]+)" checked', page)

    assert ticked("") == list(USUAL)
    assert ticked("view=") == ticked("view=hologram") == []
    assert ticked("view=&view=source") == ["source"]
    page = client.get("/preview?view=&language=ar").text
    assert "&amp;view=&#34;" in page or 'language=ar&amp;view="' in page
    assert "in Arabic</p>" in page
    assert '<option value="ar" selected>Arabic</option>' in page
    assert "the newsletter&#39;s (English)" in page or "the newsletter's (English)" in page


def test_days_with_editions_are_a_step_away(app: App, client: TestClient):
    newsletter = app.settings.newsletter("morning")
    for days in (3, 1):
        day = NOW.date() - timedelta(days=days)
        build(app.store, app.settings, newsletter, day, NOW)
    page = client.get("/preview?date=2026-03-01&view=text").text
    links = re.findall(r'class="button" data-follow href="([^"]+)"', page)
    dates = [re.findall(r"date=([\d-]+)", link)[0] for link in links]
    assert dates == ["2026-02-28", "2026-03-02", "2026-03-03"]
    assert all("view=text" in link for link in links)


@ON_ONE_DATABASE
def test_an_empty_day_and_a_cancelled_edition_are_told(app: App, client: TestClient):
    page = client.get("/preview?date=2025-01-01").text
    assert "No article has come for this day that is in no other edition" in page
    assert "nobody gets a mail" in page
    assert client.get("/preview/mail.eml?date=2025-01-01").status_code == 404
    edition = build(app.store, app.settings, app.settings.newsletter("morning"), NOW.date(), NOW)
    with app.store.write() as session:
        row = session.get_one(Edition, edition.id)
        row.status, row.note = "cancelled", "the desk withdrew it"
        session.add(row)
    page = client.get("/preview").text
    assert ">cancelled<" in page
    assert "the desk withdrew it" in page
    assert "digest editions why 1 ARTICLE" in page


@ON_ONE_DATABASE
def test_it_says_what_the_mail_weighs_what_the_lint_finds_and_what_was_left_out(client: TestClient):
    page = client.get("/preview").text
    total = len(client.get("/preview/mail.eml").content)
    assert f"{total:,} bytes of 100,000" in page
    assert "Nothing to complain of" in page
    assert "1 too old" in page
    assert "Bakers march" in page
    assert re.search(r"scored [\d.]+: articles: 1", page)


@ON_ONE_DATABASE
def test_what_is_hostile_is_text_in_every_panel(app: App, client: TestClient):
    for number, hours in enumerate((1, 90)):
        url = f"javascript:alert({number})"
        put(app.store, f"{number} {HOSTILE}", NOW - hours * HOUR, "World", url=url, teaser=HOSTILE)
    subscribe(app.store, "x@example.org", name=HOSTILE)
    for address in ("/preview", "/preview/source", "/preview/view/phone", "/preview?language=<b>"):
        answer = client.get(address)
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert 'href="javascript:' not in answer.text
        assert "<b>" not in answer.text.replace('<b id="subject"', "")
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy or "script-src 'nonce-" in policy
    assert client.get("/preview/readers").headers["content-type"] == "application/json"


@ON_ONE_DATABASE
def test_an_edition_is_rendered_once_for_all_views(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    rendered = []

    def counted(document, *facts, language, **more):
        rendered.append(language)
        return render_edition(document, *facts, language=language, **more)

    monkeypatch.setattr(proof, "render_edition", counted)
    client.get("/preview")
    for view in ("view/phone", "view/desktop-dark", "view/no-images", "source", "mail.txt"):
        assert "Cup final" in client.get(f"/preview/{view}").text
    client.get("/preview/mail.txt?language=fr")
    client.get("/preview/mail.txt?section=Sports")
    assert rendered == ["en", "fr"]


@ON_ONE_DATABASE
def test_a_change_of_the_reader_is_noticed(app: App, client: TestClient):
    subscribe(app.store, "reader@example.org", sections=["Sports"])
    versions = [client.get("/preview/version?subscriber=reader@example.org").text]
    app.store.engine.dispose()
    with app.store.write() as session:
        session.connection().exec_driver_sql("UPDATE subscriber SET language = 'fr'")
    versions.append(client.get("/preview/version?subscriber=reader@example.org").text)
    assert len(set(versions)) == 2


@ON_ONE_DATABASE
def test_the_configuration_is_followed_and_a_broken_one_is_told_and_not_used(
    filed: App, folder: Path
):
    config = folder / "digest.toml"
    good = config.read_text()
    with visitor(filed) as client:
        first = client.get("/preview/version").text
        assert "takes it up" not in client.get("/preview").text
        config.write_text(good + '[theme.light]\naccent = "#0b5d3b"\n')
        page = client.get("/preview").text
        assert "takes it up" in page
        assert "#0b5d3b" in client.get("/preview/view/phone").text
        second = client.get("/preview/version").text

        for broken, said in (
            ('[theme.light]\naccent = "reddish"\n', "theme.light.accent"),
            ("[theme\n", "this is not TOML"),
        ):
            config.write_text(good + broken)
            page = client.get("/preview").text
            assert f"{config}: " in page
            assert said in page
            assert "#0b5d3b" in client.get("/preview/view/phone").text
        third = client.get("/preview/version").text

        config.unlink()
        assert "digest init" in client.get("/preview").text
        config.write_text(good)
        assert 'id="problem"' not in client.get("/preview").text
        assert "#0b5d3b" not in client.get("/preview/view/phone").text
    assert len({first, second, third}) == 3


@ON_ONE_DATABASE
def test_a_test_is_what_is_shown_and_stands_in_no_account(filed: App, server: SmtpServer):
    subscribe(filed.store, "reader@example.org", sections=["Sports"])
    with visitor(filed) as client:
        query = "subscriber=reader@example.org&view=text"
        answer = sent(client, " desk@example.org ", query, Origin=ADDRESS)
        assert "accepted" in answer.text
        assert "250 2.0.0 taken" in answer.text
        assert answer.url.params["view"] == "text"
        # Loaded again, the page still says so, and nothing more is sent.
        assert "250 2.0.0 taken" in client.get(str(answer.url)).text
        shown = client.get(f"/preview/mail.txt?{query}").text
    mail = server.received_by("desk@example.org")
    assert mail.message["Subject"].startswith("[test] ")
    assert mail.message["X-Digest-Test"] == "yes"
    assert mail.part("plain").replace("desk@example.org", "reader@example.org").split() == (
        shown.split()
    )
    with filed.store.read() as session:
        assert session.exec(select(Delivery)).all() == []
        assert session.exec(select(Edition)).all() == []


@ON_ONE_DATABASE
def test_a_test_that_cannot_be_sent_is_refused_in_words(filed: App, server: SmtpServer):
    with visitor(filed) as client:
        assert "write it like name@example.org" in sent(client, "desk").text
        assert "write it like name@example.org" in sent(client, "a@b.org\nBcc: c@d.org").text
        assert "choose another day" in sent(client, "desk@example.org", "date=2025-01-01").text
    with closing(App(filed.settings.model_copy(update={"smtp": filed.settings.smtp.model_copy(
        update={"port": 1})}), lambda: NOW)) as cut_off, visitor(cut_off) as client:  # fmt: skip
        assert "cannot be reached" in sent(client, "desk@example.org").text
    assert server.taken() == {}


@pytest.mark.parametrize(
    "name",
    [
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Server",
        "Forwarded",
        "Via",
        "X-Real-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "X-Original-Forwarded-For",
    ],
)
def test_what_a_proxy_passes_on_is_refused(name: str):
    scope = _asking() | {"headers": [(b"host", b"127.0.0.1"), (name.lower().encode(), b"")]}
    with pytest.raises(PreviewForbiddenError):
        local_only(Request(scope))


def test_a_proxy_that_does_not_say_so_is_known_by_its_http():
    with pytest.raises(PreviewForbiddenError):
        local_only(Request(_asking() | {"http_version": "1.0"}))
    local_only(Request(_asking()))


def _asking() -> dict[str, object]:
    return {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "path": "/preview",
        "headers": [(b"host", b"127.0.0.1:8080")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8080),
    }


@ON_ONE_DATABASE
def test_a_panel_that_is_left_out_is_told(app: App):
    panels = (Panel(name="weather", source="/nowhere/weather.json"),)
    settings = app.settings.model_copy(update={"panels": panels})
    put(app.store, "Parliament passes the budget", NOW - HOUR, "Politics")
    with closing(App(settings, lambda: NOW)) as with_panel, visitor(with_panel) as client:
        said = client.get("/preview").text
        assert "The panel &#34;weather&#34; is not in it" in said
        assert "--rebuild" not in said
        newsletter = settings.newsletter("morning")
        build(with_panel.store, settings, newsletter, NOW.date(), NOW)
        page = client.get("/preview").text
        assert f"(digest editions build morning --date {NOW.date()} --rebuild takes in" in page


@ON_ONE_DATABASE
def test_no_other_page_can_send_a_test(filed: App, server: SmtpServer):
    elsewhere = [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ]
    with visitor(filed) as client:
        token = _token(client.get("/preview?date=2025-01-01").text)
        form = {"to": "desk@example.org", "token": token}
        for headers in elsewhere:
            answer = client.post("/preview/test-send", data=form, headers=headers)
            assert answer.status_code == 403
            assert "not of this page" in answer.text
        for forged in ("", "é", token[:-1]):
            unsigned = client.post(
                "/preview/test-send",
                data=form | {"token": forged},
                headers={"Sec-Fetch-Site": "same-origin"},
            )
            assert unsigned.status_code == 403
        assert client.post("/preview/test-send", data=form).status_code == 403
        assert client.get("/preview/test-send").status_code == 405
    assert server.taken() == {}
