"""The editor's commands on both databases: what they say and do, and what mistakes lead to."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.cli import main
from digest.store import Store
from tests.articles import put
from tests.audience import address, subscribe
from tests.smtp import SmtpServer

ALIKE = (
    "Parliament passes the budget after a night sitting",
    "After a night sitting parliament passes the budget",
    "Night sitting: the budget passes in parliament",
)


@dataclass
class Desk:
    """`digest` in a folder, called in this process; gives its exit status, output and messages."""

    run: Callable[..., tuple[int, str, str]]

    def __call__(self, *arguments: str) -> str:
        status, out, err = self.run(*arguments)
        assert status == 0, err
        return out

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def desk(folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch, capsys) -> Desk:
    """A desk with three articles of one story, numbered 1 to 3, and a fourth."""
    for title in (*ALIKE, "Ferries sail again"):
        put(store, title, datetime.now(UTC) - timedelta(days=1))
    monkeypatch.chdir(folder)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["digest", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return int(end.value.code or 0), captured.out, captured.err

    return Desk(run)


@pytest.fixture
def reader(store: Store, server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who gets editions, and a server that takes them."""
    subscribe(store, address(1))
    monkeypatch.setenv("DIGEST_SMTP__PORT", str(server.port))


def stories(built) -> list[list[int]]:
    (section,) = built["sections"]
    return [sorted(story["articles"]) for story in section["stories"]]


def test_articles_are_kept_together_by_any_of_their_names(desk: Desk, folder: Path):
    storm = {"id": "n7", "url": "https://news.example.org/storm?page=2", "title": "Storm warning"}
    when = (datetime.now(UTC) - timedelta(hours=23)).isoformat()
    line = json.dumps({**storm, "published": when, "section": "World"})
    (folder / "storm.jsonl").write_text(line, encoding="utf-8")
    desk("articles", "import", "storm.jsonl")
    address = "https://News.Example.org/storm?page=2&utm_source=desk"
    kept = desk.json("stories", "keep-together", address, "2")
    assert (kept["kept"], kept["added"], kept["editions"]) == ("together", [[2, 5]], [])
    assert "no longer together" in desk("stories", "keep-apart", "2", "n7")
    assert desk("stories", "forget", "n7").splitlines() == [
        f"      2  {ALIKE[1]}",
        "      5  Storm warning",
        "2 and 5: no longer kept together or apart",
    ]


def test_pins_and_hides(desk: Desk):
    desk("articles", "pin", "4", "--newsletter", "morning")
    desk("articles", "hide", "2", "--note", "the lawyer reads it")
    built = desk.json("editions", "build", "morning")
    assert stories(built)[0] == [4]
    assert [(row["article"], row["reason"]) for row in built["excluded"]] == [
        (2, "hidden by the editor")
    ]
    assert "not in edition 1: hidden by the editor" in desk("editions", "why", "1", "2")
    listed = desk.json("articles", "list", "--marked")["articles"]
    assert {row["id"]: row["marks"] for row in listed} == {
        4: [{"mark": "pinned", "newsletter": "morning", "note": ""}],
        2: [{"mark": "hidden", "newsletter": None, "note": "the lawyer reads it"}],
    }
    shown = desk("articles", "list")
    assert "Ferries sail again  [pinned in morning]" in shown
    assert f"{ALIKE[1]}  [hidden]" in shown
    assert "no longer hidden" in desk("articles", "pin", "2")
    desk("articles", "hide", "2")
    idle = desk("articles", "pin", "2", "--newsletter", "morning")
    but = "but it will not come in morning (hidden: digest articles unhide 2)"
    assert idle.splitlines()[1:] == [f"2: pinned in morning from now on, {but}"]
    assert "no longer pinned; its pin in morning has no effect as long as" in (
        desk("articles", "pin", "2") + desk("articles", "hide", "2")
    )
    assert "--rebuild" in desk("articles", "unhide", "2")
    desk("articles", "unpin", "4", "2")
    assert desk.json("articles", "list", "--marked")["articles"] == []


@pytest.mark.usefixtures("reader")
def test_a_pin_without_effect_says_why_and_proposes_no_rebuilding(desk: Desk, store: Store):
    now = datetime.now(UTC)
    old = str(put(store, "Long ago", now - timedelta(days=5)))
    stars = str(put(store, "Scorpio, stay in bed", now - timedelta(days=1), "Horoscopes"))
    assert "older than max_age (48 hours) at its cut-off of" in desk("articles", "pin", old)
    assert "any newsletter (none has the article's section)" in desk("articles", "pin", stars)
    told = desk.json("articles", "pin", stars, "--newsletter", "morning")["obstacles"]
    assert [(row["article"], row["newsletter"]) for row in told] == [(int(stars), "morning")]
    desk("editions", "build", "morning")
    assert "--rebuild" in desk("articles", "pin", "4")
    desk("editions", "send", "1")
    said = desk("articles", "pin", "3").splitlines()
    assert len(said) == 2
    assert "will not come in morning (it comes once, and is in edition 1 of" in said[1]
    assert "already, but it will not come" in desk("articles", "pin", "3")


@pytest.mark.usefixtures("reader")
def test_an_edition_that_is_no_draft_stays_as_it_is(desk: Desk):
    desk("editions", "build", "morning")
    desk("editions", "send", "1")
    assert "is sent and stays as it is" in desk("articles", "hide", "4")


def test_an_edition_goes_to_nobody_only_by_mistake_and_stays_a_draft(desk: Desk, tmp_path: Path):
    desk("editions", "build", "morning")
    status, _, said = desk.run("editions", "send", "1")
    assert (status, "`digest subscribers add` or `import` some" in said) == (2, True)
    people = tmp_path / "readers.csv"
    people.write_text("email\nana@example.org\nben@example.org\n")
    desk("subscribers", "import", str(people))
    status, _, said = desk.run("editions", "send", "1")
    assert (status, "2 are pending" in said, "again with --confirmed" in said) == (2, True, True)
    assert "its audience is not written yet" in desk("editions", "show", "1")
    assert desk.json("editions", "show", "1")["status"] == "draft"
    desk("subscribers", "import", str(people), "--confirmed", "--consent-note", "a form")
    assert desk.json("subscribers", "list", "--status", "active")["total"] == 2


@pytest.mark.usefixtures("hurried")
def test_a_server_that_is_down_is_said_with_what_goes_on(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
):
    subscribe(store, address(1))
    monkeypatch.setenv("DIGEST_SMTP__PORT", "1")
    desk("editions", "build", "morning")
    status, _, said = desk.run("editions", "send", "1")
    assert (status, "edition 1 waits: `digest run` tries again, or send it" in said) == (1, True)
    assert "127.0.0.1:1 cannot be reached" in said.splitlines()[-1]
    assert "cannot be reached" in desk("editions", "show", "1")


@pytest.mark.usefixtures("reader")
def test_a_new_key_beside_mails_that_were_sent_is_told(desk: Desk, folder: Path):
    (folder / "secret.key").unlink()
    assert desk.run("init")[2] == ""
    desk("editions", "build", "morning")
    desk("editions", "send", "1")
    (folder / "secret.key").unlink()
    status, _, said = desk.run("init")
    assert (status, "links in mails sent before need the old key" in said) == (0, True)


MISTAKES = [
    (["stories", "keep-apart", "1", "77"], "no article 77"),
    (["stories", "keep-apart", "1"], "two different articles"),
    (["stories", "keep-together", "1", "1"], "two different articles"),
    (["stories", "keep-apart", "1", "3"], "while 1 with 2 and 2 with 3 are together"),
    (["stories", "forget", "4"], "Nothing is kept about 4"),
    (["stories", "forget"], "Missing argument"),
    (["articles", "pin", "\udcff"], "There is no article"),
    (["articles", "pin", "1", "--newsletter", "evening"], 'No newsletter is called "evening"'),
    (["articles", "unpin", "1"], "1 is not pinned anywhere"),
    (["articles", "unhide", "1", "--newsletter", "morning"], "not hidden in morning"),
]


def test_mistakes_are_said_in_words_and_change_nothing(desk: Desk):
    desk("stories", "keep-together", "1", "2")
    desk("stories", "keep-together", "2", "3")
    for arguments, said in MISTAKES:
        status, out, err = desk.run(*arguments)
        assert (status, out) == (2, "")
        assert said in " ".join(err.split())
    assert len(desk.json("stories", "constraints")["constraints"]) == 2
    assert desk.json("articles", "list", "--marked")["articles"] == []
