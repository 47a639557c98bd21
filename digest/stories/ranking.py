"""How much a story matters today, and why."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from digest.sections import ancestors
from digest.stories.items import Account, Factor, Item
from digest.text import tag_key

# After this many hours a story's news has lost half of what freshness can give.
FRESH_HOURS = 12.0
# What is left of a story's score when nothing about it is fresh.
STALE_SHARE = 0.5
# Priorities beyond this many steps count as this many.
MOST_PRIORITY = 20


def rank(
    accounts: Sequence[Account],
    *,
    now: datetime,
    weights: Mapping[str, float],
    tags: Mapping[str, float],
) -> tuple[float, tuple[Factor, ...]]:
    """A story's score, higher for sooner, and the factors whose product it is.

    The score is log2(1 + accounts) · freshness · section · tags · 2^priority. Versions of one
    article are one account. Freshness goes from 1 for just published down to a half. Of the
    sections' weights (`weights` by section key; a section without one has that of the nearest
    section above it, or else 1) the largest among the story's articles counts, and so it is with
    tags (`tags` by `tag_key`), where an article has the product of its largest weight above 1 and
    its least below. The priority is the highest among the accounts. A date after `now` counts as
    now.
    """
    articles = [item for account in accounts for item in account.articles]
    factors = [Factor("size", len(accounts), math.log2(1 + len(accounts)))]
    dates = [account.item.published for account in accounts if account.item.published is not None]
    if dates:
        hours = max(0.0, (now - max(dates)).total_seconds() / 3600)
        fresh = STALE_SHARE + (1 - STALE_SHARE) * 0.5 ** (hours / FRESH_HOURS)
        factors.append(Factor("hours old", hours, fresh))
    else:
        factors.append(Factor("no date", 1, STALE_SHARE))
    weight, section = max((_section_weight(item, weights), item.section) for item in articles)
    if weight != 1:
        factors.append(Factor("section", section, weight))
    weight, named = max(_tag_weight(item, tags) for item in articles)
    if weight != 1:
        factors.append(Factor("tags", named, weight))
    if priority := max(account.priority for account in accounts):
        step = max(-MOST_PRIORITY, min(MOST_PRIORITY, priority))
        factors.append(Factor("priority", priority, 2.0**step))
    return math.prod(factor.times for factor in factors), tuple(factors)


def _section_weight(item: Item, weights: Mapping[str, float]) -> float:
    return next((weights[key] for key in ancestors(item.section) if key in weights), 1.0)


def _tag_weight(item: Item, weights: Mapping[str, float]) -> tuple[float, str]:
    """The weight of an article's tags, and the tags that make it."""
    known = sorted((weights[tag_key(tag)], tag) for tag in item.tags if tag_key(tag) in weights)
    raising = [pair for pair in known[-1:] if pair[0] > 1]
    counted = raising + [pair for pair in known[:1] if pair[0] < 1]
    return math.prod(weight for weight, _ in counted), ", ".join(tag for _, tag in counted)
