import math
from datetime import UTC, datetime, timedelta

import pytest

from digest.stories import Item, tell
from digest.stories.items import Account, Factor, Version, VersionKind
from digest.stories.lead import in_order
from digest.stories.ranking import rank

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)


def item(name: str, *, ago: float = 1, length: int = 800, title: str = "Title", **more) -> Item:
    return Item(name, title, "x" * length, published=NOW - timedelta(hours=ago), **more)


def placed(*items: Item, central: dict[str, float] | None = None) -> list[Account]:
    central = central or {item.id: 1.0 for item in items}
    return in_order([Account(item) for item in items], central, now=NOW)


def order(*items: Item, central: dict[str, float] | None = None) -> str:
    return "".join(account.item.id for account in placed(*items, central=central))


def score(*items: Item, weights=None, tags=None) -> tuple[float, dict[str, Factor]]:
    accounts = [Account(item) for item in items]
    total, factors = rank(accounts, now=NOW, weights=weights or {}, tags=tags or {})
    assert total == math.prod(factor.times for factor in factors)
    return total, {factor.factor: factor for factor in factors}


def test_the_lead_is_the_freshest_complete_account():
    flash, full, older = item("f", ago=1, length=90), item("m", ago=2), item("o", ago=9, length=999)
    assert order(older, flash, full) == "mof"


def test_a_little_less_told_does_not_lose_to_news_of_yesterday():
    assert order(item("new", ago=1, length=450), item("old", ago=20, length=1000))[:3] == "new"
    assert order(item("new", ago=1, length=450), item("old", ago=2, length=1000))[:3] == "old"


def test_a_very_long_piece_does_not_make_the_others_incomplete():
    assert order(item("essay", ago=5, length=50_000), item("news", ago=1, length=1_000))[0] == "n"


def test_a_piece_beside_the_story_gives_way_to_one_about_it():
    side, main = item("side", ago=1), item("main", ago=6)
    assert order(side, main, central={"side": 0.3, "main": 0.9}) == "mainside"
    assert order(side, main, central={"side": 0.8, "main": 0.9}) == "sidemain"


def test_among_complete_accounts_of_the_story_the_freshest_leads():
    first, latest = item("a", ago=5, length=1500), item("b", ago=2, length=1500)
    essay = item("c", ago=4, length=9000)
    flash = item("f", ago=0, length=60)
    central = {"a": 0.85, "b": 0.8, "c": 0.95, "f": 0.5}
    assert order(first, latest, essay, flash, central=central) == "bcaf"


def test_each_place_says_what_it_is_made_of():
    lead, other = placed(
        item("a", ago=2, length=1000),
        item("b", ago=26, length=250, priority=0),
        central={"a": 0.5, "b": 0.2},
    )
    assert [(factor.factor, factor.value, factor.times) for factor in lead.order] == [
        ("complete", 1.0, 1.0),
        ("hours behind", 0.0, 1.0),
        ("central", 1.0, 1.0),
    ]
    assert [(factor.factor, factor.value, factor.times) for factor in other.order] == [
        ("complete", 0.25, 0.5),
        ("hours behind", 24.0, 0.5),
        ("central", 0.4, 0.25),
    ]


def test_the_editors_priority_comes_first():
    assert order(item("a", ago=1), item("b", ago=9, length=10, priority=1))[0] == "b"
    assert order(item("a", ago=1), item("b", ago=0, priority=-1))[0] == "a"
    assert order(item("a", priority=900), item("b", priority=3))[0] == "a"


def test_an_article_without_a_headline_does_not_lead():
    assert order(item("a", ago=1, title=""), item("b", ago=9))[0] == "b"
    assert order(item("a", ago=1, title="", priority=9), item("b", ago=9, priority=-9))[0] == "b"


def test_a_date_to_come_is_no_fresher_than_now_and_no_date_is_oldest():
    assert order(item("a", ago=-500_000, length=800), item("b", ago=0, length=900)) == "ba"
    assert order(Item("c", "Title", "x" * 900), item("d", ago=40)) == "dc"


def test_a_teaser_is_an_account_where_there_is_no_body():
    assert order(Item("a", "T", teaser="x" * 100), Item("b", "T", body="x" * 10))[0] == "a"
    assert order(Item("a", "T", teaser="x" * 300), Item("b", "T", body="x" * 500))[0] == "b"


def test_more_articles_rank_higher_and_say_so():
    one, _ = score(item("a"))
    three, factors = score(item("a"), item("b"), item("c"))
    assert three == pytest.approx(2 * one)
    assert factors["size"] == Factor("size", 3, 2.0)
    assert factors["hours old"].value == 1


def test_versions_are_no_accounts_of_their_own():
    account = Account(item("a"), (Version(item("b", section="world"), VersionKind.COPY),))
    weights = {"world": 3.0}
    total, factors = rank([account], now=NOW, weights=weights, tags={})
    assert factors[0] == Factor("size", 1, 1.0)
    assert total == pytest.approx(3 * score(item("a"))[0])  # where it is filed counts all the same


def test_fresher_ranks_higher_down_to_a_half():
    assert score(item("a", ago=0))[0] == 1
    assert score(item("a", ago=10_000))[0] == pytest.approx(0.5)
    undated, factors = score(Item("a", "T"))
    assert undated == 0.5
    assert list(factors) == ["size", "no date"]


def test_a_section_has_the_weight_of_the_nearest_one_above():
    weights = {"world": 2.0, "world » ukraine": 3.0, "sports": 0.5}
    for section, factor in [("world » ukraine » war", 3), ("world » asia", 2), ("arts", 1)]:
        total, factors = score(item("a", ago=0, section=section), weights=weights)
        assert total == pytest.approx(factor)
        assert ("section" in factors) == (factor != 1)


def test_a_tag_has_its_weight_however_it_is_spelled():
    tags = {"breaking": 2.0, "big news": 1.5, "sponsored": 0.5}
    total, factors = score(item("a", ago=0, tags=("BREAKING", "Big  News", "fish")), tags=tags)
    assert total == 2
    assert factors["tags"] == Factor("tags", "BREAKING", 2.0)
    total, factors = score(item("a", ago=0, tags=("sponsored", "breaking")), tags=tags)
    assert total == 1
    assert "tags" not in factors
    assert score(item("a", ago=0, tags=("Sponsored",)), tags=tags)[0] == 0.5
    assert score(item("a", ago=0), tags=tags)[0] == 1


def test_each_step_of_priority_doubles():
    plain, _ = score(item("a", ago=0), item("b"))
    total, factors = score(item("a", ago=0, priority=2), item("b"))
    assert total == pytest.approx(4 * plain)
    assert factors["priority"] == Factor("priority", 2, 4.0)
    low, factors = score(item("a", ago=0, priority=-1))
    assert low == pytest.approx(0.5)
    assert factors["priority"].value == -1
    assert math.isfinite(score(item("a", priority=100_000))[0])


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
    assert stories[0].accounts[0].tied == ("Millbrook", "bridge", "crack")
    assert stories[0].accounts[1].tied == ("Millbrook", "bridge", "Crack")
    assert stories[1].accounts[0].tied == ()


def tied(*titles: str, language: str = "") -> list[set[str]]:
    items = [
        Item(str(number), title, published=NOW, language=language)
        for number, title in enumerate(titles)
    ]
    (story,) = tell(items, now=NOW, weights={})
    return [set(account.tied) for account in story.accounts]


def test_numbers_and_everyday_words_are_not_what_ties_where_there_are_others():
    for words in tied(
        "UN budget of 5 billion, 12 per cent more than last year",
        "Last year: UN budget grows 12 per cent to 5 billion",
        language="en",
    ):
        assert {"UN", "budget"} <= words
        assert not words & {"5", "12", "per", "last", "year", "Last", "of"}
    assert tied("747", "747!") == [{"747"}]
    for words in tied(
        "Мостът на р. Тунджа е затворен от 5 ч.", "От 5 ч. мостът на р. Тунджа е затворен"
    ):
        assert {"Тунджа", "затворен"} <= words
        assert not words & {"5", "ч", "на", "от", "е"}
    assert all(tied("渡轮在卡利亚克拉附近搁浅", "卡利亚克拉附近渡轮搁浅", language="zh"))
