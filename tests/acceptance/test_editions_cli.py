"""`digest editions` as the desk types it: on its own mistakes, too."""

import json
import math
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from digest.store import Store
from tests.acceptance.conftest import Program
from tests.articles import put
from tests.conftest import CONFIG

# What the databases are asked is tested on both elsewhere.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def desk(program: Program, database_url: str) -> Program:
    """A desk with an article of an hour ago and one of last week."""
    program.configure(CONFIG.format(url=database_url))
    (program.folder / "secret.key").write_text("a key for tests, forty characters long..")
    now = datetime.now(UTC)
    with closing(Store(database_url)) as store:
        put(store, "Ferries sail again", now - timedelta(days=1))
        put(store, "Long ago", now - timedelta(days=7))
    return program


def test_build_show_why_render_and_cancel(desk: Program):
    built = desk.json("editions", "build", "morning")
    assert [row["reason"] for row in built["excluded"]] == ["too old"]
    (section,) = built["sections"]
    (story,) = section["stories"]
    assert (section["section"], story["headline"]) == ("World", "Ferries sail again")
    number = str(built["id"])
    shown = desk("editions", "show", number)
    assert "1 left out:" in shown
    assert "too old: Long ago" in shown
    assert "lead of its story" in desk("editions", "why", number, str(story["lead"]))
    why = desk.json("editions", "why", number, str(story["lead"]))
    assert why["score"] == math.prod(reason["times"] for reason in why["reasons"])
    assert why["rank"] == {"place": 1, "stories": 1, "section_place": 1, "section_stories": 1}
    for ending in ("html", "txt", "eml"):
        facts = desk.json("editions", "render", number, "-o", f"mail.{ending}")
        assert facts["bytes"] == (desk.folder / f"mail.{ending}").stat().st_size
    desk("editions", "cancel", number)
    again = desk.run("editions", "build", "morning")
    assert "was cancelled" in again.stderr
    refused = desk.run("editions", "build", "morning", "--rebuild")
    assert refused.returncode == 1
    assert "come in that of another day: `digest editions build morning --date D`" in refused.stderr


def test_why_knows_an_article_by_its_publishers_id_and_its_address(desk: Program):
    article = {
        "id": "2026/77",
        "url": "https://news.example.org/@sea/harbour-opens",
        "title": "Harbour opens",
        "published": (datetime.now(UTC) - timedelta(days=1)).isoformat(),
        "section": "World",
    }
    (desk.folder / "more.jsonl").write_text(json.dumps(article))
    desk("articles", "import", "more.jsonl")
    number = str(desk.json("editions", "build", "morning")["id"])
    for name in (article["id"], article["url"], f"{article['url']}?utm_source=mail"):
        why = desk.json("editions", "why", number, name)
        assert (why["title"], why["included"]) == ("Harbour opens", True)


def test_a_number_that_is_another_articles_id_is_said_to_be_taken_for_a_number(desk: Program):
    when = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    article = {"id": "1", "title": "Harbour opens", "published": when, "section": "World"}
    (desk.folder / "more.jsonl").write_text(json.dumps(article))
    desk("articles", "import", "more.jsonl")
    rows = desk.json("articles", "list")["articles"]
    (other,) = (row["id"] for row in rows if row["title"] == "Harbour opens")
    done = desk.run("articles", "hide", "1")
    assert done.returncode == 0
    assert "1  Harbour opens" not in done.stdout
    assert f"1 is taken for a number; it is also the id of article {other}" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["test-send", "1", "--to", "bad"], "bad"),
        (["build", "morning", "--date", "2999-01-01"], "more than 7 days ahead"),
        (["build", "morning", "--date", "soon"], '--date: "soon" is no date: write it like'),
        (["build", "evening"], 'No newsletter is called "evening"'),
        (["show", "77"], "no edition 77"),
        (["show", "x"], '"x" is no edition: `digest editions list`'),
        (["why", "1", "https://elsewhere.example/@me"], "no article https://elsewhere.example/@me"),
        (["render", "1", "-o", "mail.doc"], ".html, .txt or .eml"),
        (["send", "77"], "no edition 77"),
    ],
)
def test_a_mistake_is_said_in_words(desk: Program, arguments: list[str], said: str):
    desk.json("editions", "build", "morning")
    done = desk.run("editions", *arguments)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
