"""The beginning of a sending: the rendering and the audience are frozen with the edition."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, insert, literal, select, update
from sqlmodel import Session, col

from digest.config import Newsletter, Settings
from digest.editions.calendar import wave
from digest.editions.life import find_edition, load_document, lock_edition
from digest.errors import EditionEndedError, EditionPausedError, NobodySubscribesError
from digest.rendering import RenderedEdition, reader_language
from digest.store import Store
from digest.store.document import EditionDocument
from digest.store.models import (
    Delivery,
    DeliveryStatus,
    Edition,
    EditionStatus,
    Subscriber,
    Subscription,
    SubscriptionStatus,
)
from digest.store.types import UtcDateTime

Render = Callable[[EditionDocument, str | None], RenderedEdition]


def begin(
    store: Store,
    settings: Settings,
    render: Render,
    edition_id: int,
    now: datetime,
    *,
    at_once: bool = False,
) -> Edition:
    """The edition with its rendering and audience frozen; the first of several callers does it.

    Args:
        store: the database.
        settings: of which the newsletter says whether readers have hours of their own.
        render: makes the blocks of a document, with the furniture in a language.
        edition_id: which edition.
        now: when the sending begins.
        at_once: nobody waits for an hour of their own, also where the sending has begun before.

    Raises:
        NoSuchEditionError: there is no such edition.
        EditionPausedError: it is paused.
        EditionEndedError: it was cancelled.
    """
    edition = _read(store, edition_id)
    while edition.status == EditionStatus.DRAFT:
        # Rendering takes its time: the database is not locked for it.
        rendered = _rendered(store, render, load_document(edition))
        with store.write() as session:
            locked = lock_edition(session, edition_id)
            if locked.status == EditionStatus.DRAFT and locked.composed == edition.composed:
                locked.rendered = rendered.model_dump(mode="json")
                prepare_audience(session, settings, locked, now, at_once=at_once)
            edition = locked
    if edition.status == EditionStatus.PAUSED:
        note = f" ({edition.note})" if edition.note else ""
        raise EditionPausedError(edition=edition_id, note=note)
    if edition.status == EditionStatus.CANCELLED:
        raise EditionEndedError(edition=edition_id, status=edition.status, wanted="send")
    if at_once:
        _hurry(store, edition_id, now)
    return edition


def check_readers(session: Session, edition: Edition) -> None:
    """Make sure that a draft has somebody to go to: with an empty audience it would be over.

    Raises:
        NobodySubscribesError: the newsletter has no active subscription.
    """
    if edition.status != EditionStatus.DRAFT:
        return
    status = col(Subscription.status)
    ours = select(status, func.count()).where(col(Subscription.newsletter) == edition.newsletter)
    counts = {row[0]: row[1] for row in session.execute(ours.group_by(status))}
    if counts.get(SubscriptionStatus.ACTIVE):
        return
    pending = counts.get(SubscriptionStatus.PENDING, 0)
    remedy = "`digest subscribers add` or `import` some"
    if pending:
        remedy = "`digest subscribers import` again with --confirmed if they have agreed"
    raise NobodySubscribesError(newsletter=edition.newsletter, pending=pending, remedy=remedy)


def _rendered(store: Store, render: Render, document: EditionDocument) -> RenderedEdition:
    """The edition in every language that one of its readers has now.

    Whoever subscribes with yet another one while it is rendered gets the newsletter's.
    """
    own = document.language
    query = (
        select(col(Subscriber.language))
        .join(Subscription, col(Subscription.subscriber_id) == col(Subscriber.id))
        .where(col(Subscription.newsletter) == document.newsletter)
        .where(col(Subscription.status) == SubscriptionStatus.ACTIVE)
        .distinct()
    )
    with store.read() as session:
        wanted = {reader_language(language, own) for language in session.scalars(query)}
    translations = {language: render(document, language) for language in sorted(wanted - {own})}
    rendered = render(document, None)
    # A template that fails in one language alone failed, too.
    instead = (one.instead for one in (rendered, *translations.values()) if one.instead)
    update = {"translations": translations, "instead": next(instead, "")}
    return rendered.model_copy(update=update)


def prepare_audience(
    session: Session,
    settings: Settings,
    edition: Edition,
    now: datetime,
    *,
    at_once: bool = False,
) -> None:
    """Write a row for each active subscription, and let the sending begin.

    Whoever subscribes later gets the next edition.
    """
    newsletter = settings.newsletter(edition.newsletter)
    waves: dict[str | None, datetime] = {}
    if newsletter.timezone == "subscriber" and not at_once:
        waves = dict(_waves(session, settings, newsletter, edition))
    _write_rows(session, edition, waves, otherwise=waves.get(None, now))
    edition.status = EditionStatus.SENDING
    edition.started = now
    edition.note = ""
    session.add(edition)


def _waves(
    session: Session, settings: Settings, newsletter: Newsletter, edition: Edition
) -> Iterator[tuple[str | None, datetime]]:
    """When readers of each zone are due; None stands for those without one."""
    wall = time.fromisoformat(load_document(edition).send_at)
    query = (
        select(col(Subscriber.timezone))
        .join(Subscription, col(Subscription.subscriber_id) == col(Subscriber.id))
        .where(col(Subscription.newsletter) == newsletter.slug)
        .where(col(Subscription.status) == SubscriptionStatus.ACTIVE)
        .distinct()
    )
    for name in {None, *session.scalars(query)}:
        zone = ZoneInfo(name) if name else settings.zone(newsletter)
        yield name, wave(edition.date, wall, zone, edition.cutoff)


def _write_rows(
    session: Session,
    edition: Edition,
    waves: Mapping[str | None, datetime],
    *,
    otherwise: datetime,
) -> None:
    """A row for each reader, due with their zone's wave.

    One statement for all zones: a reader who moves meanwhile is in it once, wherever they are.
    """
    person = col(Subscriber.id) == col(Subscription.subscriber_id)
    zones = {name: literal(due, UtcDateTime) for name, due in waves.items() if name}
    due: ColumnElement[datetime] = literal(otherwise, UtcDateTime)
    if zones:
        due = case(zones, value=col(Subscriber.timezone), else_=due)
    source = (
        select(
            literal(edition.id),
            col(Subscription.subscriber_id),
            literal(DeliveryStatus.WAITING.value),
            literal(""),
            literal(""),
            literal(0),
            due,
            literal(""),
            literal(0),
        )
        .join(Subscriber, person)
        .where(col(Subscription.newsletter) == edition.newsletter)
        .where(col(Subscription.status) == SubscriptionStatus.ACTIVE)
    )
    columns = ["edition_id", "subscriber_id", "status", "reason", "reply"]
    columns += ["attempts", "due", "claimed_by", "fence"]
    session.connection().execute(insert(Delivery).from_select(columns, source))


def _read(store: Store, edition_id: int) -> Edition:
    with store.read() as session:
        return find_edition(session, edition_id)


def _hurry(store: Store, edition_id: int, now: datetime) -> None:
    with store.write() as session:
        late = update(Delivery).where(
            col(Delivery.edition_id) == edition_id,
            col(Delivery.status) == DeliveryStatus.WAITING,
            col(Delivery.due) > now,
        )
        session.connection().execute(late.values(due=now))
