"""`digest articles` and `digest feeds` as a person or a script calls them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ingest"


def digest(
    folder: Path, *arguments: str, stdin: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from digest.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, input=stdin, capture_output=True, check=False)


def told(done: subprocess.CompletedProcess[bytes]) -> Any:
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_a_page_comes_in_once_and_is_listed(folder: Path):
    page = str(FIXTURES / "page.txt")
    first = told(digest(folder, "articles", "import", page, "--json"))
    again = told(digest(folder, "articles", "import", "-", "--json", stdin=Path(page).read_bytes()))
    assert (first["read"], first["added"], first["rejected"]) == (4, 4, [])
    assert (again["read"], again["unchanged"]) == (4, 4)
    rows = told(
        digest(folder, "articles", "list", "--date", "2026-03-02", "--section", "world", "--json")
    )["articles"]
    assert [row["title"].split()[0] for row in rows] == ["River", "Gauge"]
    assert rows[0]["section"] == "World » DANUBE"
    assert rows[0]["published"] == "2026-03-02T12:05:00+00:00"
    shown = digest(folder, "articles", "list", "--limit", "1")
    assert "2026-03-02 14:05" in shown.stdout.decode()


def test_what_is_rejected_is_said_and_the_rest_goes_in(folder: Path):
    (folder / "a.jsonl").write_text(
        '{"title": "T", "published": "2026-03-02"}\n{"title": "T2", "publ', encoding="utf-8"
    )
    done = digest(folder, "articles", "import", "a.jsonl", "none.txt", "--section", "Weather")
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 1
    assert lines[0] == "2 read: 1 added, 0 updated, 0 unchanged, 1 rejected"
    assert lines[1].startswith("  a.jsonl:2: this is no JSON object, or only a part of one")
    assert "none.txt: the file cannot be read" in lines[2]
    assert lines[3] == "sections nobody declared: Weather"
    assert b"Traceback" not in done.stderr


def test_a_feeds_file_is_filed_by_its_categories(folder: Path):
    digest(folder, "articles", "import", str(FIXTURES / "feed.rss"))
    rows = told(digest(folder, "articles", "list", "--json"))["articles"]
    sections = {row["title"].split()[0]: row["section"] for row in rows}
    assert sections["A"] == "Sports"  # declared, however the category is written


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--limit", "99999999999999999999"), b"1000000"),
        (("--date", "9999-12-31"), b"is no day of news"),
        (("--date", "0001-01-01"), b"is no day of news"),
        (("--date", "yesterday"), b'--date: "yesterday" is no date: write it like 2026-03-03'),
    ],
)
def test_absurd_questions_are_answered_in_words(folder: Path, arguments: list[str], why: bytes):
    done = digest(folder, "articles", "list", *arguments)
    assert done.returncode == 2
    assert why in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_no_article(folder: Path):
    done = digest(folder, "articles", "import", "none.txt", str(folder))
    assert done.returncode == 2
    assert done.stdout.decode().startswith("0 read: 0 added, 0 updated, 0 unchanged, 0 rejected\n")
    report = json.loads(digest(folder, "articles", "import", "none.txt", "--json").stdout)
    assert report["read"] == 0
    assert report["rejected"][0]["source"] == "none.txt"


def test_articles_without_section_are_in_none_that_could_be_asked_for(folder: Path):
    line = '{"title": "T", "published": "2026-03-02T10:00:00+02:00"}'
    (folder / "bare.jsonl").write_text(line, encoding="utf-8")
    digest(folder, "articles", "import", "bare.jsonl")
    done = digest(folder, "articles", "list", "--section", "Nope")
    assert b"choose from ," not in done.stderr


@pytest.mark.parametrize("section", ["Nope", "\udcff", "", "Worl", "World » Danube » Locks"])
def test_a_section_that_is_not_there_is_said_and_those_that_are(folder: Path, section: str):
    digest(folder, "articles", "import", str(FIXTURES / "page.txt"))
    done = digest(folder, "articles", "list", "--section", section)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"There is no section" in done.stderr
    assert ", World » DANUBE, World » Ukraine.".encode() in done.stderr
    declared = digest(folder, "articles", "list", "--section", "world»ukraine")
    assert (declared.returncode, declared.stdout, declared.stderr) == (0, b"", b"")


def test_a_feed_is_tried_without_a_configuration(tmp_path: Path):
    shown = told(digest(tmp_path, "feeds", "parse", str(FIXTURES / "feed.rss"), "--json"))
    assert shown["title"] == "The Courier: World"
    assert len(shown["articles"]) == 4
    gauge = next(article for article in shown["articles"] if article["id"] == "g1")
    assert gauge["section"] == "World » Danube"
    assert gauge["tags"] == ["floods"]
    assert gauge["published"] == "2026-03-02T08:00:00+00:00"
    assert gauge["body"] == "The river rose.\n\nIt may rise again."


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("feeds", "parse", "none.rss"), 2, "cannot be read"),
        (("feeds", "parse", "page.html"), 1, "a web page, not a feed"),
        (("feeds", "opml", "page.html"), 2, "it is no XML"),
    ],
)
def test_what_is_no_feed_is_said_in_words(
    tmp_path: Path, arguments: tuple[str, ...], status: int, words: str
):
    (tmp_path / "page.html").write_text("<!doctype html><p>Down", encoding="utf-8")
    done = digest(tmp_path, *arguments)
    assert done.returncode == status
    assert words in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_feeds_are_listed_and_fetched_with_what_befell_them(folder: Path):
    with (folder / "digest.toml").open("a", encoding="utf-8") as config:
        config.write('[[feeds]]\nslug = "down"\nurl = "http://127.0.0.1:9/feed"\n')
    done = digest(folder, "feeds", "fetch", "--json")
    (outcome,) = json.loads(done.stdout)["feeds"]
    assert done.returncode == 1
    assert (outcome["slug"], outcome["status"], outcome["added"]) == ("down", "failed", 0)
    assert "cannot be fetched" in outcome["error"]
    assert told(digest(folder, "feeds", "fetch", "--json")) == {"feeds": []}
    (row,) = told(digest(folder, "feeds", "list", "--json"))["feeds"]
    assert row["failures"] == 1
    assert b"no feed is due yet" in digest(folder, "feeds", "fetch").stdout
    (line,) = digest(folder, "feeds", "list").stdout.decode().splitlines()
    assert line.startswith("down  http://127.0.0.1:9/feed  ")
    assert re.search(r"  due 20\d\d-\d\d-\d\d \d\d:\d\d UTC$", line)
    assert digest(folder, "feeds", "fetch", "up").returncode == 2


def test_a_list_of_feeds_becomes_configuration(tmp_path: Path):
    (tmp_path / "f.opml").write_text(
        '<opml><body><outline text="A" xmlUrl="https://a.example/f"/></body></opml>',
        encoding="utf-8",
    )
    shown = digest(tmp_path, "feeds", "opml", "f.opml").stdout.decode()
    assert shown.splitlines()[:3] == [
        "[[feeds]]", 'slug = "a"', 'url = "https://a.example/f"',
    ]  # fmt: skip
