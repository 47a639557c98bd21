import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.story_sets import LabelledSet, b_cubed, others, pairwise, read_folder
from digest.stories import Item


def labelled(name: str, *items: Item) -> LabelledSet:
    return LabelledSet(name, items, tuple(f"about {item.id}" for item in items))


def test_scores_of_one_article_in_the_wrong_story():
    gold, found = "aaabb", "xxyyy"
    # Precision (2/2 + 2/2 + 1/3 + 2/3 + 2/3) / 5 = 11/15, and recall the same.
    assert b_cubed(gold, found) == pytest.approx(11 / 15)
    # Of 4 pairs put together 2 are right, and of 4 pairs that are right 2 are found.
    assert pairwise(gold, found) == pytest.approx(1 / 2)


def test_scores_of_everything_apart():
    # Precision 1, recall (2 · 1/2 + 1) / 3.
    assert b_cubed("aab", "xyz") == pytest.approx(4 / 5)
    assert pairwise("aab", "xyz") == 0


def test_scores_of_everything_together():
    # Precision (2/3 + 2/3 + 1/3) / 3 = 5/9, recall 1; one pair of three is right.
    assert b_cubed("aab", "xxx") == pytest.approx(5 / 7)
    assert pairwise("aab", "xxx") == pytest.approx(1 / 2)


@pytest.mark.parametrize("gold", ["aabbc", "abc"])
def test_the_right_partition_scores_one_whatever_its_labels(gold: str):
    found = [ord(label) for label in gold]
    assert b_cubed(gold, found) == 1
    assert pairwise(gold, found) == 1


def test_what_is_learned_from_shares_no_article_with_the_set_held_out():
    held_out = labelled("uci", Item("1", "Rain in May"), Item("2", "Snow in June"))
    mixed = labelled(
        "mix_open",
        Item("1", "Another headline"),
        Item("m-2", "snow  in", "June"),
        Item("m-3", "Sun in July"),
    )
    copied = labelled("basil", Item("b-1", "Rain in May"))
    (learned_from,) = others(held_out, [held_out, mixed, copied])
    assert learned_from.name == "mix_open"
    assert [item.id for item in learned_from.items] == ["m-3"]
    assert learned_from.gold == ("about m-3",)


def test_nothing_is_learned_from_sets_outside_the_macro_figures():
    sets = [labelled("uci", Item("1", "Rain")), labelled("extra", Item("2", "Snow"))]
    assert others(sets[0], sets) == []
    assert [other.name for other in others(sets[1], sets)] == ["uci"]


def test_a_folder_is_read_in_the_order_of_ids_with_dates_in_utc(tmp_path: Path):
    records = [
        {"id": "b", "title": "Snow", "body": "", "cluster": "winter", "date": "2026-01-02"},
        {"id": "a", "title": "Sun", "body": "Hot.", "cluster": "summer", "lang": "en"},
    ]
    for name in ("wikinews", "extra", "uci"):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(record)}\n" for record in records)
    sets = read_folder(tmp_path)
    assert [s.name for s in sets] == ["uci", "wikinews", "extra"]
    assert sets[0].gold == ("summer", "winter")
    assert sets[0].items == (
        Item("a", "Sun", "Hot.", language="en"),
        Item("b", "Snow", published=datetime(2026, 1, 2, tzinfo=UTC)),
    )
