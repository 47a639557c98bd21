from datetime import UTC, datetime, timedelta

import pytest

from digest.stories import Item, tell
from digest.stories.lead import in_order
from digest.stories.ranking import rank

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)


def item(name: str, *, ago: float = 1, length: int = 800, title: str = "Title", **more) -> Item:
    return Item(name, title, "x" * length, published=NOW - timedelta(hours=ago), **more)


def order(*items: Item) -> str:
    return "".join(item.id for item in in_order(items, now=NOW))


def test_the_lead_is_the_freshest_complete_account():
    flash, full, older = item("f", ago=1, length=90), item("m", ago=2), item("o", ago=9, length=999)
    assert order(older, flash, full) == "mfo"


def test_a_very_long_piece_does_not_make_the_others_incomplete():
    assert order(item("essay", ago=5, length=50_000), item("news", ago=1, length=1_000))[0] == "n"


def test_the_editors_priority_comes_first():
    assert order(item("a", ago=1), item("b", ago=9, length=10, priority=1))[0] == "b"


def test_an_article_without_a_headline_does_not_lead():
    assert order(item("a", ago=1, title=""), item("b", ago=9))[0] == "b"


def test_a_date_to_come_is_no_fresher_than_now_and_no_date_is_oldest():
    assert order(item("a", ago=-500_000, length=800), item("b", ago=0, length=900)) == "ba"
    assert order(Item("c", "Title", "x" * 900), item("d", ago=40)) == "dc"


def test_a_teaser_is_an_account_where_there_is_no_body():
    assert order(Item("a", "T", teaser="x" * 100), Item("b", "T", body="x" * 10))[0] == "a"


def test_more_articles_rank_higher_and_say_so():
    one, _ = rank([item("a")], now=NOW, weights={})
    three, reasons = rank([item("a"), item("b"), item("c")], now=NOW, weights={})
    assert three == pytest.approx(2 * one)
    assert reasons == ("3 articles", "1 h old")


def test_fresher_ranks_higher_down_to_a_half():
    fresh, _ = rank([item("a", ago=0)], now=NOW, weights={})
    old, _ = rank([item("a", ago=10_000)], now=NOW, weights={})
    undated, reasons = rank([Item("a", "T")], now=NOW, weights={})
    assert fresh == 1
    assert old == pytest.approx(0.5)
    assert undated == 0.5
    assert reasons == ("1 article", "no date")


def test_a_section_has_the_weight_of_the_nearest_one_above():
    weights = {"world": 2.0, "world » ukraine": 3.0, "sports": 0.5}
    for section, factor in [("world » ukraine » war", 3), ("world » asia", 2), ("arts", 1)]:
        score, reasons = rank([item("a", ago=0, section=section)], now=NOW, weights=weights)
        assert score == pytest.approx(factor)
        assert ("section weight" in " ".join(reasons)) == (factor != 1)


def test_each_step_of_priority_doubles():
    score, reasons = rank([item("a", ago=0, priority=2), item("b")], now=NOW, weights={})
    plain, _ = rank([item("a", ago=0), item("b")], now=NOW, weights={})
    assert score == pytest.approx(4 * plain)
    assert "priority +2" in reasons
    low, reasons = rank([item("a", ago=0, priority=-1)], now=NOW, weights={})
    assert low == pytest.approx(0.5)
    assert "priority -1" in reasons


def test_tell_puts_the_best_story_first_and_names_what_ties_it():
    stories = tell(
        [
            Item("a", "Millbrook bridge closed after crack", published=NOW),
            Item("b", "Crack closes the bridge at Millbrook", published=NOW - timedelta(hours=1)),
            Item("c", "Bakers elect a chairwoman", published=NOW),
        ],
        now=NOW,
        weights={},
    )
    assert [[item.id for item in story.items] for story in stories] == [["a", "b"], ["c"]]
    assert stories[0].lead.id == "a"
    assert set(stories[0].tied) >= {"millbrook", "bridge", "crack"}
    assert "closed" not in stories[0].tied
    assert stories[1].tied == ()
