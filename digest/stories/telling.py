"""The stage as a whole: articles in, stories out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from digest.stories.hand import NO_HAND, Hand, obey
from digest.stories.items import Account, Factor, Item, Story, canonical
from digest.stories.lead import in_order
from digest.stories.ranking import rank

if TYPE_CHECKING:
    from digest.stories.features import Features


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
    items: Iterable[Item],
    *,
    now: datetime,
    weights: Mapping[str, float],
    tags: Mapping[str, float] = MappingProxyType({}),
    hand: Hand = NO_HAND,
) -> list[Story]:
    """Group articles into stories, choose each one's lead, and rank them, the best first.

    Near-duplicates become one account with its versions. A pinned article, or the correction of
    one, leads its story, and its story comes before all that hold none.

    Args:
        items: the articles; no two have one id.
        now: what freshness is measured against; aware.
        weights: how much a section's stories count, by section key; 1 where none is given.
        tags: how much stories count that have a tag, by `digest.text.tag_key`; 1 by default.
        hand: what the editor decided.
    """
    # As in `_group`: what needs numpy is imported where it works.
    from digest.stories.ties import Ties  # noqa: PLC0415
    from digest.stories.versions import collapse  # noqa: PLC0415

    def place(account: Account) -> int:
        return min(hand.place(item.id) for item in account.articles)

    grouping = _group(items, hand)
    ties = Ties(grouping.features)
    stories = []
    for numbers in grouping.groups:
        members = [grouping.items[number] for number in numbers]
        ids = [item.id for item in members]
        tied = dict(zip(ids, ties.tied(numbers, members), strict=True))
        central = dict(zip(ids, ties.central(numbers), strict=True))
        accounts = [
            account.tied_by(tied) for account in collapse(members, now=now, pinned=hand.pins)
        ]
        ordered = sorted(in_order(accounts, central, now=now), key=place)
        score, reasons = rank(ordered, now=now, weights=weights, tags=tags)
        pinned = place(ordered[0]) < len(hand.pins)
        if pinned:
            reasons = (Factor("pinned", 1, 1.0), *reasons)
        stories.append(Story(tuple(ordered), score, reasons, pinned=pinned))
    # The groups come in a fixed order, and sorting keeps it among equals.
    return sorted(stories, key=lambda story: (place(story.accounts[0]), -story.score))


def _group(items: Iterable[Item], hand: Hand) -> _Grouping:
    # numpy, scipy and the solver are slow to import: only here, where they work.
    from digest.stories.features import extract  # noqa: PLC0415
    from digest.stories.grouping import communities  # noqa: PLC0415
    from digest.stories.similarity import graph  # noqa: PLC0415

    ordered = sorted(items, key=canonical)
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
