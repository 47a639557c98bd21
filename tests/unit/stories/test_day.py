import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from digest.stories import Hand, Item, group
from digest.stories.day import GROWTH, MANY, Day
from digest.stories.model import load

FOLDER = Path(__file__).parents[2] / "fixtures" / "stories"


def news(language: str, copies: int = 1) -> list[Item]:
    """The articles of a fixture; further copies are of other days and places, letter by letter."""
    lines = (FOLDER / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return [
        Item(
            id=f"{record['id']}-{copy}",
            title=coded(record["title"], copy),
            body=coded(record["body"], copy),
            language=language,
        )
        for copy in range(copies)
        for record in records
    ]


def coded(text: str, copy: int) -> str:
    """Other words of the same lengths."""
    return "".join(chr(ord(letter) + copy) if letter.isalpha() else letter for letter in text)


def stories(day: Day) -> set[frozenset[str]]:
    return {frozenset(day.items[number].id for number in numbers) for numbers in day.groups()}


def at_once(items: list[Item]) -> set[frozenset[str]]:
    return {frozenset(item.id for item in story) for story in group(items)}


@pytest.mark.parametrize("language", ["bg", "de", "tr", "zh"])
def test_a_few_articles_that_come_in_find_their_stories(language):
    items = news(language, copies=8)
    later = items[:: len(items) // 5]
    day = Day([item for item in items if item not in later])
    grouped = day.features
    day.add(later)
    assert day.features.vocabulary is grouped.vocabulary  # not grouped anew
    assert stories(day) == at_once(items)


def test_a_day_that_has_grown_much_is_grouped_anew():
    items = news("bg", copies=4)
    day = Day(items[:20])
    before = day.features.vocabulary
    day.add(items[20:])
    assert len(items) > (1 + GROWTH) * 20
    assert day.features.vocabulary is not before
    assert stories(day) == at_once(items)


def test_a_copy_that_comes_in_has_the_row_of_the_first():
    items = news("de", copies=2)
    day = Day(items)
    day.add([replace(items[3], id="copy")])
    assert day.features.row_of[-1] == day.features.row_of[day.items.index(items[3])]
    assert any({"copy", items[3].id} <= story for story in stories(day))


def test_newcomers_of_the_same_weights_have_a_row_each():
    day = Day(news("de", copies=2))
    day.add([Item("x", "zeta"), Item("y", "zeta zeta"), Item("z", "theta")])
    vectors, rows = day.features.vectors, day.features.row_of[-3:]
    words = [[day.features.stems[stem] for stem in vectors[row].indices] for row in rows]
    assert words == [["zeta"], ["zeta"], ["theta"]]


def test_an_article_without_words_comes_in_alone():
    day = Day(news("de", copies=2))
    day.add([Item("nothing", "?!")])
    assert frozenset({"nothing"}) in stories(day)


def test_what_came_in_is_in_the_same_order_as_at_once():
    items = news("tr", copies=4)
    day = Day(items[1:])
    day.add(items[:1])
    told = [[day.items[number] for number in numbers] for numbers in day.groups()]
    assert told == group(items)


def test_the_editor_is_obeyed_in_a_day_that_grows():
    items = news("bg", copies=4)
    day = Day(items[1:])
    day.add(items[:1])
    one, other = next(
        sorted(story) for story in sorted(map(sorted, stories(day))) if len(story) > 1
    )[:2]
    apart = [
        {day.items[number].id for number in numbers}
        for numbers in day.groups(Hand(apart=((one, other),)))
    ]
    assert not any({one, other} <= story for story in apart)


def test_a_day_may_begin_with_nothing():
    day = Day([])
    assert day.groups() == []
    day.add(news("de"))
    assert stories(day) == at_once(news("de"))


@pytest.mark.parametrize("before", [[], [Item(str(n), "?!") for n in range(20)]])
def test_the_first_words_may_come_in_later(before):
    day = Day(before)
    day.add([])
    day.add([Item("a", "Bridge closed in Varna"), Item("b", "Varna bridge closed")])
    assert frozenset({"a", "b"}) in stories(day)


def test_the_editor_is_obeyed_in_the_same_order_as_at_once():
    old = [Item(f"m{n:02}", f"alpha{n} beta{n} gamma{n}") for n in range(30)]
    new = Item("a", "zeta eta theta")
    day = Day(old)
    day.add([new])
    for hand in (Hand(apart=(("m01", "m02"),)), Hand(together=(("m01", "a"),))):
        told = [[day.items[number] for number in numbers] for numbers in day.groups(hand)]
        assert told == group([*old, new], hand)


def test_a_day_has_one_model():
    nothing_pays = replace(load(), pair=(-99.0, *load().pair[1:]))
    items = [Item(f"{n:02}", f"Millbrook bridge shut {n}") for n in range(30)]
    day = Day(items, nothing_pays)
    day.add([Item("new", "Millbrook bridge shut 31")])
    assert len(day.groups()) == 31


def test_a_closer_story_that_does_not_pay_keeps_nobody_from_a_large_one():
    day = Day([])
    sizes = np.array([2, MANY])
    means = sparse.csr_matrix([[1.6, 1.5], [99.0, 1.5], [1.6, 0.1], [0.0, 0.0]])
    price = 1 + 2 * load().smallness / 3
    assert price > 1.6
    assert day._joined(means, sizes).tolist() == [1, -1, -1, -1]
