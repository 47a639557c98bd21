"""Invented news: each file holds a language's stories, some easily confused, and singles."""

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from digest.stories import Item, group

FOLDER = Path(__file__).parents[2] / "fixtures" / "stories"
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
# A pair or two of such a small set may go wrong; all of them go right today.
BAR = 0.9


@cache
def labelled(language: str) -> list[tuple[Item, str]]:
    lines = (FOLDER / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        (
            Item(
                id=record["id"],
                title=record["title"],
                body=record["body"],
                published=datetime.fromisoformat(record["date"]),
                language=record["lang"],
            ),
            record["cluster"],
        )
        for record in map(json.loads, lines)
    ]


def everything(*, declared: bool) -> list[Item]:
    items = [item for language in LANGUAGES for item, _ in labelled(language)]
    return items if declared else [replace(item, language="") for item in items]


def stories(items: Iterable[Item]) -> set[frozenset[str]]:
    return {frozenset(item.id for item in story) for story in group(items)}


def pairwise(gold: Sequence[Hashable], found: Sequence[Hashable]) -> float:
    def pairs(labels: Iterable[Hashable]) -> int:
        return sum(n * (n - 1) // 2 for n in Counter(labels).values())

    return 2 * pairs(zip(gold, found, strict=True)) / (pairs(gold) + pairs(found))


def test_the_languages_are_those_that_are_meant():
    assert {"ar", "bg", "de", "el", "en", "hi", "ja", "ru", "th", "tr", "zh"} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("declared", [True, False])
def test_the_news_of_one_language_falls_into_its_stories(language, declared):
    items = [item if declared else replace(item, language="") for item, _ in labelled(language)]
    place = {item.id: number for number, story in enumerate(group(items)) for item in story}
    gold = [cluster for _, cluster in labelled(language)]
    assert pairwise(gold, [place[item.id] for item in items]) >= BAR


def test_all_languages_in_one_file_give_the_stories_of_each_alone():
    alone = [stories(item for item, _ in labelled(language)) for language in LANGUAGES]
    assert stories(everything(declared=True)) == set().union(*alone)
