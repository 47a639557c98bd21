import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.stories import Item, group, tell

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)

# Few words, so that articles share some; and any text at all, so that none is left out.
WORDS = ["bridge", "crack", "chess", "title", "the", "of", "Straße", "метро", "ΡΟΔΟΣ", "新型火箭"]
wordy = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
texts = wordy | st.text(st.characters(exclude_categories=()), max_size=20)


@st.composite
def articles(draw):
    count = draw(st.integers(0, 14))
    return [
        Item(
            id=f"a{number}",
            title=draw(texts),
            body=draw(wordy),
            published=draw(
                st.none() | st.integers(-100, 100).map(lambda hours: NOW + timedelta(hours=hours))
            ),
            language=draw(st.sampled_from(["", "en", "bg"])),
            priority=draw(st.integers(-2, 2)),
        )
        for number in range(count)
    ]


def ids(stories: list[list[Item]]) -> list[list[str]]:
    return [[item.id for item in story] for story in stories]


@given(articles())
def test_every_article_is_in_one_story(items):
    stories = group(items)
    assert all(stories)
    assert sorted(name for story in ids(stories) for name in story) == sorted(i.id for i in items)


@given(articles(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(items, chance: random.Random):
    shuffled = items.copy()
    chance.shuffle(shuffled)
    assert ids(group(shuffled)) == ids(group(items))
    assert tell(shuffled, now=NOW, weights={}) == tell(items, now=NOW, weights={})


@given(articles(), wordy, texts, st.sampled_from(["en", "bg"]))
def test_the_same_words_in_one_language_are_together(items, title, body, language):
    twins = [
        Item("first", f"crack {title}", body, language=language),
        Item("last", f"CRACK… {title}", f"<p>{body}", language=f"{language}-GB", published=NOW),
    ]
    stories = ids(group([twins[1], *items, twins[0]]))
    assert next(story for story in stories if "first" in story).count("last") == 1


@given(articles())
def test_languages_that_are_declared_never_meet(items):
    for story in group(items):
        assert len({item.language for item in story} - {""}) <= 1


@given(articles())
def test_telling_keeps_the_groups_and_sorts_them(items):
    stories = tell(items, now=NOW, weights={})
    assert sorted(sorted(item.id for item in story.items) for story in stories) == sorted(
        sorted(story) for story in ids(group(items))
    )
    scores = [story.score for story in stories]
    assert scores == sorted(scores, reverse=True)
    assert all(story.reasons for story in stories)
