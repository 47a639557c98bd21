from datetime import UTC, datetime, timedelta

import pytest

from digest.stories import Item, group
from digest.stories.features import extract
from digest.stories.model import load
from digest.stories.similarity import graph

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def weight(one: Item, other: Item, *more: Item) -> float:
    features = extract([one, other, *more])
    return float(graph(features, load())[features.row_of[0], features.row_of[1]])


def test_the_graph_is_symmetric_and_has_no_loops():
    weights = graph(
        extract([Item("a", "bridge closed today"), Item("b", "bridge closed again")]), load()
    )
    assert weights[0, 1] == weights[1, 0] > 1
    assert weights.diagonal().tolist() == [0, 0]


def test_texts_that_share_no_word_have_no_edge():
    assert weight(Item("a", "bridge closed"), Item("b", "chess title")) == 0


def test_an_everyday_word_that_is_in_many_texts_makes_no_pair():
    others = [Item(str(number), f"and {number:03}") for number in range(200)]
    one, other = Item("a", "and bridge"), Item("b", "and chess")
    assert weight(one, other, *others[:5]) > 0
    assert weight(one, other, *others) == 0


def event(texts: int) -> list[Item]:
    """Different texts on one event, each of some words of its own."""
    return [
        Item(
            f"{number:03}",
            f"Earthquake strikes Varna harbour near Kamchia, report {number}",
            " ".join(f"Earthquake in Varna {letter}{number:05}" for letter in "pqrstu"),
            language="en",
        )
        for number in range(texts)
    ]


@pytest.mark.parametrize("texts", [50, 51, 80, 400])
def test_a_large_event_is_one_story_however_much_of_the_day_it_is(texts):
    assert [len(story) for story in group(event(texts))] == [texts]


def test_the_commonest_words_give_way_on_a_large_day(monkeypatch):
    one, other, *others = event(60)
    assert weight(one, other, *others) > 0
    monkeypatch.setattr("digest.stories.similarity.PRODUCTS_MOST", 1)
    assert weight(one, other, *others) == 0


def test_articles_far_apart_in_time_are_less_alike():
    def apart(hours: float) -> float:
        return weight(
            Item("a", "bridge closed today after storm", published=NOON),
            Item("b", "old bridge makes way", published=NOON + timedelta(hours=hours)),
        )

    assert apart(0) > apart(48) > apart(480)
    assert weight(
        Item("a", "bridge closed today after storm", published=NOON),
        Item("b", "old bridge makes way"),
    ) == apart(0)


def test_long_texts_must_share_more_than_headlines():
    shared = "millbrook bridge girder"
    short = weight(Item("a", f"{shared} one two"), Item("b", f"{shared} four five"))
    padding = [" ".join(f"{side}{number:04}" for number in range(60)) for side in "pq"]
    long = weight(
        Item("a", f"{shared} one two", padding[0]), Item("b", f"{shared} four five", padding[1])
    )
    assert short > long


def test_languages_never_meet():
    one, other = (
        Item("a", "Merkel Macron Paris", language="de"),
        Item("b", "Merkel Macron in Paris"),
    )
    assert weight(one, other) > 1
    english = Item("b", "Merkel Macron in Paris", language="en")
    assert weight(one, english) == 0
