"""What an editor types holds in other processes, and in a file of constraints."""

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
        f"      3  {ALIKE[2]}",
        f"      1  {ALIKE[0]}",
        "1 and 3: kept apart from now on",
        f"edition 1, morning of {draft['date']}, is composed already: {again}",
    ]
    anew = stories(desk.json(*again.split()[1:]))
    assert not any({1, 3} <= set(story) for story in anew)
    already = desk("stories", "keep-apart", "1", "3").splitlines()
    assert already[2:] == ["1 and 3: kept apart already"]
    (kept,) = desk.json("stories", "constraints")["constraints"]
    assert (kept["kind"], kept["first"], kept["second"]) == ("apart", 1, 3)
    assert (kept["first_title"], kept["note"]) == (ALIKE[0], "two sittings")
    assert "two sittings" in desk("stories", "constraints")
    forgotten = desk.json("stories", "forget", "1")
    assert forgotten["forgotten"] == [[1, 3]]
    assert forgotten["articles"] == [{"id": 1, "title": ALIKE[0]}, {"id": 3, "title": ALIKE[2]}]
    assert desk("stories", "constraints") == "none\n"
    assert sorted(stories(desk.json(*again.split()[1:]))) == [[1, 2, 3], [4]]


def test_a_file_is_grouped_as_a_file_of_constraints_wants(program: Program):
    lines = [json.dumps({"id": number, "title": title}) for number, title in enumerate(ALIKE)]
    (program.folder / "day.jsonl").write_text("\n".join(lines), encoding="utf-8")
    kept = program.folder / "kept.jsonl"
    kept.write_text('{"apart": [0, 2]}\n{"together": [1, 2]}\n{"apart": [0, "gone"]}\n')
    done = program.run("stories", "group", "day.jsonl", "--constraints", "kept.jsonl")
    assert [json.loads(line)["cluster"] for line in done.stdout.splitlines()] == [0, 1, 1]
    assert done.returncode == 1
    assert "kept.jsonl: no article gone is in the files read" in done.stderr
    kept.write_text('{"apart": 3}\n{"apart": [0, 2]}\n{"together": [1, 2]}\n')
    done = program.run("stories", "group", "day.jsonl", "--constraints", "kept.jsonl")
    assert done.returncode == 1
    assert done.stderr.startswith("kept.jsonl:1: no constraint on two different")
    assert [json.loads(line)["cluster"] for line in done.stdout.splitlines()] == [0, 1, 1]
