"""What holds of the editor's hand on any articles and any wishes."""

import random
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ContradictionError
from digest.stories import Hand, Item, group, tell
from digest.stories.hand import Pair, check

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
# Articles whose words overlap, copies and texts without words among them; two languages.
WORDS = ["bridge", "crack", "chess", "title", "storm"]
wordy = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
articles = st.lists(st.tuples(wordy, wordy, st.sampled_from(["", "en", "bg"])), max_size=12).map(
    lambda texts: [
        Item(id=f"a{number:02}", title=title, body=body, language=language)
        for number, (title, body, language) in enumerate(texts)
    ]
)
# Some of those named are not there.
names = st.integers(0, 14).map(lambda number: f"a{number:02}")
pairs = st.tuples(names, names).filter(lambda pair: pair[0] != pair[1])
wishes = st.lists(pairs, max_size=5).map(tuple)
hands = st.builds(Hand, together=wishes, apart=wishes, pins=st.lists(names, max_size=3).map(tuple))


def agrees(hand: Hand) -> bool:
    try:
        check(hand)
    except ContradictionError:
        return False
    return True


def grouped(items: list[Item], hand: Hand) -> list[list[str]]:
    return [[item.id for item in story] for story in group(items, hand)]


def story_of(stories: list[list[str]]) -> dict[str, int]:
    return {name: place for place, story in enumerate(stories) for name in story}


@given(articles, hands)
def test_it_is_still_a_partition(items, hand):
    stories = grouped(items, hand)
    assert all(stories)
    assert sorted(name for story in stories for name in story) == [item.id for item in items]


@given(articles, hands)
def test_what_is_kept_apart_is_apart_whatever_else_is_wanted(items, hand):
    place = story_of(grouped(items, hand))
    for one, two in hand.apart:
        assert one not in place or place[one] != place.get(two)


@given(articles, hands.filter(agrees))
def test_what_is_kept_together_is_together_where_the_wishes_agree(items, hand):
    place = story_of(grouped(items, hand))
    for one, two in hand.together:
        assert not {one, two} <= place.keys() or place[one] == place[two]


@given(articles, wishes)
def test_whole_stories_become_one(items, together):
    before, after = grouped(items, Hand()), story_of(grouped(items, Hand(together=together)))
    assert all(len({after[name] for name in story}) == 1 for story in before)


@given(articles, hands)
def test_stories_without_an_article_that_is_named_stay_as_they_are(items, hand):
    named = {name for pair in (*hand.together, *hand.apart) for name in pair}
    after = grouped(items, hand)
    assert all(story in after for story in grouped(items, Hand()) if not named & set(story))


@given(articles, hands, st.randoms(use_true_random=False))
def test_neither_the_order_of_the_articles_matters_nor_that_of_the_wishes(
    items, hand, chance: random.Random
):
    def turned(wishes: tuple[Pair, ...]) -> tuple[Pair, ...]:
        return tuple((two, one) for one, two in chance.sample(wishes, len(wishes)))

    other = Hand(turned(hand.together), turned(hand.apart), hand.pins)
    shuffled = chance.sample(items, len(items))
    assert group(shuffled, other) == group(items, hand)
    told = tell(items, now=NOW, weights={}, hand=hand)
    assert tell(shuffled, now=NOW, weights={}, hand=other) == told


@given(articles, hands)
def test_pins_change_the_order_and_nothing_else(items, hand):
    stories = tell(items, now=NOW, weights={}, hand=hand)
    unpinned = tell(items, now=NOW, weights={}, hand=Hand(hand.together, hand.apart))
    assert {frozenset(i.id for i in story.items) for story in stories} == {
        frozenset(i.id for i in story.items) for story in unpinned
    }
    pinned = [story.pinned for story in stories]
    assert pinned == sorted(pinned, reverse=True)
    first = next((pin for pin in hand.pins if pin in {item.id for item in items}), None)
    if first is not None:
        assert first in {item.id for item in stories[0].accounts[0].articles}
