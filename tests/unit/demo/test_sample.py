"""The sample day keeps its promises: what the demonstration shows is what is in these files."""

import csv
import json
import unicodedata
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.config import load_settings
from digest.demo.sample import ARTICLE_FILES, EDITION_DATE, MORNING, stories, unpack
from digest.sections import is_within, section_key
from digest.text import clean_text

OLD = "courier-old-fire"
LATE = "courier-marathon-late"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    unpack(tmp_path / "day")
    return tmp_path / "day"


@pytest.fixture
def articles(sample: Path) -> dict[str, dict[str, Any]]:
    lines = (sample / "articles.jsonl").read_text(encoding="utf-8").splitlines()
    read = [json.loads(line) for line in lines]
    assert len({article["id"] for article in read}) == len(read)
    assert len({article["url"] for article in read}) == len(read)
    return {article["id"]: article for article in read}


def test_articles_fill_six_sections(sample: Path, articles: dict[str, dict[str, Any]]):
    newsletter = load_settings(sample / "digest.toml").newsletter("morning")
    per_section = Counter(
        heading
        for article in articles.values()
        for heading in newsletter.section_keys
        if is_within(section_key(article["section"]), heading)
    )
    assert per_section == {
        "politics": 9,
        "business": 11,
        "world": 22,
        "society": 11,
        "sports": 10,
        "култура": 7,
    }
    assert per_section.total() == len(articles) == 70


def test_one_article_is_too_old_and_one_too_late(sample: Path, articles: dict[str, dict[str, Any]]):
    newsletter = load_settings(sample / "digest.toml").newsletter("morning")
    published = {key: datetime.fromisoformat(a["published"]) for key, a in articles.items()}
    assert {key for key, when in published.items() if when < MORNING - newsletter.max_age} == {OLD}
    assert {key for key, when in published.items() if when > MORNING} == {LATE}
    others = [when for key, when in published.items() if key not in {OLD, LATE}]
    assert min(others) >= MORNING - timedelta(hours=24)


def test_the_morning_is_the_cut_off_of_the_configuration(sample: Path):
    settings = load_settings(sample / "digest.toml")
    newsletter = settings.newsletter("morning")
    cutoff = datetime.combine(EDITION_DATE, newsletter.send_at, settings.zone(newsletter))
    assert cutoff == MORNING


def test_eight_stories_of_two_to_five_articles(articles: dict[str, dict[str, Any]]):
    told = stories()
    assert sorted(map(len, told.values())) == [2, 3, 3, 3, 3, 3, 4, 5]
    members = [member for story in told.values() for member in story]
    assert len(members) == len(set(members))
    assert set(members) <= set(articles) - {OLD, LATE}


def test_a_correction_follows_the_article_that_it_corrects(articles: dict[str, dict[str, Any]]):
    wrong, right = articles["courier-dairy-takeover"], articles["courier-dairy-correction"]
    assert right["title"].startswith("CORRECTION: ")
    assert "310 million" in right["title"]
    assert "130 million" in wrong["title"]
    assert right["published"] > wrong["published"]
    assert {wrong["id"], right["id"]} <= set(stories()["dairy"])


def test_a_piece_came_twice_with_a_few_words_changed(articles: dict[str, dict[str, Any]]):
    first, again = articles["courier-typhoon-toll"], articles["courier-typhoon-update"]
    words, changed = set(first["body"].split()), set(again["body"].split())
    assert first["url"] != again["url"]
    assert len(words - changed) < len(words) / 10


def test_every_article_is_complete(articles: dict[str, dict[str, Any]]):
    for article in articles.values():
        assert article["title"]
        assert article["teaser"]
        assert article["language"] == ("bg" if article["section"] == "Култура" else "en")
        assert "  " not in article["body"]
        if article["authors"]:  # briefs are unsigned
            assert 500 <= len(article["body"]) <= 1200, article["id"]
            assert 2 <= len(article["body"].split("\n\n")) <= 4, article["id"]


def test_pictures_are_there_with_words_for_those_who_do_not_see_them(
    sample: Path, articles: dict[str, dict[str, Any]]
):
    shown = [article["image"] for article in articles.values() if "image" in article]
    assert len(shown) == 20
    base, _, _ = shown[0]["url"].rpartition("/")
    assert base == "http://127.0.0.1:8080/demo-images"
    assert all(image["alt"] and image["caption"] for image in shown)
    files = {path.name: path.read_bytes() for path in (sample / "images").iterdir()}
    assert {image["url"] for image in shown} == {f"{base}/{name}" for name in files}
    for content in files.values():
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert len(content) < 30_000
        assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (1280, 640)


def test_readers_differ(sample: Path):
    newsletter = load_settings(sample / "digest.toml").newsletter("morning")
    with (sample / "subscribers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["email"].casefold() for row in rows}) == 25
    assert len({row["sections"] for row in rows}) > 12
    assert len({row["language"] for row in rows}) > 12
    chosen = [path for row in rows for path in row["sections"].split(";") if path]
    for path in chosen:
        assert any(is_within(section_key(path), heading) for heading in newsletter.section_keys)
    assert any("+" in row["email"] for row in rows)
    assert any(not row["email"].isascii() for row in rows)
    reserved = ("example.org", "example.net", "example.com", ".example")
    assert all(row["email"].endswith(reserved) for row in rows)


def test_all_text_is_clean_and_composed(sample: Path):
    for name in [*ARTICLE_FILES, "subscribers.csv", "digest.toml", "stories.json"]:
        text = (sample / name).read_text(encoding="utf-8")
        assert unicodedata.is_normalized("NFC", text), name
        assert clean_text(text) == text, name
