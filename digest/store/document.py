"""The frozen document of an edition: all that its rendering needs, and nothing of any reader."""

from datetime import date as Date  # noqa: N812 - `date` is also a field's name
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Placement(StrEnum):
    """How a story is shown: before all sections, within its section, or by its headline alone."""

    TOP = "top"
    STORY = "story"
    BRIEF = "brief"


class Image(_Frozen):
    """A story's picture."""

    url: str
    alt: str = ""
    caption: str = ""


class Factor(_Frozen):
    """A reason in figures: what was looked at, what was found there, what it multiplies by."""

    factor: str
    value: float | str
    times: float


class Version(_Frozen):
    """An article of a story that is not shown: another stands for it.

    `kind` says what the other is to it: a copy, an update or a correction; or that this one is the
    notice of a correction to the other.
    """

    article: int
    title: str
    url: str
    section: str
    published: datetime
    kind: str
    tied: tuple[str, ...] = ()


class RelatedArticle(_Frozen):
    """An article of a story beside its lead.

    `mark` is "update" or "correction" where it is one, and its title does not say so itself;
    `correction` what a notice says was wrong in it; `order` the factors of its place, whose product
    is higher for sooner; `tied` words of it that tie it to the story's other articles.
    """

    article: int
    title: str
    url: str
    section: str
    published: datetime
    mark: str = ""
    correction: str = ""
    versions: tuple[Version, ...] = ()
    order: tuple[Factor, ...] = ()
    tied: tuple[str, ...] = ()


class StoryEntry(_Frozen):
    """A story as the edition tells it: the lead's headline, and what belongs to it.

    `section` is the path of the lead's section; `heading` the key of the newsletter's section it
    stands under; `sections` the section keys of all its articles, the lead's first: a reader who
    chose any of them gets the story. `mark`, `correction`, `versions`, `order` and `tied` are the
    lead's, as in `RelatedArticle`. The product of `reasons` is the score; editions of earlier
    releases have their reasons in words.
    """

    position: int
    headline: str
    lead: int
    url: str
    teaser: str = ""
    section: str
    heading: str
    sections: tuple[str, ...]
    placement: Placement
    published: datetime
    updated: datetime | None = None
    language: str = ""
    image: Image | None = None
    related: tuple[RelatedArticle, ...] = ()
    score: float = 0.0
    reasons: tuple[Factor | str, ...] = ()
    mark: str = ""
    correction: str = ""
    versions: tuple[Version, ...] = ()
    order: tuple[Factor, ...] = ()
    tied: tuple[str, ...] = ()

    @property
    def articles(self) -> int:
        """How many articles the story shows, its lead included."""
        return 1 + len(self.related)

    @property
    def accounts(self) -> "dict[int, StoryEntry | RelatedArticle]":
        """What is shown, by the articles' numbers, the lead first."""
        return {self.lead: self, **{related.article: related for related in self.related}}

    @property
    def members(self) -> tuple[int, ...]:
        """Every article that has its place here: the lead, the others, all their versions."""
        accounts = self.accounts
        older = (version for account in accounts.values() for version in account.versions)
        return (*accounts, *(version.article for version in older))


class Heading(_Frozen):
    """A section of the newsletter, in its order."""

    key: str
    path: str
    title: str


class Figure(_Frozen):
    """What a panel says of one thing: Sofia, 4° / 11°."""

    label: str
    value: str
    url: str = ""


class Panel(_Frozen):
    """A small block under the masthead, as it was when the edition was composed."""

    name: str
    title: str = ""
    figures: tuple[Figure, ...]


class EditionDocument(_Frozen):
    """A dated, numbered edition. `stories` stand in the order of their rank.

    `send_at` is the wall time ("07:00") at which it goes out in `timezone`.
    """

    newsletter: str
    title: str
    strapline: str = ""
    date: Date
    number: int
    language: str
    timezone: str
    send_at: str
    cutoff: datetime
    panels: tuple[Panel, ...] = ()
    headings: tuple[Heading, ...]
    stories: tuple[StoryEntry, ...]
