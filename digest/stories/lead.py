"""The order of a story's articles, the lead first: the freshest complete account."""

from collections.abc import Sequence
from datetime import UTC, datetime

from digest.stories.items import Item

# An account this long is complete, however much longer another is.
COMPLETE_CHARACTERS = 2000
# Of the fullest account in the story, the share that makes another one a whole account too.
COMPLETE_SHARE = 0.5

_NEVER = datetime.min.replace(tzinfo=UTC)


def in_order(items: Sequence[Item], *, now: datetime) -> list[Item]:
    """The articles of a story, the lead first.

    The lead has a headline and, if the editor gave priorities, the highest; among those it is the
    freshest that tells at least half as much as the fullest account. The others follow by
    priority, then the fresher first. A date after `now` counts as now.
    """

    def told(item: Item) -> int:
        return min(len(item.body or item.teaser), COMPLETE_CHARACTERS)

    def key(item: Item) -> tuple[object, ...]:
        when = _NEVER if item.published is None else min(item.published, now)
        return (item.priority, when, told(item), item.title, item.body, item.id)

    enough = COMPLETE_SHARE * max(map(told, items))
    lead = max(
        items, key=lambda item: (bool(item.title), item.priority, told(item) >= enough, key(item))
    )
    others = sorted((item for item in items if item is not lead), key=key, reverse=True)
    return [lead, *others]
