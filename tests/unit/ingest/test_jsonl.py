"""JSON Lines: a bad line is reported with its number and reason, the others go in."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.ingest.incoming import Incoming, Rejection
from digest.ingest.jsonl import parse_jsonl

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
GOOD: dict[str, Any] = {"title": "T", "published": "2026-03-02T10:00:00+02:00"}


def parse(*lines: str | ValueError) -> list[Incoming | Rejection]:
    return list(parse_jsonl(enumerate(lines, 1), ZoneInfo("Europe/Sofia"), NOW, "a.jsonl"))


def one(**fields: object) -> Incoming | Rejection:
    (found,) = parse(json.dumps({**GOOD, **fields}))
    return found


def test_every_field_comes_through():
    article = one(
        id=7,
        url="https://example.org/a?utm_medium=x",
        teaser="A <b>teaser</b>",
        body="First.\n\nSecond.",
        section="World » Ukraine",
        tags=["a", "A", "b"],
        authors=["Ana"],
        image={"url": "https://example.org/i.jpg", "alt": "alt", "caption": "cap"},
        language="bg",
        priority=3,
    )
    assert article == Incoming(
        keys=("url:https://example.org/a", "id::7"),
        source="jsonl",
        title="T",
        url="https://example.org/a",
        external_id="7",
        teaser="A teaser",
        body="First.\n\nSecond.",
        body_html="<p>First.</p><p>Second.</p>",
        section=("World", "Ukraine"),
        tags=("a", "b"),
        authors=("Ana",),
        image_url="https://example.org/i.jpg",
        image_alt="alt",
        image_caption="cap",
        language="bg",
        priority=3,
        published=datetime(2026, 3, 2, 8, tzinfo=UTC),
    )


def test_absent_is_not_empty():
    bare = one()
    assert isinstance(bare, Incoming)
    assert (bare.tags, bare.authors, bare.priority) == (None, None, None)
    assert bare.keys[0].startswith("text:")


def test_a_time_without_offset_is_local():
    article = one(published="2026-03-02T10:00:00")
    assert isinstance(article, Incoming)
    assert article.published == datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"title": "T", "publ', "only a part of one"),
        ("[1]", "this is a list: write one object a line"),
        ("7", "this is a number"),
        ("NaN", "this is a number"),
        ('{"published": "2026-03-02"}', 'the field "title" is missing'),
        ('{"title": " ", "published": "2026-03-02"}', "title: it is empty"),
        ('{"title": "T", "published": 7}', "published: write an ISO 8601 instant in quotes"),
        ('{"title": {}, "published": "2026-03-02"}', "title: every article needs one, as a text"),
        ('{"title": "T", "published": "2026-03-02", "tags": "x"}', "tags: write a list of at most"),
        ('{"title": "T", "published": "2026-03-02", "section": {}}', 'section: write "World » '),
        ('{"title": "T", "published": "2026-03-02", "image": "x"}', 'image: write {"url": '),
        ('{"title": "T", "published": "2026-03-02", "body": []}', "body: write a text in quotes"),
        (
            '{"title": "T", "priority": 5000, "tags": [["x"], ["y"]]}',
            '; tags: write a list of at most 1,000 texts, such as ["one", "two"]; priority: write',
        ),
        (
            '{"title": " ", "published": "soon", "url": "x", "image": {"url": "y"}}',
            'title: it is empty: every article needs one; published: "soon" is no ISO 8601 instant',
        ),
        ('{"title": " ", "published": "2026-03-02", "url": "x"}', '; url: "x" is no http'),
        ('{"title": "T", "published": "yesterday"}', "is no ISO 8601 instant: write it as"),
        ('{"title": "T", "published": "2087-01-01"}', "more than a year ahead"),
        ('{"title": "T", "published": "0001-01-01T00:00:00+14:00"}', "is no ISO 8601 instant"),
        ('{"title": "T", "published": "1500-01-01"}', "before any newspaper"),
        ('{"title": "\\ud800", "published": "2026-03-02"}', "no JSON object"),
        ('{"title": "T", "published": "2026-03-02", "url": "javascript:x"}', "url: "),
        ('{"title": "T", "published": "2026-03-02", "priority": 1e9}', "priority: "),
        ('{"title": "T", "published": "2026-03-02", "image": {"url": "x"}}', "image.url: "),
    ],
)
def test_a_bad_line_is_rejected_in_words(line: str, reason: str):
    first, second = parse(line, json.dumps(GOOD))
    assert isinstance(first, Rejection)
    assert (first.source, first.line) == ("a.jsonl", 1)
    assert reason in first.reason
    assert "\n" not in first.reason
    assert isinstance(second, Incoming)


def test_empty_lines_are_nothing():
    assert parse("", "  \n") == []
