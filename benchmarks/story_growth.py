"""What it costs to add articles to a day, and how often the stories differ for it."""

import random
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.made_articles import make
from benchmarks.story_sets import LabelledSet, b_cubed, from_record, pairwise, read_folder
from digest.stories import Item
from digest.stories.day import Day

MANY, FEW = 10_000, 100
ROUNDS = 5
_SEED = 1


def growth(folder: Path | None) -> int:
    """Print both, on made articles and, where a folder is given, on labelled sets."""
    made = [from_record(record) for record in make(MANY)]
    Day(made[:FEW])  # what is built on first use is no part of the grouping that is timed
    days = [("made", made, FEW)]
    if folder is not None:
        days += [_few(labelled) for labelled in read_folder(folder)]
    print(f"{'':<12}{'articles':>9}{'added':>7}{'all, s':>9}{'added, s':>10}{'ratio':>7}", end="")
    print(f"{'stories that differ':>21}{'B-Cubed / pairwise F1 between both':>36}")
    for name, items, few in days:
        _print_row(name, items, few)
    return 0


def _few(labelled: LabelledSet) -> tuple[str, list[Item], int]:
    return labelled.name, list(labelled.items), max(1, len(labelled.items) // FEW)


def _print_row(name: str, items: Sequence[Item], few: int) -> None:
    whole_seconds, added_seconds, differ, stories, scores = [], [], 0, 0, []
    for number in range(ROUNDS):
        order = random.Random(_SEED + number).sample(items, len(items))
        began = time.process_time()
        at_once = _labels(Day(order))
        whole_seconds.append(time.process_time() - began)
        day = Day(order[:-few])
        began = time.process_time()
        day.add(order[-few:])
        found = _labels(day)
        added_seconds.append(time.process_time() - began)
        both, gold = [found[item.id] for item in items], [at_once[item.id] for item in items]
        scores.append((b_cubed(gold, both), pairwise(gold, both)))
        differ += len(_members(at_once) - _members(found))
        stories += len(set(gold))
    whole, added = sorted(whole_seconds)[ROUNDS // 2], sorted(added_seconds)[ROUNDS // 2]
    of_all = f"{differ} of {stories}"
    alike = " / ".join(f"{sum(part) / ROUNDS:.4f}" for part in zip(*scores, strict=True))
    print(f"{name:<12}{len(items):>9}{few:>7}{whole:>9.2f}{added:>10.3f}", end="")
    print(f"{whole / added:>7.1f}{of_all:>21}{alike:>36}", flush=True)


def _labels(day: Day) -> dict[str, int]:
    return {
        day.items[number].id: story
        for story, numbers in enumerate(day.groups())
        for number in numbers
    }


def _members(labels: dict[str, int]) -> set[frozenset[str]]:
    stories: dict[int, set[str]] = {}
    for article, story in labels.items():
        stories.setdefault(story, set()).add(article)
    return set(map(frozenset, stories.values()))
