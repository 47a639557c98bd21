"""The stage as a whole: articles in, stories out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digest.stories.hand import NO_HAND, Hand, obey
from digest.stories.items import Item, Story
from digest.stories.lead import in_order
from digest.stories.ranking import rank

if TYPE_CHECKING:
    from digest.stories.features import Features

# How many shared terms a story shows.
TIED_TERMS = 8
PINNED = "pinned by the editor"


@dataclass(frozen=True)
class _Grouping:
    items: list[Item]
    groups: list[list[int]]
    features: "Features"


def group(items: Iterable[Item], hand: Hand = NO_HAND) -> list[list[Item]]:
    """Partition articles into stories, as the editor wants where `hand` says so.

    Pure and deterministic: the same items in another order, process or hash seed give the same
    stories, each in one fixed order. Articles with the same words and language are always
    together; articles of different languages never are; one without any word is alone. The
    editor may want it otherwise in each of these.
    """
    grouping = _group(items, hand)
    return [[grouping.items[number] for number in numbers] for numbers in grouping.groups]


def tell(
    items: Iterable[Item], *, now: datetime, weights: Mapping[str, float], hand: Hand = NO_HAND
) -> list[Story]:
    """Group articles into stories, choose each one's lead, and rank them, the best first.

    A pinned article leads its story, and its story comes before all that hold none.

    Args:
        items: the articles.
        now: what freshness is measured against; aware.
        weights: how much a section's stories count, by section key; 1 where none is given.
        hand: what the editor decided.
    """
    grouping = _group(items, hand)
    stories = []
    for numbers in grouping.groups:
        ordered = in_order([grouping.items[number] for number in numbers], now=now)
        ordered.sort(key=lambda item: hand.place(item.id))
        score, reasons = rank(ordered, now=now, weights=weights)
        pinned = ordered[0].id in hand.pins
        if pinned:
            reasons = (PINNED, *reasons)
        tied = _tied(grouping.features, numbers)
        stories.append(Story(tuple(ordered), score, reasons, tied, pinned=pinned))
    # The groups come in a fixed order, and sorting keeps it among equals.
    return sorted(stories, key=lambda story: (hand.place(story.lead.id), -story.score))


def _group(items: Iterable[Item], hand: Hand) -> _Grouping:
    # numpy, scipy and the solver are slow to import: only here, where they work.
    from digest.stories.features import extract  # noqa: PLC0415
    from digest.stories.grouping import communities  # noqa: PLC0415
    from digest.stories.similarity import graph  # noqa: PLC0415

    ordered = sorted(items, key=_canonical)
    features = extract(ordered)
    weights = graph(features)
    labels = communities(weights).tolist()
    members: dict[tuple[str, int], list[int]] = {}
    for number, row in enumerate(features.row_of.tolist()):
        key = ("alone", number) if row < 0 else ("story", labels[row])
        members.setdefault(key, []).append(number)
    groups = list(members.values())
    if hand.together or hand.apart:
        groups = obey(groups, [item.id for item in ordered], hand, features.row_of, weights)
    return _Grouping(ordered, groups, features)


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
