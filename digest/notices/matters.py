"""Matters for the desk: what the database shows that a person should know, or act on.

They are read from where editions and feeds stand, not handed over by who made them stand there: a
program that is killed in between loses none.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlmodel import Session, col

from digest.config import Settings
from digest.delivery import tally
from digest.delivery.control import pause_matter
from digest.delivery.transitions import GAVE_UP
from digest.editions.calendar import first_candidate, missed
from digest.editions.life import GIVEN_UP, NO_ARTICLES, schedule_of
from digest.ingest.identity import without_credentials
from digest.notices.record import Matter, known
from digest.store.models import (
    Delivery,
    DeliveryStatus,
    Edition,
    EditionStatus,
    FeedState,
    Notice,
)
from digest.store.rows import among

RECENT = timedelta(days=2)
"""What is longer past is no news to anybody who is to be notified from now on."""
FEED_PATIENCE = timedelta(days=1)
FAILURES = 5
"""So often a feed that was never read has failed until the desk hears of it."""

_UNREACHED = (DeliveryStatus.REFUSED, DeliveryStatus.UNCERTAIN)


def failure(newsletter: str, day: date, why: str) -> Matter:
    """An edition that was due could not be brought out, or its sending fails again and again."""
    facts = {"date": day.isoformat(), "reason": why}
    return Matter(f"failed {newsletter} {day}", "failed", newsletter, facts)


def of_editions(session: Session, settings: Settings, now: datetime) -> Iterator[Matter]:
    """Editions that the program paused or skipped, or that did not reach all of their readers."""
    status, ended = col(Edition.status), col(Edition.completed) >= now - RECENT
    unreached = exists().where(
        col(Delivery.edition_id) == col(Edition.id), col(Delivery.status).in_(_UNREACHED)
    )
    of_interest = or_(
        # An operator's own pause has no note.
        and_(status == EditionStatus.PAUSED, col(Edition.note) != ""),
        and_(status == EditionStatus.CANCELLED, col(Edition.note) == NO_ARTICLES, ended),
        and_(status == EditionStatus.SENT, ended, unreached),
    )
    columns = [col(Edition.id), col(Edition.newsletter), col(Edition.date), status]
    query = select(*columns, col(Edition.note)).where(of_interest).order_by(col(Edition.id))
    found = [row for row in session.execute(query) if _is_declared(settings, row.newsletter)]
    keys = {row.id: _key(row) for row in found}
    told = known(session, set(keys.values()))
    for row in found:
        if keys[row.id] not in told:
            yield _of_edition(session, row, keys[row.id])


def _key(row: Any) -> str:
    match row.status:
        case EditionStatus.PAUSED:
            return pause_matter(row.id)
        case EditionStatus.CANCELLED:
            return _skipped_key(row.newsletter, row.date)
    return f"account {row.id}"


def _skipped_key(newsletter: str, day: date) -> str:
    return f"skipped {newsletter} {day}"


def _of_edition(session: Session, row: Any, key: str) -> Matter:
    facts = {"edition": row.id, "date": row.date.isoformat()}
    match row.status:
        case EditionStatus.PAUSED:
            return Matter(key, "paused", row.newsletter, {**facts, "reason": row.note})
        case EditionStatus.CANCELLED:
            return Matter(key, "skipped", row.newsletter, {**facts, "cause": "no articles"})
    return Matter(key, "account", row.newsletter, {**facts, "account": _account(session, row.id)})


def _account(session: Session, edition_id: int) -> dict[str, int]:
    account = tally(session, edition_id)
    given_up = select(func.count()).where(
        col(Delivery.edition_id) == edition_id,
        col(Delivery.status) == DeliveryStatus.REFUSED,
        col(Delivery.reason) == GAVE_UP,
    )
    return {
        "audience": account.audience,
        "accepted": account.accepted,
        "refused": account.refused,
        "gave_up": session.scalars(given_up).one(),
        "uncertain": account.uncertain,
        "skipped": sum(account.skipped.values()),
    }


def of_designs(
    session: Session, settings: Settings, now: datetime, looked_at: set[int]
) -> Iterator[Matter]:
    """Editions that go out in our templates, because the publisher's failed.

    Args:
        session: the database.
        settings: which newsletters there are.
        now: the present instant.
        looked_at: editions whose rendering was read before; those that are read now are added.
            It is large, and once a sending has begun it never changes.
    """
    begun = select(col(Edition.id)).where(col(Edition.started) >= now - RECENT)
    new = {number for number in session.scalars(begun) if number} - looked_at
    if not new:
        return
    looked_at |= new
    instead = col(Edition.rendered)["instead"].as_string()
    columns = [col(Edition.id), col(Edition.newsletter), col(Edition.date)]
    query = select(*columns, instead.label("instead")).where(
        among(session, col(Edition.id), new), instead != ""
    )
    found = [row for row in session.execute(query) if _is_declared(settings, row.newsletter)]
    told = known(session, {_replaced_key(row.id) for row in found})
    for row in found:
        key = _replaced_key(row.id)
        if key not in told:
            facts = {"edition": row.id, "date": row.date.isoformat(), "reason": row.instead}
            yield Matter(key, "replaced", row.newsletter, facts)


def _replaced_key(edition: int) -> str:
    return f"replaced {edition}"


def of_calendar(session: Session, settings: Settings, now: datetime) -> Iterator[Matter]:
    """Editions whose time has passed though nobody began to send them.

    A newsletter of which none ever came out is new: nothing of it was skipped.
    """
    patience = settings.delivery.give_up_after
    since = first_candidate(now, patience)
    for newsletter in settings.newsletters:
        begun = select(col(Edition.date)).where(
            col(Edition.newsletter) == newsletter.slug,
            col(Edition.status) != EditionStatus.DRAFT,
            col(Edition.note) != GIVEN_UP,
        )
        first = session.scalars(begun.order_by(col(Edition.date)).limit(1)).first()
        if first is None:
            continue
        dates = set(session.scalars(begun.where(col(Edition.date) >= since)))
        schedule = schedule_of(session, settings, newsletter)
        for day in missed(schedule, dates, now, patience, max(since, first)):
            facts = {"date": day.isoformat(), "cause": "given up"}
            yield Matter(_skipped_key(newsletter.slug, day), "skipped", newsletter.slug, facts)


def of_feeds(session: Session, settings: Settings, now: datetime) -> Iterator[Matter]:
    """Feeds that have failed for long and were not spoken of since they last did well.

    Once a day at most: when a network is down, feeds fail one after another.
    """
    key = f"feeds {now:%Y-%m-%d}"
    declared = {feed.slug: feed.url for feed in settings.feeds}
    if not declared or not settings.newsletters or known(session, {key}):
        return
    failing = select(FeedState).where(
        or_(
            and_(col(FeedState.failures) > 0, col(FeedState.succeeded) < now - FEED_PATIENCE),
            and_(col(FeedState.failures) >= FAILURES, col(FeedState.succeeded).is_(None)),
        )
    )
    earlier = select(col(Notice.facts)).where(col(Notice.mail) == "feeds")
    told = {
        (feed["slug"], feed["read"])
        for facts in session.scalars(earlier)
        for feed in facts["feeds"]
    }
    feeds = [
        {
            "slug": state.slug,
            "url": without_credentials(state.url),
            "error": state.error,
            "read": state.succeeded.isoformat() if state.succeeded else None,
        }
        for state in session.scalars(failing.order_by(col(FeedState.slug)))
        if declared.get(state.slug) == state.url
    ]
    new = [feed for feed in feeds if (feed["slug"], feed["read"]) not in told]
    if new:
        yield Matter(key, "feeds", settings.newsletters[0].slug, {"feeds": new})


def _is_declared(settings: Settings, slug: str) -> bool:
    return any(newsletter.slug == slug for newsletter in settings.newsletters)
