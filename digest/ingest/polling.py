"""Polling: which feeds are due, and what each gave. One politely spaced queue for each host."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session, select

from digest.config import Feed as DeclaredFeed
from digest.config import Settings
from digest.errors import DigestError, NoSuchFeedError
from digest.ingest.feeds import Feed, Filing, read_feed
from digest.ingest.fetch import LONGEST_WAIT, Fetched, TryLaterError, fetch
from digest.ingest.identity import without_credentials
from digest.ingest.upsert import exclusive, store_articles
from digest.sections import split_path
from digest.store import Store
from digest.store.models import FeedState

_HOSTS_AT_ONCE = 8
_DOUBLINGS = 12


@dataclass(frozen=True)
class FeedOutcome:
    """What a poll of one feed came to. `status`: "fetched", "unchanged" or "failed"."""

    slug: str
    status: str
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """The contract's form."""
        return asdict(self)


@dataclass(frozen=True)
class _Poll:
    """A feed that is to be asked, with what it told us to show the next time."""

    feed: DeclaredFeed
    etag: str
    modified: str


@dataclass(frozen=True)
class _Got:
    """What came back: an answer and its articles, or neither and why."""

    poll: _Poll
    fetched: Fetched | None = None
    feed: Feed | None = None
    error: DigestError | None = None


def poll_due(
    store: Store, settings: Settings, now: datetime, stopped: Callable[[], bool] = lambda: False
) -> list[FeedOutcome]:
    """Ask every feed that is due, and store what is new. A failing feed harms no other.

    Of two processes that poll at the same time, one asks: a feed is claimed before it is fetched.
    Once `stopped` says so, no further one is asked.

    Raises:
        StoreError: the database failed.
    """
    return _poll(store, settings, settings.feeds, now, stopped, named=False)


def poll_named(
    store: Store, settings: Settings, slugs: Sequence[str], now: datetime
) -> list[FeedOutcome]:
    """Ask these feeds now, due or not.

    Raises:
        NoSuchFeedError: the configuration has no such feed.
        StoreError: the database failed.
    """
    declared = {feed.slug: feed for feed in settings.feeds}
    for slug in slugs:
        if slug not in declared:
            known = ", ".join(declared) or "none"
            raise NoSuchFeedError(slug=slug, known=known)
    feeds = [declared[slug] for slug in dict.fromkeys(slugs)]
    return _poll(store, settings, feeds, now, lambda: False, named=True)


def feed_states(store: Store, settings: Settings) -> list[dict[str, Any]]:
    """Each declared feed with what is known of it."""
    with store.read() as session:
        states = {state.slug: state for state in session.exec(select(FeedState))}
    rows = []
    for feed in settings.feeds:
        state = states.get(feed.slug) or FeedState(slug=feed.slug, url=feed.url)
        rows.append(
            {
                "slug": feed.slug,
                "url": without_credentials(feed.url),
                "section": feed.section,
                "every_seconds": int(feed.every.total_seconds()),
                "polled": state.polled,
                "succeeded": state.succeeded,
                "next_poll": state.next_poll,
                "failures": state.failures,
                "error": state.error,
            }
        )
    return rows


def _poll(
    store: Store,
    settings: Settings,
    feeds: Sequence[DeclaredFeed],
    now: datetime,
    stopped: Callable[[], bool],
    *,
    named: bool,
) -> list[FeedOutcome]:
    with store.write() as session:
        exclusive(session, store)
        polls = list(_claimed(session, feeds, now, named=named))
    queues: dict[str, list[_Poll]] = defaultdict(list)
    for poll in polls:
        queues[urlsplit(poll.feed.url).hostname or ""].append(poll)
    outcomes: dict[str, FeedOutcome] = {}

    def keep(got: _Got) -> None:
        outcomes[got.poll.feed.slug] = _store(store, settings, got, now)

    with ThreadPoolExecutor(_HOSTS_AT_ONCE) as pool:
        pending = [
            pool.submit(_ask_host, queue, settings, now, time.sleep, stopped)
            for queue in queues.values()
        ]
        for done in as_completed(pending):
            for got in done.result():
                keep(got)
    return [outcomes[poll.feed.slug] for poll in polls if poll.feed.slug in outcomes]


def _claimed(
    session: Session, feeds: Sequence[DeclaredFeed], now: datetime, *, named: bool
) -> Iterator[_Poll]:
    """The feeds to ask; each one's next poll is put off first, so that nobody else asks it."""
    states = {state.slug: state for state in session.exec(select(FeedState))}
    for feed in feeds:
        state = states.get(feed.slug)
        if state is None or state.url != feed.url:
            # At another address, what the old one told us means nothing.
            state = session.merge(FeedState(slug=feed.slug, url=feed.url))
            state.etag = state.modified = ""
            state.next_poll = None
        if named or state.next_poll is None or state.next_poll <= now:
            state.polled, state.next_poll = now, now + feed.every
            yield _Poll(feed, state.etag, state.modified)
        session.add(state)


def _ask_host(
    queue: list[_Poll],
    settings: Settings,
    now: datetime,
    sleep: Callable[[float], None],
    stopped: Callable[[], bool],
) -> list[_Got]:
    """Ask the feeds of one host, one after the other, with a pause between."""
    found = []
    for number, poll in enumerate(queue):
        if stopped():
            break
        if number:
            sleep(settings.ingest.host_pause.total_seconds())
        found.append(_ask(poll, settings, now))
    return found


def _ask(poll: _Poll, settings: Settings, now: datetime) -> _Got:
    feed = poll.feed
    filing = Filing(
        scope=feed.slug,
        otherwise=split_path(feed.section or ""),
        declared=settings.declared_sections().keys(),
        language=feed.language or "",
    )
    try:
        fetched = fetch(feed.url, settings.ingest, etag=poll.etag, modified=poll.modified, now=now)
        if fetched.data is None:
            return _Got(poll, fetched)
        source = without_credentials(feed.url)
        return _Got(poll, fetched, read_feed(fetched.data, source, now, fetched.url, filing))
    except DigestError as error:
        return _Got(poll, error=error)


def _store(store: Store, settings: Settings, got: _Got, now: datetime) -> FeedOutcome:
    """The articles go in first, then what to show the server: a crash between costs a poll."""
    slug, outcome = got.poll.feed.slug, None
    if got.error is not None:
        outcome = FeedOutcome(slug, "failed", error=str(got.error))
    elif got.feed is None:
        outcome = FeedOutcome(slug, "unchanged")
    else:
        declared = settings.declared_sections()
        report = store_articles(store, got.feed.outcomes(), declared, now)
        outcome = FeedOutcome(
            slug,
            "fetched",
            report.added,
            report.updated,
            report.unchanged,
            len(report.rejected),
        )
    with store.write() as session:
        state = session.get(FeedState, slug)
        if state is not None:
            _note(state, got, now)
            session.add(state)
    return outcome


def _note(state: FeedState, got: _Got, now: datetime) -> None:
    every = got.poll.feed.every
    if got.error is not None:
        state.failures += 1
        state.error = str(got.error)[:500]
        wait = backoff(every, state.failures)
        if isinstance(got.error, TryLaterError) and got.error.wait is not None:
            wait = max(wait, got.error.wait)
        state.next_poll = now + wait
        return
    state.failures, state.error, state.succeeded = 0, "", now
    if got.fetched is not None and got.fetched.data is not None:
        state.etag, state.modified = got.fetched.etag, got.fetched.modified


def backoff(every: timedelta, failures: int) -> timedelta:
    """How long to leave a failing feed alone: twice as long each time, at most a day."""
    return min(every * (1 << min(failures, _DOUBLINGS)), max(LONGEST_WAIT, every))
