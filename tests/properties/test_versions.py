import math
import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.stories import Item, tell
from digest.stories.versions import collapse

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)

# Pieces that are cut, grown, edited and marked: versions of each other in every way.
PIECE = """\
The ferry Saint Clement ran aground off Kaliakra on Monday with 212 people on board. Lifeboats from
Balchik and Kavarna took the passengers ashore within two hours. The captain said that a rope had
caught in the screw; the harbour office has opened an inquiry."""
MARKS = ["", "", "", "CORRECTION: ", "UPDATE 2-", "Поправка: ", "Berichtigung – "]


@st.composite
def pieces(draw):
    items = []
    for number in range(draw(st.integers(1, 12))):
        start, length = draw(st.integers(0, 20)), draw(st.integers(0, 50))
        words = PIECE.split()[start : start + length]
        if words and draw(st.booleans()):
            words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(["7", "Varna", ""]))
        hours = draw(st.none() | st.integers(-60, 5))
        items.append(
            Item(
                id=f"a{number}",
                title=draw(st.sampled_from(MARKS))
                + draw(st.sampled_from(["Ferry aground", "", "A"])),
                body=" ".join(words),
                published=None if hours is None else NOW + timedelta(hours=hours),
                language=draw(st.sampled_from(["", "en", "en-GB", "bg"])),
                priority=draw(st.integers(-1, 1)),
            )
        )
    return items


@given(pieces(), st.randoms(use_true_random=False), st.sampled_from([(), ("a0",), ("a1", "a0")]))
def test_every_article_is_shown_or_a_version_of_one_that_is(items, chance: random.Random, pinned):
    accounts = collapse(items, now=NOW, pinned=pinned)
    assert sorted(item.id for account in accounts for item in account.articles) == sorted(
        item.id for item in items
    )
    shuffled = items.copy()
    chance.shuffle(shuffled)
    assert collapse(shuffled, now=NOW, pinned=pinned) == accounts
    for account in accounts:
        spoken = {item.language.partition("-")[0] for item in account.articles} - {""}
        assert len(spoken) <= 1 or "" in {item.language for item in account.articles}


@given(pieces())
def test_a_story_is_told_whole_with_its_places_in_order(items):
    for story in tell(items, now=NOW, weights={}):
        places = [math.prod(f.times for f in account.order) for account in story.accounts]
        assert places == sorted(places, reverse=True)
        assert all(account.tied == () for account in story.accounts) or len(story.items) > 1
