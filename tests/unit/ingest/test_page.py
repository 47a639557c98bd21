"""Pages and listings: what is the article, what is its neighbours', what is furniture."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from digest.ingest.incoming import Incoming, Rejection
from digest.ingest.page import parse_listing, parse_page

FIXTURES = Path(__file__).parents[2] / "fixtures" / "ingest"
SOFIA = ZoneInfo("Europe/Sofia")
NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)


def page(text: str) -> list[Incoming | Rejection]:
    return list(parse_page(text, SOFIA, NOW, "page.txt"))


def listing(text: str) -> list[Incoming | Rejection]:
    return list(parse_listing(text, SOFIA, NOW, "listing.txt"))


@pytest.fixture
def text() -> str:
    return (FIXTURES / "page.txt").read_text(encoding="utf-8")


def test_a_page_gives_its_article_without_its_furniture(text: str):
    main = page(text)[0]
    assert isinstance(main, Incoming)
    assert main.title == "River Ministers Agree on Joint Flood Watch for the Lower Danube"
    assert main.published == datetime(2026, 3, 2, 12, 5, tzinfo=UTC)
    assert main.section == ("World", "DANUBE")
    assert main.tags == ("Danube", "floods", "ministers")
    assert main.image_caption.startswith("Courier: River Ministers")
    assert len(main.body.split("\n\n")) == 2
    assert main.body.startswith("Ministers from four")
    assert main.body.endswith("months of talks.”")
    assert main.teaser == (
        "Ministers from four countries agreed on Monday to watch the water of the lower Danube"
        " together."
    )
    assert main.body_html.count("<p>") == 2


def test_its_related_articles_come_once_each_with_the_fullest_teaser(text: str):
    found = [article for article in page(text)[1:] if isinstance(article, Incoming)]
    assert [(a.title, a.teaser, a.section) for a in found] == [
        (
            "Gauge at Vidin Reports Highest Level Since 2006",
            "The river rose by forty centimetres overnight, and more is on its way",
            ("World", "Danube"),
        ),
        (
            "Grain Barges Wait for the Water to Fall",
            "Traders count the cost of a second week",
            ("Business", "Shipping"),
        ),
        ("Ferry at Oryahovo Stops Until Further Notice", "", ("World", "Danube")),
    ]
    assert found[2].published == datetime(2026, 2, 28, 5, 15, tzinfo=UTC)


def test_a_page_without_a_dateline_is_rejected_and_its_neighbours_go_in(text: str):
    broken = text.replace("World » DANUBE | March 2, 2026, Monday // 14:05\n", "")
    first, *others = page(broken)
    assert isinstance(first, Rejection)
    assert (first.line, first.source) == (1, "page.txt")
    assert "no dateline follows the first line" in first.reason
    assert [type(other) for other in others].count(Incoming) == 3


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("February 30, 2026, Monday // 14:05", "no day and time there is"),
        ("January 1, 0001, Monday // 00:00", "no day and time there is"),
        ("Brumaire 2, 2026, Monday // 14:05", "is no month"),
        ("March 2, 2087, Monday // 14:05", "more than a year ahead: correct the date"),
        ("March 2nd // 14:05", "is no dateline"),
    ],
)
def test_a_wrong_dateline_is_rejected_where_it_stands(text: str, wrong: str, reason: str):
    rejected = [
        outcome
        for outcome in page(text.replace("March 2, 2026, Monday // 14:05", wrong))
        if isinstance(outcome, Rejection)
    ]
    assert [rejection.line for rejection in rejected] == [3]
    assert reason in rejected[0].reason


@pytest.mark.parametrize("line", ["x{}y", "World | March 2, 2026{}y"])
def test_a_long_run_of_spaces_costs_no_more_than_its_length(line: str):
    # Minutes, were time to grow with its square.
    text = line.format(" " * 1_000_000)
    (rejected,) = listing(text)
    assert isinstance(rejected, Rejection)


def test_a_page_must_begin_with_its_date_line():
    (rejected,) = page("\n\nSome title\n\nSome text.")
    assert isinstance(rejected, Rejection)
    assert rejected.line == 3
    assert "date YYYY-MM-DD TITLE" in rejected.reason


def test_a_first_paragraph_is_no_caption():
    main = page(
        "date 2026-03-02 Title of it\nWorld | March 2, 2026 // 14:05\nThe first paragraph is whole."
    )[0]
    assert isinstance(main, Incoming)
    assert (main.body, main.image_caption) == ("The first paragraph is whole.", "")


def test_a_listing_gives_headline_teaser_section_and_time():
    text = (FIXTURES / "listing.txt").read_text(encoding="utf-8")
    found = [outcome for outcome in listing(text) if isinstance(outcome, Incoming)]
    assert [(a.title[:5], a.teaser[:9]) for a in found] == [
        ("Gauge", "The river"),
        ("Ferry", ""),
        ("Grain", "Traders c"),
    ]


def test_text_without_a_dateline_is_rejected_with_its_line():
    text = "Lost headline\n\nLost teaser\n\nHeadline\n\nTeaser\n\nWorld | March 2, 2026 // 14:05\n"
    lost, kept = listing(text)
    assert isinstance(lost, Rejection)
    assert lost.line == 1
    assert 'no dateline follows "Lost headline"' in lost.reason
    assert isinstance(kept, Incoming)
    assert kept.title == "Headline"


def test_a_dateline_without_a_headline_is_rejected():
    (lost,) = listing("World » Danube | March 2, 2026, Monday // 14:05\n")
    assert isinstance(lost, Rejection)
    assert "no headline" in lost.reason


def test_one_article_on_a_page_and_in_a_listing_has_one_name(text: str):
    on_page = {article.keys for article in page(text)[1:] if isinstance(article, Incoming)}
    listed = (FIXTURES / "listing.txt").read_text(encoding="utf-8")
    assert {a.keys for a in listing(listed) if isinstance(a, Incoming)} == on_page
