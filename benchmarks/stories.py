"""Grouping, measured: how right it is on labelled sets, and how fast on made ones.

    python -m benchmarks.stories scores FOLDER     labelled sets, *.jsonl.gz
    python -m benchmarks.stories speed [COUNT…]    whole runs of `digest stories group`
    python -m benchmarks.stories make COUNT FILE   the made articles, as JSON Lines

A labelled line has id, title, body, cluster, and perhaps date and lang. Scores are B-Cubed F1 and
pairwise F1. Two baselines on the same graph stand beside ours: connected components and
average-link clustering, each with the bar that suited it best over these sets.

The yardstick of speed is scikit-learn's TfidfVectorizer on the same texts in the same run. It is
no dependency of this project: where it is not installed, the column says so.
"""

import argparse
import gzip
import importlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse.csgraph import connected_components

from digest.stories import Item
from digest.stories.features import extract
from digest.stories.grouping import communities
from digest.stories.similarity import graph

SPEED_COUNTS = (1_000, 10_000, 100_000)
CHARACTERS = 800

# Each chosen among some values by the scores over these very sets, in favour of the baselines.
COMPONENTS_BAR = 2.5
AVERAGE_BAR = 1.3


# --- How right


def read(path: Path) -> tuple[list[Item], list[str]]:
    """A labelled set: its articles and the label of each."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines if line.strip()]
    records.sort(key=lambda record: record["id"])  # the order in which `group` sees them
    return [_item(record) for record in records], [record["cluster"] for record in records]


def _item(record: dict[str, Any]) -> Item:
    published = datetime.fromisoformat(record["date"]) if record.get("date") else None
    if published is not None and published.tzinfo is None:
        published = published.replace(tzinfo=UTC)
    return Item(
        id=record["id"],
        title=record["title"],
        body=record["body"],
        published=published,
        language=record.get("lang", ""),
    )


def b_cubed(gold: Sequence[str], found: Sequence[Any]) -> float:
    """B-Cubed F1 (Bagga and Baldwin 1998)."""
    golds, founds = Counter(gold), Counter(found)
    both = Counter(zip(gold, found, strict=True))
    precision = sum(n * n / founds[label] for (_, label), n in both.items()) / len(gold)
    recall = sum(n * n / golds[label] for (label, _), n in both.items()) / len(gold)
    return 2 * precision * recall / (precision + recall)


def pairwise(gold: Sequence[str], found: Sequence[Any]) -> float:
    """F1 over the pairs that are put together."""

    def pairs(labels: Iterable[Any]) -> int:
        return sum(n * (n - 1) // 2 for n in Counter(labels).values())

    return 2 * pairs(zip(gold, found, strict=True)) / ((pairs(gold) + pairs(found)) or 1)


def _components(weights: Any) -> Any:
    strong = weights.copy()
    strong.data[strong.data < COMPONENTS_BAR] = 0
    strong.eliminate_zeros()
    return connected_components(strong, directed=False)[1]


def _average_link(weights: Any) -> Any:
    heaviest = max(weights.max(), AVERAGE_BAR)
    distances = heaviest - weights.toarray()
    upper = distances[np.triu_indices(len(distances), 1)]
    return fcluster(linkage(upper, "average"), heaviest - AVERAGE_BAR, criterion="distance")


METHODS: dict[str, Callable[[Any], Any]] = {
    "ours": communities,
    "components": _components,
    "average link": _average_link,
}


def scores(folder: Path) -> int:
    """Print how right each method is on each labelled set of a folder."""
    paths = sorted(folder.glob("*.jsonl.gz"))
    if not paths:
        print(f"{folder} holds no *.jsonl.gz", file=sys.stderr)
        return 2
    print(f"{'set':<12}{'articles':>9}", *(f"{name:>15}" for name in METHODS))
    for path in paths:
        items, gold = read(path)
        features = extract(items)
        weights = graph(features)
        row = []
        for method in METHODS.values():
            labels = method(weights)
            found = [
                labels[place] if place >= 0 else ("alone", number)
                for number, place in enumerate(features.row_of)
            ]
            row.append(f"{b_cubed(gold, found):>9.3f}/{pairwise(gold, found):.3f}")
        print(f"{path.name.removesuffix('.jsonl.gz'):<12}{len(items):>9}", *row, flush=True)
    return 0


# --- How fast


def make(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Made articles of about 800 characters over one day.

    Words follow Zipf's law over a vocabulary that grows with the number of articles (Heaps' law).
    Story sizes follow a power law: most have one article, a few have dozens. Each story has words
    of its own, rare ones, of which every article takes some.
    """
    chance = random.Random(seed)
    words = [_word(number) for number in range(int(20_000 + 40 * count**0.75))]
    common = list(accumulate(1 / (rank + 2.7) for rank in range(len(words))))
    start = datetime(2026, 3, 2, tzinfo=UTC)
    made = 0
    while made < count:
        topic = chance.choices(words[1000:], k=24)
        hour = chance.uniform(0, 20)
        for _ in range(min(int(chance.paretovariate(1.3)), 200, count - made)):
            title = chance.sample(topic, 5) + chance.choices(words, cum_weights=common, k=4)
            body = chance.choices(topic, k=28) + chance.choices(words, cum_weights=common, k=100)
            chance.shuffle(body)
            published = start + timedelta(hours=hour + chance.expovariate(0.5))
            yield {
                "id": f"a{made}",
                "title": " ".join(title),
                "body": " ".join(body)[:CHARACTERS],
                "date": published.isoformat(),
            }
            made += 1


_SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]


def _word(number: int) -> str:
    """A word of its own for each number, longer for a rarer one."""
    letters = ""
    while True:
        number, place = divmod(number, len(_SYLLABLES))
        letters += _SYLLABLES[place]
        if not number:
            return letters
        number -= 1


def _write(count: int, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in make(count))


def _run(path: Path) -> tuple[float, float, float]:
    """A whole process of `digest stories group`: seconds, seconds of processor, peak MiB."""
    command = [sys.executable, "-m", "digest", "stories", "group", str(path), "-o", os.devnull]
    one_core = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    began = time.perf_counter()
    process = subprocess.Popen(command, env=one_core, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"digest stories group ended with {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _yardstick(path: Path) -> str:
    try:
        text = importlib.import_module("sklearn.feature_extraction.text")
    except ImportError:
        return "scikit-learn is not installed"
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    texts = [f"{record['title']} {record['body']}" for record in records]
    began = time.perf_counter()
    text.TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    return f"{time.perf_counter() - began:.2f} s"


def speed(counts: Sequence[int]) -> int:
    """Print the time and peak memory of the command on made articles."""
    print(f"{'articles':>9}{'seconds':>9}{'of CPU':>9}{'peak MiB':>10}", end="")
    print("   TfidfVectorizer on the same texts")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articles.jsonl"
        for count in counts:
            _write(count, path)
            seconds, cpu, peak = _run(path)
            figures = f"{count:>9}{seconds:>9.2f}{cpu:>9.2f}{peak:>10.0f}"
            print(f"{figures}   {_yardstick(path)}", flush=True)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stories", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("scores").add_argument("folder", type=Path)
    kinds.add_parser("speed").add_argument("counts", type=int, nargs="*", default=SPEED_COUNTS)
    making = kinds.add_parser("make")
    making.add_argument("count", type=int)
    making.add_argument("file", type=Path)
    chosen = parser.parse_args(argv)
    if chosen.kind == "scores":
        return scores(chosen.folder)
    if chosen.kind == "speed":
        return speed(chosen.counts)
    _write(chosen.count, chosen.file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
