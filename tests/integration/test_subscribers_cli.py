"""`digest subscribers` and `digest suppressions`, as they are called and as they answer."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.answers import called


@pytest.fixture
def digest(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("DIGEST_CONFIG", str(folder / "digest.toml"))
    subscribers: Any = partial(called, monkeypatch, capsys, "subscribers")
    # One fixture for both nouns.
    subscribers.suppressions = partial(called, monkeypatch, capsys, "suppressions")
    return subscribers


ANA = (
    "Ana@example.org",
    *("--name", "Ана", "--section", "politics", "--section", "World » Ukraine"),
    *("--timezone", "Europe/Sofia", "--language", "bg"),
)


def test_a_life_at_the_command_line(digest):
    made = digest("add", *ANA, "--json").data
    assert (made["email"], made["name"]) == ("Ana@example.org", "Ана")
    assert made["subscriptions"][0]["status"] == "pending"
    assert made["subscriptions"][0]["sections"] == ["Politics", "World » Ukraine"]

    changed = digest("update", "ana@example.org", "--all-sections", "--confirmed", "--json").data
    assert changed["subscriptions"][0]["sections"] is None
    assert changed["subscriptions"][0]["status"] == "active"
    assert changed["subscriptions"][0]["consent"] == "command line"

    moved = digest(
        "update",
        "ana@example.org",
        "--email",
        "a@b.org",
        "--name",
        "",
        "--section",
        "Sports",
        "--json",
    ).data
    assert (moved["id"], moved["email"], moved["name"]) == (made["id"], "a@b.org", "")
    assert moved["language"] == "bg"
    assert moved["subscriptions"][0]["sections"] == ["Sports"]

    assert digest("unsubscribe", "a@b.org", "--json").data["ended"] == ["morning"]
    again = digest("unsubscribe", "A@b.org", "--json")
    assert (again.status, again.data["ended"]) == (0, [])
    assert again.data["subscriptions"][0]["status"] == "unsubscribed"

    erased = digest("erase", "a@b.org", "--json").data
    assert erased == {"erased": "a@b.org", "deliveries_skipped": 0, "suppression_kept": False}
    gone = digest("show", "a@b.org")
    assert (gone.status, gone.out) == (2, "")
    assert gone.err == (
        "digest: Nobody is subscribed as a@b.org: `digest subscribers list` shows who is.\n"
    )


def test_a_person_reads_lines(digest):
    assert digest("add", *ANA, "--confirmed").out.splitlines()[0] == "address   Ana@example.org"
    digest("add", "b@example.org")
    assert digest("list").out.splitlines() == [
        "Ana@example.org  Ана  morning (active)",
        "b@example.org         morning (pending)",
    ]
    assert "morning   active, Politics; World » Ukraine" in digest("show", "ana@example.org").out
    assert digest("list", "--limit", "1").out.splitlines()[1] == "… and 1 more (--limit shows them)"
    assert digest("list", "--status", "unsubscribed").out == "nobody\n"
    assert digest("unsubscribe", "b@example.org").out == "b@example.org left morning\n"


def test_a_list_is_one_document(digest):
    digest("add", "a@b.org", "--confirmed")
    digest("add", "c@d.org")
    told = digest("list", "--newsletter", "morning", "--status", "active", "--json").data
    assert [person["email"] for person in told["subscribers"]] == ["a@b.org"]
    assert told["total"] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["add", "nobody"], "is no e-mail address"),
        (["add", "a@b.org\nBcc: c@d.org"], "is no e-mail address"),
        (["add", "a@b.org", "--newsletter", "noon"], 'No newsletter is called "noon"'),
        (["add", "a@b.org", "--section", "Cooking"], 'has no section "Cooking": choose from'),
        (["add", "a@b.org", "--timezone", "Sofia"], '"Sofia" is no time zone'),
        (["add", "a@b.org", "--language", "x"], '"x" is no language'),
        (["update", "a@b.org"], "nothing to change: give --name"),
        (["update", "a@b.org", "--all-sections", "--section", "World"], "say two things: give one"),
        (["update", "a@b.org", "--name", "A"], "Nobody is subscribed as a@b.org"),
        (["erase", "a@b.org"], "Nobody is subscribed as a@b.org"),
        (["list", "--newsletter", "noon"], 'No newsletter is called "noon"'),
        (["list", "--status", "asleep"], "'asleep' is not one of 'pending', 'active'"),
        (["import", "none.csv"], "none.csv cannot be read (No such file or directory)"),
        (["import", "none.csv", "--confirmed"], "--confirmed and --consent-note go together"),
        (["import", "none.csv", "--consent-note", "x"], "--confirmed and --consent-note go"),
        (["import", "none.csv", "--newsletter", "noon"], 'No newsletter is called "noon"'),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_mistake_is_told_with_status_2(digest, arguments: list[str], told: str):
    answer = digest(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert told in answer.err
    assert "Traceback" not in answer.err


def test_a_file_is_imported_and_exported(digest, tmp_path: Path):
    given, made = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text("Email,Name,Phone\na@b.org,=1+1,5\nbad,,\n", encoding="utf-8")
    note = ["--confirmed", "--consent-note", "old site"]
    answer = digest("import", str(given), *note, "--json")
    assert (answer.status, answer.err) == (1, "columns ignored: phone\n")
    told = answer.data
    assert told["rejected"][0].keys() == {"line", "email", "reason"}
    assert (told["read"], told["added"], told["updated"], told["unchanged"]) == (2, 1, 0, 0)
    assert told["ignored_columns"] == ["phone"]

    lines = digest("import", str(given)).out.splitlines()
    assert lines[0] == "read 2: added 0, updated 0, unchanged 1, rejected 1"
    assert lines[1].startswith('  line 3: "bad" is no e-mail address')

    printed = digest("export").out
    assert printed.replace("\r\n", "\n") == (
        "email,name,newsletters,sections,timezone,language\na@b.org,'=1+1,morning,,,\n"
    )
    assert digest("export", "-o", str(made)).out == ""
    assert made.read_bytes().decode().replace("\r\n", "\n") == printed.replace("\r\n", "\n")
    assert digest("import", str(made), "--json").data["unchanged"] == 1

    answer = digest("export", "-o", str(tmp_path / "none" / "out.csv"))
    assert (answer.status, "cannot be written" in answer.err) == (1, True)


def test_a_long_list_of_rejections_is_cut_for_a_person(digest, tmp_path: Path):
    (tmp_path / "in.csv").write_text("email\n" + "bad\n" * 25, encoding="utf-8")
    lines = digest("import", str(tmp_path / "in.csv")).out.splitlines()
    assert len(lines) == 22
    assert lines[-1] == "  … and 5 more (--json lists them)"


def test_suppressions_at_the_command_line(digest):
    digest("add", "a@b.org")
    answer = digest.suppressions("add", "A@b.org", "c@d.org", "--note", "asked by phone", "--json")
    assert answer.data == {"added": ["A@b.org", "c@d.org"], "unchanged": 0}
    assert digest.suppressions("add", "a@b.org").out == "suppressed 0, already suppressed 1\n"
    told = digest.suppressions("list", "--json").data["suppressions"]
    assert [(row["email"], row["reason"], row["note"]) for row in told] == [
        ("a@b.org", "manual", "asked by phone"),
        ("c@d.org", "manual", "asked by phone"),
    ]
    assert digest("show", "a@b.org", "--json").data["suppressed"] == "manual"
    assert "the address stays suppressed" in digest("erase", "a@b.org").out
    assert digest("add", "a@b.org").status == 2
    assert digest.suppressions("remove", "a@b.org").out == "no longer suppressed: a@b.org\n"
    assert digest("add", "a@b.org").status == 0
    answer = digest.suppressions("remove", "c@d.org", "a@b.org")
    assert (answer.status, "a@b.org is not suppressed" in answer.err) == (2, True)
    # One that is not suppressed leaves the others as they were.
    assert "c@d.org" in digest.suppressions("list").out
