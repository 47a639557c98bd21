"""What goes into the stage and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


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


def canonical(item: Item) -> tuple[object, ...]:
    """What articles are put in a fixed order by: all that is known of one, the id first."""
    published = "" if item.published is None else item.published.isoformat()
    return (
        item.id,
        published,
        item.title,
        item.body,
        item.teaser,
        item.section,
        item.tags,
        item.language,
        item.priority,
    )


@dataclass(frozen=True, slots=True)
class Factor:
    """A reason in figures: what was looked at, what was found there, what it multiplies by."""

    factor: str
    value: float | str
    times: float


class VersionKind(StrEnum):
    """What an article is to a version that it stands for.

    A `NOTICE` is the other way round: it says what was wrong in the article, which stays all the
    same because it tells more.
    """

    COPY = "copy"
    UPDATE = "update"
    CORRECTION = "correction"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Version:
    """An article that is not shown, because another stands for it; `tied` is as in `Account`."""

    item: Item
    kind: VersionKind
    tied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """A shown article of a story, with the versions that it stands for.

    `mark` is "update" or "correction" where it is one and its headline does not say so itself.
    The product of `order` gives its place among the story's accounts, after those that are pinned.
    `tied` are words, as this article writes them, that tie it to the others of its story, the most
    telling first.
    """

    item: Item
    versions: tuple[Version, ...] = ()
    mark: str = ""
    order: tuple[Factor, ...] = ()
    tied: tuple[str, ...] = ()

    @property
    def articles(self) -> tuple[Item, ...]:
        """The article and its versions."""
        return (self.item, *(version.item for version in self.versions))

    def tied_by(self, words: Mapping[str, tuple[str, ...]]) -> "Account":
        """The account with what ties it and its versions to the story, by the articles' ids."""
        versions = tuple(replace(version, tied=words[version.item.id]) for version in self.versions)
        return replace(self, versions=versions, tied=words[self.item.id])

    @property
    def priority(self) -> int:
        """The editor's strongest wish among those given to the article and to its versions."""
        return max((item.priority for item in self.articles), key=lambda wish: (abs(wish), wish))


@dataclass(frozen=True, slots=True)
class Story:
    """The accounts of one event, the lead first.

    `score` orders stories, higher is sooner: the product of `reasons`. A `pinned` story, whose
    lead the editor pinned, stands before all that are not, whatever its score.
    """

    accounts: tuple[Account, ...]
    score: float
    reasons: tuple[Factor, ...]
    pinned: bool = False

    @property
    def lead(self) -> Item:
        """The article that carries the story's headline."""
        return self.accounts[0].item

    @property
    def items(self) -> tuple[Item, ...]:
        """Every article of the story, the shown ones first and in their order."""
        shown = tuple(account.item for account in self.accounts)
        return shown + tuple(v.item for account in self.accounts for v in account.versions)
