"""What goes into the stage and what comes out of it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Item:
    """An article as this stage sees it. Everything but the id may be missing.

    `published` is aware; `section` is a section's key (`digest.sections.section_key`); `language`
    is a BCP 47 tag, of which only the primary part counts; a higher `priority` is the editor's
    wish to see the article sooner, a lower one later.
    """

    id: str
    title: str = ""
    body: str = ""
    teaser: str = ""
    published: datetime | None = None
    section: str = ""
    tags: tuple[str, ...] = ()
    language: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """The articles on one event, the lead first.

    `score` orders stories (higher is sooner); `reasons` says in short words what it is made of;
    `tied` holds the folded terms that the lead shares with the others, the heaviest first. A
    `pinned` story stands first whatever its score.
    """

    items: tuple[Item, ...]
    score: float
    reasons: tuple[str, ...]
    tied: tuple[str, ...]
    pinned: bool = False

    @property
    def lead(self) -> Item:
        """The article that carries the story's headline."""
        return self.items[0]
