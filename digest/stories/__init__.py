"""Articles to stories. Pure: no database, network, clock or configuration.

Words (`words`) become weighted vectors (`features`), vectors a sparse graph of likely pairs
(`similarity`), the graph communities (`grouping`), corrected where the editor wants it (`hand`);
each community is a story with a lead (`lead`) and a rank (`ranking`).
"""

from digest.stories.hand import NO_HAND, Hand
from digest.stories.items import Item, Story
from digest.stories.telling import group, tell

__all__ = ["NO_HAND", "Hand", "Item", "Story", "group", "tell"]
