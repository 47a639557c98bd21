"""How much a story matters today, and why."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from digest.sections import ancestors
from digest.stories.items import Item

# After this many hours a story's news has lost half of what freshness can give.
FRESH_HOURS = 12.0
# What is left of a story's score when nothing about it is fresh.
STALE_SHARE = 0.5


def rank(
    items: Sequence[Item], *, now: datetime, weights: Mapping[str, float]
) -> tuple[float, tuple[str, ...]]:
    """A story's score, higher for sooner, and what it is made of in short words.

    The score is log2(1 + articles) · freshness · section weight · 2^priority, with freshness from
    1 for just published down to a half, the highest priority among the articles, and the largest
    weight among their sections (`weights` by section key; a section without one has that of the
    nearest section above it, or else 1). A date after `now` counts as now.
    """
    count = len(items)
    reasons = [f"{count} articles" if count > 1 else "1 article"]
    dates = [item.published for item in items if item.published is not None]
    freshness = STALE_SHARE
    if dates:
        hours = max(0.0, (now - max(dates)).total_seconds() / 3600)
        freshness += (1 - STALE_SHARE) * 0.5 ** (hours / FRESH_HOURS)
        reasons.append(f"{hours:.0f} h old")
    else:
        reasons.append("no date")
    weight = max(_weight(item.section, weights) for item in items)
    if weight != 1:
        reasons.append(f"section weight {weight:g}")
    priority = max(item.priority for item in items)
    if priority:
        reasons.append(f"priority {priority:+d}")
    return math.log2(1 + count) * freshness * weight * 2.0**priority, tuple(reasons)


def _weight(section: str, weights: Mapping[str, float]) -> float:
    return next((weights[key] for key in ancestors(section) if key in weights), 1.0)
