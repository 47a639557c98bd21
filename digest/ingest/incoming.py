"""What the readers of files and feeds hand on: articles that came in, and what was rejected."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Incoming:
    """One article as its source tells it: clean text and safe HTML.

    An empty string, or None where that stands, says that the source knows nothing of it.
    `section` holds the parts of its path, `otherwise_section` those of the section it goes to when
    nobody names one. `keys` are the names it goes by, the strongest first (see `identity`);
    `source` says where it comes from: "listing", "page", "jsonl", "feed:<slug>", or
    "feed:<address>" of the site of a feed that came as a file.
    """

    keys: tuple[str, ...]
    source: str
    title: str
    url: str = ""
    external_id: str = ""
    teaser: str = ""
    body: str = ""
    body_html: str = ""
    section: tuple[str, ...] = ()
    otherwise_section: tuple[str, ...] = ()
    tags: tuple[str, ...] | None = None
    authors: tuple[str, ...] | None = None
    image_url: str = ""
    image_alt: str = ""
    image_caption: str = ""
    language: str = ""
    priority: int | None = None
    published: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """What could not be read: `line` counts from 1, None where the whole source is meant.

    A source that is `unopened` held nothing to read, as far as is known.
    """

    source: str
    line: int | None
    reason: str
    unopened: bool = False

    def as_json(self) -> dict[str, Any]:
        """The contract's form."""
        return {"source": self.source, "line": self.line, "reason": self.reason}


@dataclass(slots=True)
class Report:
    """What became of what came in: `read` is the sum of the outcomes of articles."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    without_section: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    undeclared_sections: set[str] = field(default_factory=set)

    @property
    def read(self) -> int:
        """How many articles were found, readable or not."""
        return self.added + self.updated + self.unchanged + self.unreadable

    @property
    def unreadable(self) -> int:
        """How many articles were rejected; a file that is not there is none."""
        return sum(not rejection.unopened for rejection in self.rejected)

    @property
    def found_nothing(self) -> bool:
        """Whether none of the sources could be opened."""
        return bool(self.rejected) and not self.read

    def as_json(self) -> dict[str, Any]:
        """The contract's form."""
        return {
            "read": self.read,
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": [rejection.as_json() for rejection in self.rejected],
            "undeclared_sections": sorted(self.undeclared_sections),
            "without_section": self.without_section,
        }
