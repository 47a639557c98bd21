"""Labelled sets of news, and how right a partition of one is."""

import gzip
import json
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digest.stories import Item

# What the macro figures are the mean of, and what thresholds and models are chosen on. Others in
# the folder are scored, too.
MACRO = ("uci", "ecbplus", "basil", "wikinews", "mix_open")

Labels = Sequence[Hashable]


@dataclass(frozen=True)
class LabelledSet:
    """Articles and the label of each: equal within a story."""

    name: str
    items: tuple[Item, ...]
    gold: tuple[str, ...]


def read_folder(folder: Path) -> list[LabelledSet]:
    """The labelled sets `*.jsonl.gz` of a folder: those of the macro figures first.

    A line has id, title, body, cluster, and perhaps date and lang. The articles of a set are in
    the order of their ids, whatever the order of the lines.
    """
    paths = {path.name.removesuffix(".jsonl.gz"): path for path in folder.glob("*.jsonl.gz")}
    names = [name for name in MACRO if name in paths]
    names += sorted(paths.keys() - set(MACRO))
    return [_read(name, paths[name]) for name in names]


def _read(name: str, path: Path) -> LabelledSet:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines if line.strip()]
    records.sort(key=lambda record: record["id"])
    gold = tuple(record["cluster"] for record in records)
    return LabelledSet(name, tuple(map(from_record, records)), gold)


def from_record(record: dict[str, Any]) -> Item:
    """The article of a line."""
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


def others(held_out: LabelledSet, sets: Iterable[LabelledSet]) -> list[LabelledSet]:
    """What may be learned from before `held_out` is scored: the other sets of the macro figures.

    Without the articles that they share with it, by id or by words: some sets are mixed out of
    the rest.
    """
    ids = {item.id for item in held_out.items}
    texts = set(map(_words, held_out.items))
    found = []
    for other in sets:
        if other.name == held_out.name or other.name not in MACRO:
            continue
        kept = [
            (item, label)
            for item, label in zip(other.items, other.gold, strict=True)
            if item.id not in ids and _words(item) not in texts
        ]
        if kept:
            items, gold = zip(*kept, strict=True)
            found.append(LabelledSet(other.name, items, gold))
    return found


def _words(item: Item) -> tuple[str, ...]:
    return tuple(f"{item.title} {item.body}".casefold().split())


def b_cubed(gold: Labels, found: Labels) -> float:
    """B-Cubed F1 (Bagga and Baldwin 1998)."""
    golds, founds = Counter(gold), Counter(found)
    both = Counter(zip(gold, found, strict=True))
    precision = sum(n * n / founds[label] for (_, label), n in both.items()) / len(gold)
    recall = sum(n * n / golds[label] for (label, _), n in both.items()) / len(gold)
    return 2 * precision * recall / (precision + recall)


def pairwise(gold: Labels, found: Labels) -> float:
    """F1 over the pairs that are put together; 1 where both put none together."""

    def pairs(labels: Iterable[Hashable]) -> int:
        return sum(n * (n - 1) // 2 for n in Counter(labels).values())

    both, either = pairs(zip(gold, found, strict=True)), pairs(gold) + pairs(found)
    return 2 * both / either if either else 1.0


def goodness(gold: Labels, found: Labels) -> float:
    """What thresholds are chosen by: the mean of both scores."""
    return (b_cubed(gold, found) + pairwise(gold, found)) / 2
