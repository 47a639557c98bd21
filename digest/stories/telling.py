"""The stage as a whole: articles in, stories out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from digest.stories.hand import NO_HAND, Hand
from digest.stories.items import Account, Factor, Item, Story
from digest.stories.lead import in_order
from digest.stories.ranking import rank

# Before all that can be weighed.
PINNED = Factor("pinned", 1, 1.0)


def group(items: Iterable[Item], hand: Hand = NO_HAND) -> list[list[Item]]:
    """Partition articles into stories, as the editor wants where `hand` says so.

    Pure and deterministic: the same items in another order, process or hash seed give the same
    stories, each in one fixed order. Articles with the same words and language are always
    together; articles of different languages never are; one without any word is alone. The
    editor may want it otherwise in each of these.
    """
    from digest.stories.day import Day  # noqa: PLC0415 - with numpy, which is slow to import

    day = Day(items)
    return [[day.items[number] for number in numbers] for numbers in day.groups(hand)]


def tell(
    items: Iterable[Item],
    *,
    now: datetime,
    weights: Mapping[str, float],
    tags: Mapping[str, float] = MappingProxyType({}),
    hand: Hand = NO_HAND,
) -> list[Story]:
    """Group articles into stories, choose each one's lead, and rank them, the best first.

    Near-duplicates become one account with its versions. A pinned article, or the version of it
    that is shown, leads its story, and its story comes before all that hold none.

    Args:
        items: the articles; no two have one id.
        now: what freshness is measured against; aware.
        weights: how much a section's stories count, by section key; 1 where none is given.
        tags: how much stories count that have a tag, by `digest.text.tag_key`; 1 by default.
        hand: what the editor decided.
    """
    from digest.stories.day import Day  # noqa: PLC0415 - as in `group`
    from digest.stories.ties import Ties  # noqa: PLC0415
    from digest.stories.versions import collapse  # noqa: PLC0415

    def place(account: Account) -> int:
        return min(hand.place(item.id) for item in account.articles)

    day = Day(items)
    ties = Ties(day.features)
    stories = []
    for numbers in day.groups(hand):
        members = [day.items[number] for number in numbers]
        ids = [item.id for item in members]
        tied = dict(zip(ids, ties.tied(numbers, members), strict=True))
        central = dict(zip(ids, ties.central(numbers), strict=True))
        accounts = [
            account.tied_by(tied) for account in collapse(members, now=now, pinned=hand.places)
        ]
        ordered = sorted(in_order(accounts, central, now=now), key=place)
        score, reasons = rank(ordered, now=now, weights=weights, tags=tags)
        pinned = sum(place(account) < len(hand.pins) for account in ordered)
        if pinned:
            reasons = (PINNED, *reasons)
            ordered[:pinned] = [
                replace(account, order=(PINNED, *account.order)) for account in ordered[:pinned]
            ]
        stories.append(Story(tuple(ordered), score, reasons, pinned=bool(pinned)))
    # The groups come in a fixed order, and sorting keeps it among equals.
    return sorted(stories, key=lambda story: (place(story.accounts[0]), -story.score))
