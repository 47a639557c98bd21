"""The stage as a whole: articles in, stories out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digest.stories.items import Item, Story
from digest.stories.lead import in_order
from digest.stories.ranking import rank

if TYPE_CHECKING:
    from digest.stories.features import Features

# How many shared terms a story shows.
TIED_TERMS = 8


@dataclass(frozen=True)
class _Grouping:
    items: list[Item]
    groups: list[list[int]]
    features: "Features"


def group(items: Iterable[Item]) -> list[list[Item]]:
    """Partition articles into stories.

    Pure and deterministic: the same items in another order, process or hash seed give the same
    stories, each in one fixed order. Articles with the same words and language are always
    together; articles of different languages never are; one without any word is alone.
    """
    grouping = _group(items)
    return [[grouping.items[number] for number in numbers] for numbers in grouping.groups]


def tell(items: Iterable[Item], *, now: datetime, weights: Mapping[str, float]) -> list[Story]:
    """Group articles into stories, choose each one's lead, and rank them, the best first.

    Args:
        items: the articles.
        now: what freshness is measured against; aware.
        weights: how much a section's stories count, by section key; 1 where none is given.
    """
    grouping = _group(items)
    stories = []
    for numbers in grouping.groups:
        ordered = in_order([grouping.items[number] for number in numbers], now=now)
        score, reasons = rank(ordered, now=now, weights=weights)
        stories.append(Story(tuple(ordered), score, reasons, _tied(grouping.features, numbers)))
    # The groups come in a fixed order, and sorting keeps it among equals.
    return sorted(stories, key=lambda story: -story.score)


def _group(items: Iterable[Item]) -> _Grouping:
    # numpy, scipy and the solver are slow to import: only here, where they work.
    from digest.stories.features import extract  # noqa: PLC0415
    from digest.stories.grouping import communities  # noqa: PLC0415
    from digest.stories.similarity import graph  # noqa: PLC0415

    ordered = sorted(items, key=_canonical)
    features = extract(ordered)
    labels = communities(graph(features)).tolist()
    members: dict[tuple[str, int], list[int]] = {}
    for number, row in enumerate(features.row_of.tolist()):
        key = ("alone", number) if row < 0 else ("story", labels[row])
        members.setdefault(key, []).append(number)
    return _Grouping(ordered, list(members.values()), features)


def _canonical(item: Item) -> tuple[object, ...]:
    published = "" if item.published is None else item.published.isoformat()
    return (
        item.id,
        published,
        item.title,
        item.body,
        item.teaser,
        item.section,
        item.tags,
        item.language,
        item.priority,
    )


def _tied(features: "Features", numbers: Sequence[int]) -> tuple[str, ...]:
    """The words that weigh most in the story among those that two of its articles or more hold."""
    rows = [row for row in features.row_of[list(numbers)] if row >= 0]
    vectors = features.vectors[rows]
    shared = vectors.getnnz(axis=0) > 1
    weights = vectors.multiply(shared[None, :]).sum(axis=0).A1
    best = sorted(weights.nonzero()[0], key=lambda term: (-weights[term], features.stems[term]))
    return tuple(features.stems[term] for term in best[:TIED_TERMS])
