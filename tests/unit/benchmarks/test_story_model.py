from dataclasses import replace

import numpy as np
import pytest

from benchmarks import story_model
from benchmarks.story_model import BEGIN, SPREAD, STORIES, TEACHING, day, learn, made_of, shares
from benchmarks.story_sets import LabelledSet, goodness
from digest.stories import Item
from digest.stories.model import load
from digest.stories.similarity import EVIDENCE


def labelled(stories: int, articles: int) -> LabelledSet:
    items, gold = [], []
    for story in range(stories):
        for article in range(articles):
            own = f"word{story} place{story} name{story} thing{story}"
            items.append(
                Item(
                    f"{story:02}-{article}",
                    f"The {own}",
                    f"The {own} again{story} first{story}. That {own} later{story}. "
                    f"And the {own} after{story} last{story}.",
                    language="en",
                )
            )
            gold.append(f"s{story:02}")
    return LabelledSet("made", tuple(items), tuple(gold))


def test_there_is_a_beginning_and_a_spread_for_each_coefficient():
    assert len(BEGIN) == len(SPREAD) == len(EVIDENCE) + 4
    assert (SPREAD > 0).all()


def test_common_words_are_those_of_many_stories():
    found = shares([labelled(STORIES, TEACHING + 2)])["en"]
    assert found["the"] == found["and"] == 1.0
    assert not any("name" in stem for stem in found)  # each is of one story alone
    assert shares([labelled(STORIES - 1, 1)])["en"] == {}


def test_days_are_made_of_teasers_of_sentences_and_of_stories_like_others():
    made = [part for part, _ in made_of([labelled(STORIES, 2)])]
    assert len(made) == 4
    assert all(len(item.body) <= 200 for item in made[1].items)
    sentences = made[2]
    assert len(sentences.items) > STORIES * 2
    assert not any(item.body for item in sentences.items)
    assert len(set(sentences.gold)) == STORIES // 2


def test_stories_like_no_other_are_left_out_of_the_confusable():
    more = {"s01": "flood dam", "s02": "flood dam", "s03": "fire barn", "s04": "fire barn"}
    sets = labelled(6, 2)
    alike = [
        replace(item, body=f"{item.body} {more.get(label, '')}")
        for item, label in zip(sets.items, sets.gold, strict=True)
    ]
    *_, confusable = [part for part, _ in made_of([replace(sets, items=tuple(alike))])]
    assert set(confusable.gold)
    assert set(confusable.gold) <= more.keys()


def test_what_is_learned_groups_what_it_was_learned_from(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(story_model, "DRAWN", 6)
    monkeypatch.setattr(story_model, "BEST", 2)
    sets = [labelled(STORIES, 4), replace(labelled(STORIES, 2), name="other")]
    model = learn(sets)
    assert model == learn(sets)
    assert model.shares["en"]["the"] == 1.0
    assert goodness(sets[0].gold, day(sets[0], model).labels(model)) == 1.0


def test_a_day_is_grouped_as_the_model_says():
    sets = labelled(4, 3)
    found = day(sets, load()).labels(load())
    assert len(set(zip(sets.gold, found, strict=True))) == len(set(found)) == 4
    pays_for_nothing = replace(load(), pair=(-9.0, *load().pair[1:]))
    alone = day(sets, load()).labels(pays_for_nothing)
    assert len(set(alone)) == len(np.unique(day(sets, load()).features.row_of))
