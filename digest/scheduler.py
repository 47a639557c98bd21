"""The scheduler: wakes when an edition is due, composes it, lets it be sent; polls the feeds.

The calendar computes what is due and the database decides who does it; APScheduler only wakes us.
Its cron triggers lose or double local days around clock changes, and two schedulers on one job
store fire twice; a job for one computed instant, and a unique key on the edition, do neither.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlmodel import Session, col, select

from digest.bootstrap import App
from digest.config import Newsletter
from digest.delivery import begin, cancel_edition
from digest.editions.calendar import Due, first_candidate, next_due
from digest.editions.life import (
    NO_ARTICLES,
    Rebuild,
    build,
    free_articles_of_drafts,
    load_document,
    schedule_of,
)
from digest.errors import (
    DigestError,
    EditionEndedError,
    EditionNotDraftError,
    EditionPausedError,
    StoreError,
)
from digest.ingest.polling import poll_due
from digest.store.models import Edition, EditionStatus
from digest.store.rows import row_id

PLAN_EVERY = timedelta(minutes=1)
"""How often the plan is made anew: clocks are set, machines sleep, readers move."""

FEEDS_EVERY = timedelta(seconds=30)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Planned:
    """A newsletter and the edition of it that is due next."""

    newsletter: Newsletter
    due: Due


def plan(app: App, now: datetime) -> list[Planned]:
    """The edition of each newsletter that is due next, or is due already."""
    planned = []
    give_up_after = app.settings.delivery.give_up_after
    since = first_candidate(now, give_up_after)
    with app.store.read() as session:
        for newsletter in app.settings.newsletters:
            schedule = schedule_of(session, app.settings, newsletter)
            due = next_due(schedule, _begun(session, newsletter, since), now, give_up_after)
            if due is not None:
                planned.append(Planned(newsletter, due))
    return planned


def _begun(session: Session, newsletter: Newsletter, since: date) -> set[date]:
    """The dates from `since` on of editions that are more than drafts."""
    query = select(col(Edition.date)).where(
        Edition.newsletter == newsletter.slug,
        Edition.status != EditionStatus.DRAFT,
        Edition.date >= since,
    )
    return set(session.exec(query))


def bring_out(app: App, planned: Planned, now: datetime) -> Edition | None:
    """Compose an edition that is due, and begin its sending; safe in several processes at once.

    Returns:
        The edition; None where there is nothing to send or somebody decided otherwise meanwhile.
    """
    newsletter, day = planned.newsletter, planned.due.day
    with app.store.write() as session:
        later = free_articles_of_drafts(session, newsletter, day, now)
    edition = build(app.store, app.settings, newsletter, day, now, rebuild=Rebuild.STALE)
    for other in later:
        with contextlib.suppress(EditionNotDraftError):
            build(app.store, app.settings, newsletter, other, now, rebuild=Rebuild.ALWAYS)
    number = row_id(edition)
    try:
        if not load_document(edition).stories:
            journals = app.settings.journal_folder
            cancel_edition(app.store, number, now, NO_ARTICLES, journals=journals)
            logger.warning("%s of %s: %s", newsletter.slug, day, NO_ARTICLES)
            return None
        edition = begin(app.store, app.settings, app.press.render, number, now)
    except (EditionEndedError, EditionPausedError) as error:
        logger.info("%s of %s: %s", newsletter.slug, day, error)
        return None
    logger.info("edition %s, %s of %s, goes out", number, newsletter.slug, day)
    return edition


def bring_out_all(app: App) -> bool:
    """Bring out every edition that is due; whether the sending of any has begun."""
    now, any_begun = app.clock(), False
    for planned in plan(app, now):
        if planned.due.instant > now:
            continue
        try:
            any_begun |= bring_out(app, planned, now) is not None
        except DigestError as error:
            # One newsletter's broken template does not hold up another newsletter.
            logger.error("%s: %s", planned.newsletter.slug, error)  # noqa: TRY400 - in words
            if not isinstance(error, StoreError):  # it may be there again in a minute
                _tell_desk(app, planned, str(error))
        except Exception as error:
            # Nor does a mistake of ours, which is said with its place.
            logger.exception("%s: not brought out", planned.newsletter.slug)
            _tell_desk(app, planned, f"a mistake of the program's: {error!r}")
    return any_begun


def _tell_desk(app: App, planned: Planned, why: str) -> None:
    try:
        app.desk.failed(planned.newsletter.slug, planned.due.day, why)
    except StoreError as error:
        logger.error("the desk could not be told: %s", error)  # noqa: TRY400 - said in words


class Scheduler:
    """Keeps the plan while the program runs.

    Args:
        app: the program.
        begun: called, in the event loop, when an edition's sending has begun.
    """

    def __init__(self, app: App, begun: Callable[[], None] = lambda: None) -> None:
        self._app = app
        self._begun = begun
        self._wakes = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._announced: dict[str, Due] = {}
        self._composing = asyncio.Lock()
        self._stopping = False

    def start(self) -> None:
        """Begin to wake; needs a running event loop."""
        self._wakes.add_job(
            self._tick,
            "interval",
            seconds=PLAN_EVERY.total_seconds(),
            id="plan",
            next_run_time=datetime.now(UTC),
        )
        if self._app.settings.feeds:
            self._wakes.add_job(
                self._poll,
                "interval",
                seconds=FEEDS_EVERY.total_seconds(),
                id="feeds",
                next_run_time=datetime.now(UTC),
            )
        self._wakes.start()

    async def stop(self) -> None:
        """Wake no more; an edition that is being composed is finished first.

        Feeds that are being read are not waited for: their thread ends with them, and asks no more.
        """
        self._stopping = True
        self._wakes.pause()
        async with self._composing:
            # Only now: shutting down cancels the jobs that run.
            self._wakes.shutdown(wait=False)

    async def _tick(self) -> None:
        """Bring out what is due, and set a job for the instant at which each next one is."""
        async with self._composing:
            if self._stopping:
                return
            try:
                if await asyncio.to_thread(bring_out_all, self._app):
                    self._begun()
                await asyncio.to_thread(self._app.desk.look_at_plan)
                for planned in await asyncio.to_thread(plan, self._app, self._app.clock()):
                    self._announce(planned)
                    self._wakes.add_job(
                        self._tick,
                        "date",
                        run_date=planned.due.instant,
                        id=f"edition {planned.newsletter.slug}",
                        replace_existing=True,
                    )
            except DigestError as error:
                # The database may be away: the next tick tries again.
                logger.error("the plan could not be kept: %s", error)  # noqa: TRY400 - said in words

    def _announce(self, planned: Planned) -> None:
        """Say, once, what comes next and when."""
        slug, due = planned.newsletter.slug, planned.due
        if self._announced.get(slug) != due:
            self._announced[slug] = due
            local = due.instant.astimezone(self._app.settings.zone(planned.newsletter))
            logger.info("%s: the edition of %s is due at %s", slug, due.day, f"{local:%H:%M %Z}")

    async def _poll(self) -> None:
        app = self._app
        try:
            outcomes = await asyncio.to_thread(
                poll_due, app.store, app.settings, app.clock(), lambda: self._stopping
            )
        except DigestError as error:
            logger.error("feeds could not be polled: %s", error)  # noqa: TRY400 - as above
            return
        except asyncio.CancelledError:
            return  # by `stop`
        for outcome in outcomes:
            if outcome.error:
                logger.warning("feed %s: %s", outcome.slug, outcome.error)
            elif outcome.added or outcome.updated:
                logger.info(
                    "feed %s: %s new, %s changed", outcome.slug, outcome.added, outcome.updated
                )
