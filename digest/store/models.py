"""The tables. Their rows serve as the domain's objects; pure code reads their attributes only."""

from datetime import date as Date  # noqa: N812 - `date` is also a column's name
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from digest.store.types import UtcDateTime

# SQLite counts rows only in INTEGER; PostgreSQL gets room for more than two thousand million.
BigId = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def _ref(
    target: str,
    *,
    on_delete: str = "CASCADE",
    nullable: bool = False,
    index: bool = False,
    primary_key: bool = False,
) -> Any:
    key = ForeignKey(target, ondelete=on_delete)
    column = Column(BigId, key, nullable=nullable, index=index, primary_key=primary_key)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


def _instant(*, nullable: bool = False) -> Any:
    column = Column(UtcDateTime, nullable=nullable)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


def _json() -> Any:
    """A JSON value that may be absent; absent is NULL, not the JSON word `null`."""
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))


class Section(SQLModel, table=True):
    """A place in the tree of sections; `key` is its path, normalised and case-folded."""

    __tablename__ = "section"

    id: int | None = _id()
    key: str = Field(unique=True)
    path: str
    parent_id: int | None = _ref("section.id", on_delete="SET NULL", nullable=True)
    declared: bool = False


class Article(SQLModel, table=True):
    """One published piece, as clean text and safe HTML."""

    __tablename__ = "article"
    # What an edition asks for: the articles of some sections, published in a window.
    __table_args__ = (
        Index("ix_article_section_published", "section_id", "published"),
        Index("ix_article_published", "published"),
        Index("ix_article_known_published", "known", "published"),
    )

    id: int | None = _id()
    title: str
    url: str = ""
    teaser: str = ""
    body: str = ""
    body_html: str = ""
    section_id: int = _ref("section.id", on_delete="RESTRICT")
    tags: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    authors: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    image_url: str = ""
    image_alt: str = ""
    image_caption: str = ""
    language: str = ""
    priority: int = 0
    source: str = ""
    published: datetime = _instant()
    known: datetime = _instant()
    changed: datetime = _instant()


class ArticleKey(SQLModel, table=True):
    """A name an article goes by: its canonical address, an external id, or its title and time."""

    __tablename__ = "article_key"

    key: str = Field(primary_key=True)
    article_id: int = _ref("article.id", index=True)


class PairKind(StrEnum):
    """What an editor wants of two articles: one story, or never in one story."""

    TOGETHER = "together"
    APART = "apart"


class ArticlePair(SQLModel, table=True):
    """Two articles that an editor keeps together or apart; the lower number comes first."""

    __tablename__ = "article_pair"
    __table_args__ = (CheckConstraint("first_id < second_id", name="ck_article_pair_order"),)

    first_id: int = _ref("article.id", primary_key=True)
    second_id: int = _ref("article.id", primary_key=True, index=True)
    kind: str
    note: str = ""
    made: datetime = _instant()


class MarkKind(StrEnum):
    """What an editor wants of an article: first of all, or not at all."""

    PINNED = "pinned"
    HIDDEN = "hidden"


class ArticleMark(SQLModel, table=True):
    """An article that an editor pinned or hid in a newsletter, "" for all newsletters.

    Pinned ones stand in the order of their ids: the order in which they were pinned.
    """

    __tablename__ = "article_mark"
    __table_args__ = (UniqueConstraint("article_id", "newsletter"),)

    id: int | None = _id()
    article_id: int = _ref("article.id")
    newsletter: str = ""
    kind: str
    note: str = ""
    made: datetime = _instant()


class FeedState(SQLModel, table=True):
    """What is known of a feed between two polls."""

    __tablename__ = "feed_state"

    slug: str = Field(primary_key=True)
    url: str
    etag: str = ""
    modified: str = ""
    polled: datetime | None = _instant(nullable=True)
    succeeded: datetime | None = _instant(nullable=True)
    next_poll: datetime | None = _instant(nullable=True)
    failures: int = 0
    error: str = ""


class Subscriber(SQLModel, table=True):
    """A person; `key` is the address case-folded, so that nobody is there twice."""

    __tablename__ = "subscriber"

    id: int | None = _id()
    email: str
    key: str = Field(unique=True)
    name: str = ""
    timezone: str | None = None
    language: str | None = None
    created: datetime = _instant()


class SubscriptionStatus(StrEnum):
    """Where a person's tie to a newsletter stands."""

    PENDING = "pending"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"


class Subscription(SQLModel, table=True):
    """The tie of a person to a newsletter; `sections` are chosen paths, None for all."""

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "newsletter"),
        Index("ix_subscription_newsletter_status", "newsletter", "status"),
    )

    id: int | None = _id()
    subscriber_id: int = _ref("subscriber.id")
    newsletter: str
    status: str = SubscriptionStatus.PENDING
    sections: list[str] | None = _json()
    consent: str = ""
    created: datetime = _instant()
    confirmed: datetime | None = _instant(nullable=True)
    unsubscribed: datetime | None = _instant(nullable=True)


class Suppression(SQLModel, table=True):
    """An address that is never mailed; `key` is the address case-folded."""

    __tablename__ = "suppression"

    key: str = Field(primary_key=True)
    reason: str
    note: str = ""
    created: datetime = _instant()


class EditionStatus(StrEnum):
    """Where an edition stands in its life."""

    DRAFT = "draft"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


class Edition(SQLModel, table=True):
    """One dated, numbered issue of a newsletter; `document` is frozen once composed.

    `rendered` is the document as blocks, frozen when sending begins, so that every reader and
    every attempt gets the same bytes.
    """

    __tablename__ = "edition"
    __table_args__ = (
        UniqueConstraint("newsletter", "date"),
        UniqueConstraint("newsletter", "number"),
    )

    id: int | None = _id()
    newsletter: str
    date: Date
    number: int
    status: str = EditionStatus.DRAFT
    cutoff: datetime = _instant()
    composed: datetime = _instant()
    document: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    rendered: dict[str, Any] | None = _json()
    started: datetime | None = _instant(nullable=True)
    completed: datetime | None = _instant(nullable=True)
    note: str = ""


class EditionStory(SQLModel, table=True):
    """A story as it stands in an edition."""

    __tablename__ = "edition_story"

    id: int | None = _id()
    edition_id: int = _ref("edition.id", index=True)
    position: int
    section: str
    headline: str
    lead_id: int = _ref("article.id", on_delete="RESTRICT")
    score: float
    top: bool = False


class EditionArticle(SQLModel, table=True):
    """An article's place in an edition; never in two editions of one newsletter."""

    __tablename__ = "edition_article"
    __table_args__ = (UniqueConstraint("newsletter", "article_id"),)

    edition_id: int = _ref("edition.id", primary_key=True)
    article_id: int = _ref("article.id", on_delete="RESTRICT", primary_key=True)
    newsletter: str
    story_id: int = _ref("edition_story.id", index=True)
    position: int


class Exclusion(SQLModel, table=True):
    """Why an article is not in an edition."""

    __tablename__ = "exclusion"

    edition_id: int = _ref("edition.id", primary_key=True)
    article_id: int = _ref("article.id", primary_key=True)
    reason: str


class DeliveryStatus(StrEnum):
    """Where one edition's way to one subscriber stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DEFERRED = "deferred"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"


TRIABLE = (DeliveryStatus.WAITING, DeliveryStatus.DEFERRED)
"""Deliveries that a sender may claim when they are due."""
OPEN = (*TRIABLE, DeliveryStatus.CLAIMED)
"""Deliveries that still have something before them: an edition with any of them is not complete."""


class Delivery(SQLModel, table=True):
    """One edition to one subscriber. The row outlives the subscriber's erasure, nameless.

    `reason` is a word for why it was skipped; `reply` is what the server said.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("edition_id", "subscriber_id"),
        Index("ix_delivery_edition_status_due", "edition_id", "status", "due"),
    )

    id: int | None = _id()
    edition_id: int = _ref("edition.id")
    subscriber_id: int | None = _ref(
        "subscriber.id", on_delete="SET NULL", nullable=True, index=True
    )
    status: str = DeliveryStatus.WAITING
    reason: str = ""
    code: int | None = None
    reply: str = ""
    attempts: int = 0
    due: datetime = _instant()
    claimed_by: str = ""
    claimed_until: datetime | None = _instant(nullable=True)
    fence: int = 0
    finished: datetime | None = _instant(nullable=True)


class Pace(SQLModel, table=True):
    """What may still leave to a server or a destination; see `delivery.pace.Bucket`."""

    __tablename__ = "pace"

    key: str = Field(primary_key=True)
    tokens: float = 0.0
    at: datetime | None = _instant(nullable=True)
    held_until: datetime | None = _instant(nullable=True)
    setbacks: int = 0
    day: Date | None = None
    sent: int = 0


class NoticeStatus(StrEnum):
    """Where a notice's way to one address stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


class Notice(SQLModel, table=True):
    """What the desk is told of: `key` names the matter, of which each address hears once.

    `mail` is the folder of its templates, `facts` what they are filled with, `newsletter` whose
    address it comes from. It is `uncertain` from the moment before it leaves until the server's
    answer is recorded: a program that dies between leaves it so.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("key", "email"),
        Index("ix_notice_status_due", "status", "due"),
    )

    id: int | None = _id()
    key: str
    email: str
    mail: str
    newsletter: str
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    made: datetime = _instant()
    status: str = NoticeStatus.WAITING
    due: datetime = _instant()
    attempts: int = 0
    reply: str = ""
