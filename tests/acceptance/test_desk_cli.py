"""What an editor types: articles kept together and apart, pinned, hidden; and their mistakes."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from digest.store import Store
from tests.acceptance.conftest import Program
from tests.articles import put
from tests.conftest import CONFIG

ALIKE = (
    "Parliament passes the budget after a night sitting",
    "After a night sitting parliament passes the budget",
    "Night sitting: the budget passes in parliament",
)


@pytest.fixture
def desk(program: Program, database_url: str) -> Program:
    """A desk with three articles of one story, numbered 1 to 3, and a fourth."""
    program.configure(CONFIG.format(url=database_url))
    (program.folder / "secret.key").write_text("a key for tests, forty characters long..")
    now = datetime.now(UTC)
    with closing(Store(database_url)) as store:
        for title in (*ALIKE, "Ferries sail again"):
            put(store, title, now - timedelta(days=1))
    return program


def stories(built) -> list[list[int]]:
    (section,) = built["sections"]
    return [sorted(story["articles"]) for story in section["stories"]]


def test_a_split_is_kept_and_taken_back(desk: Program):
    draft = desk.json("editions", "build", "morning")
    assert sorted(stories(draft)) == [[1, 2, 3], [4]]
    said = desk("stories", "keep-apart", "3", "1", "--note", "two sittings")
    again = f"digest editions build morning --date {draft['date']} --rebuild"
    assert said.splitlines() == [
        "1 and 3: kept apart from now on",
        f"edition 1, morning of {draft['date']}, is composed already: {again}",
    ]
    anew = stories(desk.json(*again.split()[1:]))
    assert not any({1, 3} <= set(story) for story in anew)
    assert desk("stories", "keep-apart", "1", "3") == "1 and 3: kept apart already\n"
    (kept,) = desk.json("stories", "constraints")["constraints"]
    assert (kept["kind"], kept["first"], kept["second"]) == ("apart", 1, 3)
    assert (kept["first_title"], kept["note"]) == (ALIKE[0], "two sittings")
    assert "two sittings" in desk("stories", "constraints")
    assert desk.json("stories", "forget", "1")["forgotten"] == [[1, 3]]
    assert desk("stories", "constraints") == "none\n"
    assert sorted(stories(desk.json(*again.split()[1:]))) == [[1, 2, 3], [4]]


def test_articles_are_kept_together_by_any_of_their_names(desk: Program):
    storm = {"id": "n7", "url": "https://news.example.org/storm?page=2", "title": "Storm warning"}
    when = (datetime.now(UTC) - timedelta(hours=23)).isoformat()
    line = json.dumps({**storm, "published": when, "section": "World"})
    desk("articles", "import", "-", input=line)
    address = "https://News.Example.org/storm?page=2&utm_source=desk"
    kept = desk.json("stories", "keep-together", address, "2")
    assert (kept["kept"], kept["added"], kept["editions"]) == ("together", [[2, 5]], [])
    assert "no longer together" in desk("stories", "keep-apart", "2", "n7")


def test_pins_and_hides(desk: Program):
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
    assert "hidden as well" in desk("articles", "hide", "2") + desk(
        "articles", "pin", "2", "--newsletter", "morning"
    )
    assert "--rebuild" in desk("articles", "unhide", "2")
    desk("articles", "unpin", "4", "2")
    assert desk.json("articles", "list", "--marked")["articles"] == []


def test_an_edition_that_is_no_draft_stays_as_it_is(desk: Program):
    desk("editions", "build", "morning")
    desk("editions", "send", "1")
    assert "is sent and stays as it is" in desk("articles", "hide", "4")


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


def test_mistakes_are_said_in_words_and_change_nothing(desk: Program):
    desk("stories", "keep-together", "1", "2")
    desk("stories", "keep-together", "2", "3")
    for arguments, said in MISTAKES:
        done = desk.run(*arguments)
        assert done.returncode == 2
        assert said in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
    assert len(desk.json("stories", "constraints")["constraints"]) == 2
    assert desk.json("articles", "list", "--marked")["articles"] == []


def test_a_file_is_grouped_as_a_file_of_constraints_wants(program: Program):
    lines = [json.dumps({"id": number, "title": title}) for number, title in enumerate(ALIKE)]
    (program.folder / "day.jsonl").write_text("\n".join(lines), encoding="utf-8")
    kept = program.folder / "kept.jsonl"
    kept.write_text('{"apart": [0, 2]}\n{"together": [1, 2]}\n{"apart": [0, "gone"]}\n')
    out = program("stories", "group", "day.jsonl", "--constraints", "kept.jsonl")
    assert [json.loads(line)["cluster"] for line in out.splitlines()] == [0, 1, 1]
    kept.write_text('{"apart": 3}')
    done = program.run("stories", "group", "day.jsonl", "--constraints", "kept.jsonl")
    assert done.returncode == 2
    assert done.stderr.startswith("digest: kept.jsonl, line 1: no constraint on two different")
    assert done.stdout == ""
