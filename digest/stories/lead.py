"""The order of a story's articles, the lead first: the freshest complete account of the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import prod

from digest.stories.items import Account, Factor

# An account this long is complete, however much longer another is.
COMPLETE_CHARACTERS = 2000
# Of the fullest account in the story, the share that makes another one a whole account too.
COMPLETE_SHARE = 0.5
# A teaser promises an account rather than gives it: its characters count this much.
TEASER_SHARE = 0.5
# A flash still leads where there is nothing else, and a piece of last week where all are flashes.
LEAST_COMPLETE = LEAST_FRESH = 0.05
# After this many hours an account has lost half to a fresh one.
FRESH_HOURS = 24.0
# An account this close to the others, measured by the closest, is about what they are about; below
# it what is left falls with the square, down to the least.
CENTRAL_SHARE = 0.8
LEAST_CENTRAL = 0.25

# One step of the editor's priority outweighs all of the above, and no headline outweighs that.
PRIORITY_TIMES = 1000.0
MOST_PRIORITY = 4
NO_HEADLINE_TIMES = 1e-30


def in_order(
    accounts: Sequence[Account], central: Mapping[str, float], *, now: datetime
) -> list[Account]:
    """The accounts of a story, the lead first, each with the factors of its place.

    A lead has a headline, and the highest priority where the editor gave any. Beyond that its
    place is a product: how complete it is (a share of the fullest account, 1 from a half of it
    on), how fresh against the freshest, and how central: about what the story is about, and not
    beside it (1 for all that are nearly as close to the others as the closest). So a flash does
    not lead before it is a fair account, and a full account gives way to one as full that is
    newer. A date after `now` counts as now.

    Args:
        accounts: the shown articles.
        central: by article id, its mean likeness to the story's other articles, in any unit.
            Versions count in it: what is copied and updated is what the story is about.
        now: aware.
    """
    told = [_told(account) for account in accounts]
    hours = [_hours(account, now) for account in accounts]
    known = [hour for hour in hours if hour is not None]
    freshest = min(known, default=0.0)
    likeness = [central[account.item.id] for account in accounts]
    most_central = max(likeness)
    placed = []
    for account, length, old, alike in zip(accounts, told, hours, likeness, strict=True):
        factors = [] if account.item.title else [Factor("no headline", 1, NO_HEADLINE_TIMES)]
        if priority := account.priority:
            step = max(-MOST_PRIORITY, min(MOST_PRIORITY, priority))
            factors.append(Factor("priority", priority, PRIORITY_TIMES**step))
        share = length / max(1, *told)
        factors += [
            Factor("complete", share, max(LEAST_COMPLETE, min(1.0, share / COMPLETE_SHARE))),
            _freshness(old, freshest),
        ]
        if most_central > 0:
            share = alike / most_central
            about = min(1.0, (share / CENTRAL_SHARE) ** 2)
            factors.append(Factor("central", share, max(LEAST_CENTRAL, about)))
        placed.append(replace(account, order=tuple(factors)))

    def key(place: int) -> tuple[object, ...]:
        item, old = accounts[place].item, hours[place]
        score = prod(factor.times for factor in placed[place].order)
        age = float("inf") if old is None else old
        return (-score, age, -told[place], item.title, item.body, item.id)

    return [placed[place] for place in sorted(range(len(placed)), key=key)]


def _told(account: Account) -> float:
    item = account.item
    length = len(item.body) or len(item.teaser) * TEASER_SHARE
    return min(length, COMPLETE_CHARACTERS)


def _hours(account: Account, now: datetime) -> float | None:
    published = account.item.published
    return None if published is None else max(0.0, (now - published).total_seconds() / 3600)


def _freshness(hours: float | None, freshest: float) -> Factor:
    if hours is None:
        return Factor("no date", 1, LEAST_FRESH)
    behind = hours - freshest
    return Factor("hours behind", behind, max(LEAST_FRESH, 0.5 ** (behind / FRESH_HOURS)))
