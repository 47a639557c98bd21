"""The scheduler: one edition a local day, whatever clocks, restarts and second schedulers do."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from digest.bootstrap import App
from digest.config import Feed, Newsletter, Settings
from digest.delivery import cancel_edition
from digest.editions.calendar import wall_instant
from digest.editions.life import GIVEN_UP, NO_ARTICLES, build
from digest.scheduler import Scheduler, bring_out_all, plan
from digest.store import Store
from digest.store.models import Delivery, Edition, EditionStatus
from digest.store.rows import row_id
from tests.articles import put
from tests.audience import subscribe
from tests.conftest import NOW

DAY = timedelta(days=1)


class Clock:
    """A clock that tests move."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def editions(app: App) -> list[Edition]:
    with app.store.read() as session:
        return list(session.exec(select(Edition).order_by(col(Edition.date))))


def in_zone(settings: Settings, zone: str, send_at: time) -> Settings:
    (newsletter,) = settings.newsletters
    moved = newsletter.model_copy(update={"timezone": zone, "send_at": send_at})
    return settings.model_copy(update={"newsletters": (moved,)})


def ticks(start: datetime, days: int) -> Iterator[datetime]:
    """Instants at which a scheduler happens to wake: about every hour, never on the minute."""
    now = start
    while now < start + days * DAY:
        yield now
        now += timedelta(minutes=61, seconds=7)


@pytest.mark.parametrize(
    ("zone", "first", "send_at"),
    [
        ("Europe/Sofia", date(2026, 3, 14), time(3, 30)),
        ("Europe/Sofia", date(2026, 10, 10), time(3, 30)),
        ("America/New_York", date(2026, 2, 20), time(2, 15)),
        ("America/New_York", date(2026, 10, 18), time(1, 30)),
        ("Africa/Cairo", date(2026, 4, 10), time(0, 20)),
        ("Africa/Cairo", date(2026, 10, 16), time(23, 30)),
    ],
)
def test_thirty_days_over_a_clock_change_with_a_restart_each_night(
    settings: Settings, zone: str, first: date, send_at: time
):
    local = ZoneInfo(zone)
    settings = in_zone(settings, zone, send_at)
    start = wall_instant(first, send_at, local)
    assert start is not None
    start -= timedelta(hours=3)
    clock = Clock(start)
    with closing(App(settings, clock)) as app:
        subscribe(app.store, "reader@example.org")
        put(app.store, "News of the day before", start)
    for _, nights in groupby(ticks(start, 30), lambda now: now.astimezone(local).date()):
        # The nightly restart: nothing is remembered but the store.
        with closing(App(settings, clock)) as app:
            for clock.now in nights:
                if clock.now.hour % 4 == 0:
                    put(app.store, f"News of {clock.now:%d %B, %H:%M}", clock.now)
                bring_out_all(app)
    with closing(App(settings, clock)) as app:
        found = editions(app)
        with app.store.read() as session:
            deliveries = len(session.exec(select(Delivery)).all())
    last = clock.now.astimezone(local).date()
    expected = [first + n * DAY for n in range((last - first).days + 1)]
    if (wall_instant(last, send_at, local) or clock.now) > clock.now:
        expected.pop()
    assert [edition.date for edition in found] == expected
    assert [edition.number for edition in found] == list(range(1, len(found) + 1))
    assert {edition.status for edition in found} == {EditionStatus.SENDING}
    assert deliveries == len(found)
    for edition in found:
        due = wall_instant(edition.date, send_at, local)
        assert due is not None
        assert edition.cutoff == due
        assert due <= edition.composed < due + timedelta(minutes=62)


def test_two_schedulers_on_one_database_bring_out_one_edition(app: App, settings: Settings):
    put(app.store, "Ferries sail again", NOW - timedelta(hours=1))
    subscribe(app.store, *(f"reader{n}@example.org" for n in range(20)))
    others = [App(settings, app.clock) for _ in range(4)]
    start = threading.Barrier(len(others))
    failures: list[BaseException] = []

    def tick(other: App) -> None:
        try:
            _ = other.press.tokens, other.store
            start.wait()
            bring_out_all(other)
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=tick, args=[other]) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    assert failures == []
    (edition,) = editions(app)
    assert edition.status == EditionStatus.SENDING
    with app.store.read() as session:
        assert len(session.exec(select(Delivery)).all()) == 20


def test_a_morning_without_articles_has_no_mail(app: App):
    subscribe(app.store, "reader@example.org")
    assert bring_out_all(app) is False
    (edition,) = editions(app)
    assert (edition.status, edition.note) == (EditionStatus.CANCELLED, NO_ARTICLES)
    assert bring_out_all(app) is False
    assert len(editions(app)) == 1
    assert [planned.due.day for planned in plan(app, NOW)] == [NOW.date() + DAY]


def test_a_draft_of_the_evening_takes_in_the_night(app: App, settings: Settings):
    (newsletter,) = settings.newsletters
    put(app.store, "Ferries sail again", NOW - timedelta(hours=12))
    evening = NOW - timedelta(hours=10)
    build(app.store, settings, newsletter, NOW.date(), evening)
    put(app.store, "A budget is passed", NOW - timedelta(hours=2), "Politics")
    bring_out_all(app)
    (edition,) = editions(app)
    assert len(edition.document["stories"]) == 2
    assert edition.status == EditionStatus.SENDING


def test_one_newsletter_that_fails_does_not_hold_up_another(app: App, settings: Settings, tmp_path):
    (newsletter,) = settings.newsletters
    folder = tmp_path / "templates" / "email" / "edition"
    folder.mkdir(parents=True)
    broken = "{% if edition.newsletter == 'broken' %}{{ nothing_of_that_name }}{% endif %}x"
    (folder / "subject.txt").write_text(broken)
    site = settings.site.model_copy(update={"templates": tmp_path / "templates"})
    broken_first = newsletter.model_copy(update={"slug": "broken"})
    both = settings.model_copy(update={"newsletters": (broken_first, newsletter), "site": site})
    put(app.store, "Ferries sail again", NOW - timedelta(hours=1))
    with closing(App(both, app.clock)) as other:
        assert bring_out_all(other) is True
    statuses = {edition.newsletter: edition.status for edition in editions(app)}
    assert statuses == {"broken": EditionStatus.DRAFT, "morning": EditionStatus.SENDING}


async def test_it_wakes_by_itself_and_stops_in_order(settings: Settings):
    now = datetime.now(UTC)
    late = (now - timedelta(minutes=2)).time().replace(second=0, microsecond=0)
    app = App(in_zone(settings, "UTC", late))
    put(app.store, "Ferries sail again", now - timedelta(hours=1))
    begun = asyncio.Event()
    scheduler = Scheduler(app, begun.set)
    scheduler.start()
    await asyncio.wait_for(begun.wait(), 60)
    await scheduler.stop()
    (edition,) = editions(app)
    assert edition.status == EditionStatus.SENDING
    app.close()


def test_a_second_scheduler_that_started_later_finds_it_done(app: App, settings: Settings):
    put(app.store, "Ferries sail again", NOW - timedelta(hours=1))
    assert bring_out_all(app) is True
    with closing(App(settings, app.clock)) as other:
        assert bring_out_all(other) is False
    assert len(editions(app)) == 1


def test_an_edition_cancelled_for_next_year_holds_up_none_of_this(app: App, settings: Settings):
    (newsletter,) = settings.newsletters
    mistaken = build(app.store, settings, newsletter, NOW.date() + 365 * DAY, NOW)
    cancel_edition(app.store, row_id(mistaken), NOW, journals=app.settings.journal_folder)
    assert [planned.due.day for planned in plan(app, NOW)] == [NOW.date()]


def test_the_articles_of_a_draft_that_was_given_up_come_in_the_next(app: App, settings: Settings):
    (newsletter,) = settings.newsletters
    put(app.store, "Ferries sail again", NOW - timedelta(hours=1))
    build(app.store, settings, newsletter, NOW.date(), NOW)
    with closing(App(settings, lambda: NOW + DAY)) as next_day:
        assert bring_out_all(next_day) is True
    given_up, edition = editions(app)
    assert (given_up.status, given_up.note) == (EditionStatus.CANCELLED, GIVEN_UP)
    assert [story["headline"] for story in edition.document["stories"]] == ["Ferries sail again"]


def test_a_draft_for_tomorrow_takes_nothing_from_today(app: App, settings: Settings):
    (newsletter,) = settings.newsletters
    put(app.store, "Ferries sail again", NOW - timedelta(hours=1))
    put(app.store, "A budget is passed", NOW + timedelta(hours=1), "Politics", known=NOW - DAY)
    early = build(app.store, settings, newsletter, NOW.date() + DAY, NOW - timedelta(minutes=30))
    assert len(early.document["stories"]) == 2
    assert bring_out_all(app) is True
    headlines = {
        edition.date: [story["headline"] for story in edition.document["stories"]]
        for edition in editions(app)
    }
    assert headlines == {
        NOW.date(): ["Ferries sail again"],
        NOW.date() + DAY: ["A budget is passed"],
    }


async def test_stopping_waits_for_an_edition_that_is_being_composed(
    app: App, monkeypatch: pytest.MonkeyPatch
):
    composing, finish, done = asyncio.Event(), threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def compose(_: App) -> bool:
        loop.call_soon_threadsafe(composing.set)
        assert finish.wait(30)
        done.set()
        return False

    monkeypatch.setattr("digest.scheduler.bring_out_all", compose)
    scheduler = Scheduler(app)
    scheduler.start()
    await asyncio.wait_for(composing.wait(), 60)
    stopping = asyncio.create_task(scheduler.stop())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not stopping.done()
    finish.set()
    await stopping
    assert done.is_set()


def test_a_mistake_of_ours_holds_up_only_its_newsletter(
    app: App, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    (newsletter,) = settings.newsletters
    broken = newsletter.model_copy(update={"slug": "broken"})
    both = settings.model_copy(update={"newsletters": (broken, newsletter)})
    put(app.store, "Ferries sail again", NOW - timedelta(hours=1))

    def fail(store: Store, settings: Settings, wanted: Newsletter, *rest: Any, **options: Any):
        if wanted.slug == "broken":
            raise ZeroDivisionError
        return build(store, settings, wanted, *rest, **options)

    monkeypatch.setattr("digest.scheduler.build", fail)
    with closing(App(both, app.clock)) as other:
        assert bring_out_all(other) is True
    assert "ZeroDivisionError" in caplog.text
    assert [edition.newsletter for edition in editions(app)] == ["morning"]


async def test_stopping_does_not_wait_for_feeds_nor_complain(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    feed = Feed.model_validate({"slug": "slow", "url": "http://127.0.0.1:1/", "section": "World"})
    reading, told_to_stop, end = asyncio.Event(), threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def poll(_store: Store, _settings: Settings, _now: datetime, stopped: Callable[[], bool]):
        loop.call_soon_threadsafe(reading.set)
        assert end.wait(30)
        if stopped():
            told_to_stop.set()
        return []

    monkeypatch.setattr("digest.scheduler.poll_due", poll)
    with closing(App(settings.model_copy(update={"feeds": (feed,)}))) as app:
        scheduler = Scheduler(app)
        scheduler.start()
        await asyncio.wait_for(reading.wait(), 60)
        await asyncio.wait_for(scheduler.stop(), 60)
        end.set()
        await loop.shutdown_default_executor()
    assert told_to_stop.is_set()
    assert "Traceback" not in caplog.text
