import json
import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from digest.stories import Item, group, tell
from digest.stories.features import extract
from digest.stories.model import load
from digest.stories.similarity import graph
from digest.stories.words import STEM_CHARACTERS, terms

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)

# The first and the last moment that a date can say; neither can be told in UTC.
ENDS_OF_TIME = [
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
]

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
                st.none()
                | st.integers(-100, 100).map(lambda hours: NOW + timedelta(hours=hours))
                | st.sampled_from(ENDS_OF_TIME)
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
    for story in stories:
        assert story.score == math.prod(factor.times for factor in story.reasons)


@given(articles(), st.data())
def test_a_copy_joins_its_original_and_changes_nothing_else(items, data):
    if not items:
        return
    original = data.draw(st.sampled_from(items))
    copy = replace(original, id="copy")
    stories = {frozenset(story) for story in ids(group([*items, copy]))}
    assert {story - {"copy"} for story in stories} - {frozenset()} == {
        frozenset(story) for story in ids(group(items))
    }
    if terms(original.title + " " + original.body):
        assert any(story >= {original.id, "copy"} for story in stories)


FOLDER = Path(__file__).parents[1] / "fixtures" / "stories"
NEWS = [
    Item(id=record["id"], title=record["title"], body=record["body"], published=NOW)
    for path in sorted(FOLDER.glob("*.jsonl"))
    for record in map(json.loads, path.read_text(encoding="utf-8").splitlines())
]


def words(item: Item) -> set[str]:
    return {term[:STEM_CHARACTERS] for term in terms(f"{item.title} {item.body}")}


@given(st.lists(st.sampled_from(NEWS), max_size=40, unique=True), st.sampled_from(NEWS))
def test_a_newcomer_leaves_the_stories_it_shares_no_word_with(day, newcomer):
    others = [item for item in day if words(item).isdisjoint(words(newcomer))]
    before = {frozenset(story) for story in ids(group(others))}
    after = {frozenset(story) for story in ids(group([*others, newcomer]))}
    assert after == before | {frozenset({newcomer.id})}


@given(st.lists(st.sampled_from(NEWS), max_size=40, unique=True))
def test_a_day_of_one_text_is_no_more_work_than_a_day_of_many(day):
    texts = len({(item.title, item.body) for item in day})
    copies = [replace(item, id=f"{item.id}-{copy}") for item in day for copy in range(5)]
    alone, repeated = extract(day), extract(copies)
    assert alone.vectors.shape[0] == repeated.vectors.shape[0] == texts
    assert graph(repeated, load()).nnz == graph(alone, load()).nnz
