"""How fast mail leaves, and by which server, on both databases: limits hold and nobody is lost."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from digest.bootstrap import App
from digest.config import Destination, Settings, Smtp
from digest.delivery import Tally, cancel_edition, pause_edition, send_edition
from digest.delivery.control import set_note
from digest.delivery.envelope import Envelope
from digest.delivery.replies import Answer
from digest.errors import EditionPausedError, ServerUnreachableError
from digest.store.models import Pace, Suppression
from tests.audience import address, draft, row_of, send, statuses, stored, subscribe
from tests.smtp import ANYONE
from tests.smtp_session import DROP
from tests.transport import FakeConnection, FakeTransport

START = datetime(2026, 3, 3, 5, tzinfo=UTC)
ONE, TWO = "one.example.org", "two.example.org"


@dataclass
class Clock:
    """Time that runs `speed` times as fast as it does; none passes at 0."""

    speed: float = 0
    now: datetime = START
    begun: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=(time.monotonic() - self.begun) * self.speed)


@dataclass
class Post(FakeTransport):
    """A server that may be full, and calls somebody for each message, who may let it wait."""

    most_bytes: int | None = None
    on_message: Callable[[str], Awaitable[object]] | None = None

    async def open(self) -> FakeConnection:
        await super().open()
        return PostConnection(self, most_bytes=self.most_bytes)

    @property
    def recipients(self) -> list[str]:
        return [entry.recipient for entry in self.entries if entry.taken]


class PostConnection(FakeConnection):
    transport: Post

    async def hand_over(self, message: bytes, then: Envelope | None = None) -> Answer:
        assert self.announced
        if self.transport.on_message:
            await self.transport.on_message(self.announced.recipient.address)
        await asyncio.sleep(0)
        return await super().hand_over(message, then)


@dataclass
class Office:
    """Programs on one database, and the servers that their mail goes to."""

    settings: Settings
    clock: Clock
    posts: dict[str, Post] = field(default_factory=dict)
    apps: list[App] = field(default_factory=list)

    def program(self, *servers: dict[str, Any], destinations: tuple[Destination, ...] = ()) -> App:
        """A program that sends by these servers, each of a `host` of its own."""
        tables = [Smtp.model_validate({"max_connections": 4, **facts}) for facts in servers]
        for table in tables:
            self.posts.setdefault(table.name, Post(server=table.name))
        facts = {"smtp": tables[0], "servers": tuple(tables[1:]), "destinations": destinations}
        self.apps.append(App(self.settings.model_copy(update=facts), clock=self.clock))
        return self.apps[-1]

    def __getitem__(self, host: str) -> Post:
        return self.posts[f"{host}:2525"]


@pytest.fixture
def office(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    office = Office(settings, Clock())
    monkeypatch.setattr(
        "digest.delivery.sender.SmtpTransport", lambda smtp: office.posts[smtp.name]
    )
    yield office
    for app in office.apps:
        app.close()


def audience(app: App, count: int, *more: str) -> int:
    subscribe(app.store, *[address(n) for n in range(count)], *more)
    return draft(app)


def readers(domain: str, count: int) -> list[str]:
    return [f"reader{n}@{domain}" for n in range(count)]


def bucket(app: App, key: str) -> Pace:
    with app.store.read() as session:
        return session.get_one(Pace, key)


def suppressed(app: App) -> set[str]:
    with app.store.read() as session:
        return set(session.exec(select(col(Suppression.key))))


@pytest.mark.parametrize("limit", ["server", "destination"])
def test_two_senders_keep_to_one_pace(office: Office, limit: str):
    office.clock.speed = 20
    rate = {"per_second": 20}
    server = {"host": ONE, **(rate if limit == "server" else {})}
    paced = (Destination(domain="readers.example.org", per_second=20),)
    apps = [
        office.program(server, destinations=paced if limit == "destination" else ())
        for _ in range(2)
    ]
    edition = audience(apps[0], 100)
    began = office.clock()

    async def both() -> list[Tally]:
        return await asyncio.gather(*(send_edition(app.store, app.press, edition) for app in apps))

    assert Tally(audience=100, accepted=100) in asyncio.run(both())
    assert Counter(office[ONE].recipients) == dict.fromkeys(readers("readers.example.org", 100), 1)
    # What a bucket holds leaves at once, all else at the rate.
    assert office.clock() - began >= timedelta(seconds=(100 - 20) / 20)


def test_a_slow_destination_holds_nobody_else_up(office: Office):
    slow = readers("slow.example.org", 30)
    app = office.program(
        {"host": ONE}, destinations=(Destination(domain="slow.example.org", per_second=0.1),)
    )
    edition = audience(app, 100, *slow)
    for left in (29, 28):
        account = send(app, edition, wait=False)
        assert (account.accepted, account.waiting) == (130 - left, left)
        assert {address(n) for n in range(100)} <= set(office[ONE].recipients)
        office.clock.now += timedelta(minutes=6)


def test_a_destination_gets_no_more_at_a_time_than_it_takes(office: Office):
    few = set(readers("few.example.org", 30))
    app = office.program(
        {"host": ONE, "max_connections": 10},
        destinations=(Destination(domain="few.example.org", max_connections=2),),
    )
    office.clock.speed = 1
    open_now: set[str] = set()
    peaks = Counter[str]()

    async def watch(recipient: str) -> None:
        open_now.add(recipient)
        peaks["few"] = max(peaks["few"], len(open_now & few))
        peaks["all"] = max(peaks["all"], len(open_now))
        await asyncio.sleep(0.002)
        open_now.discard(recipient)

    edition = audience(app, 100, *few)
    office[ONE].on_message = watch
    assert send(app, edition).accepted == 130
    assert peaks["few"] == 2
    assert peaks["all"] > 4


def test_a_warm_up_goes_on_tomorrow_though_the_program_was_started_anew(office: Office):
    plan = {"start": date(2026, 3, 3), "first_day": 4, "growth": 2}
    server = {"host": ONE, "warm_up": plan}
    app = office.program(server)
    edition = audience(app, 20)
    assert send(app, edition, wait=False) == Tally(audience=20, accepted=4, waiting=16)
    assert stored(app, edition).note == "no more may leave before 2026-03-04 00:00 UTC"
    opened = office[ONE].opened
    again = office.program(server)
    assert send(again, edition, wait=False).accepted == 4
    assert office[ONE].opened == opened
    office.clock.now += timedelta(days=1)
    assert send(again, edition, wait=False).accepted == 4 + 8
    office.clock.now += timedelta(days=1)
    assert send(again, edition) == Tally(audience=20, accepted=20)
    assert (stored(app, edition).status, stored(app, edition).note) == ("sent", "")


def test_a_note_goes_when_it_is_no_longer_true(office: Office):
    server = {"host": ONE, "warm_up": {"start": date(2026, 3, 3), "first_day": 4, "growth": 2}}
    app = office.program(server)
    edition = audience(app, 6)
    send(app, edition, wait=False)
    assert stored(app, edition).note.startswith("no more may leave before ")
    office.clock.now += timedelta(days=1)
    office[ONE].script = {("RCPT", ANYONE): ["450 4.2.1 try later"] * 2}
    assert send(app, edition, wait=False).deferred == 2
    assert stored(app, edition).note == ""
    # Nothing is due, so no round begins that could take it away.
    set_note(app.store, edition, "no more may leave before noon")
    assert send(app, edition, wait=False).deferred == 2
    assert stored(app, edition).note == ""


@pytest.mark.parametrize("count", [9, 10])
def test_an_audience_within_the_allowance_is_complete_today(office: Office, count: int):
    app = office.program(
        {"host": ONE, "warm_up": {"start": date(2026, 3, 3), "first_day": 10, "growth": 2}}
    )
    edition = audience(app, count)
    assert send(app, edition) == Tally(audience=count, accepted=count)


def test_an_allowance_is_not_used_up_by_what_never_left(office: Office, hurried: None):
    app = office.program(
        {"host": ONE, "warm_up": {"start": date(2026, 3, 3), "first_day": 10, "growth": 2}}
    )
    edition = audience(app, 10)
    office[ONE].refused = 10
    for _ in range(2):
        with pytest.raises(ServerUnreachableError):
            send(app, edition)
    assert bucket(app, f"server {ONE}:2525").sent == 0
    assert send(app, edition).accepted == 10
    assert bucket(app, f"server {ONE}:2525").sent == 10


def test_a_new_server_warms_up_beside_one_that_takes_all_the_rest(office: Office):
    app = office.program(
        {"host": ONE, "warm_up": {"start": date(2026, 3, 3), "first_day": 7, "growth": 2}},
        {"host": TWO},
    )
    edition = audience(app, 200)
    assert send(app, edition) == Tally(audience=200, accepted=200)
    assert (len(office[ONE].recipients), len(office[TWO].recipients)) == (7, 193)


def test_a_destination_that_asks_to_slow_down_is_left_alone(office: Office):
    app = office.program({"host": ONE, "max_connections": 1})
    slow = readers("slow.example.org", 12)
    edition = audience(app, 10, *slow)
    office[ONE].script = {("RCPT", who): ["451 4.7.1 slow down"] * 9 for who in slow}
    account = send(app, edition, wait=False)
    assert (account.accepted, account.deferred, account.waiting) == (10, 3, 9)
    held = bucket(app, "domain slow.example.org")
    assert (held.setbacks, held.held_until) == (1, START + timedelta(minutes=1))
    # Once more, and it is left alone for twice as long.
    office.clock.now += timedelta(minutes=2)
    send(app, edition, wait=False)
    held = bucket(app, "domain slow.example.org")
    assert held.setbacks == 2
    assert held.held_until == office.clock() + timedelta(minutes=2)
    office[ONE].script = {}
    office.clock.now += timedelta(hours=1)
    assert send(app, edition) == Tally(audience=22, accepted=22)
    held = bucket(app, "domain slow.example.org")
    assert (held.setbacks, held.held_until) == (0, None)


@pytest.fixture
def long_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer ones than connections wait for: here time stands still."""
    monkeypatch.setattr("digest.delivery.paces.FIRST_REST", timedelta(minutes=1))


def test_a_server_in_trouble_is_left_alone(office: Office, long_rests: None):
    app = office.program({"host": ONE, "max_connections": 1})
    edition = audience(app, 30)
    office[ONE].script = {("RCPT", ANYONE): ["452 4.3.1 insufficient system storage"] * 5}
    account = send(app, edition, wait=False)
    assert (account.accepted, account.deferred, account.waiting) == (0, 3, 27)
    held = bucket(app, f"server {ONE}:2525")
    assert (held.setbacks, held.held_until) == (1, START + timedelta(minutes=1))
    # Nobody asks it before. Then it is left alone for twice as long.
    assert send(app, edition, wait=False) == account
    office.clock.now += timedelta(minutes=1)
    office[ONE].script = {("RCPT", ANYONE): ["452 4.3.1 insufficient system storage"] * 3}
    account = send(app, edition, wait=False)
    assert (account.accepted, account.deferred, account.waiting) == (0, 6, 24)
    held = bucket(app, f"server {ONE}:2525")
    assert (held.setbacks, held.held_until) == (2, office.clock() + timedelta(minutes=2))
    office.clock.now += timedelta(hours=1)
    assert send(app, edition) == Tally(audience=30, accepted=30)
    held = bucket(app, f"server {ONE}:2525")
    assert (held.setbacks, held.held_until) == (0, None)


def test_others_go_on_while_a_server_is_left_alone(office: Office, long_rests: None):
    app = office.program({"host": ONE}, {"host": TWO})
    edition = audience(app, 200)
    office[ONE].script = {("BODY", ANYONE): ["451 4.3.0 queue file write error"] * 1_000}
    account = send(app, edition, wait=False)
    assert account.open == account.deferred <= 3 + 2 * 4
    assert account.accepted == len(office[TWO].recipients) == 200 - account.deferred


def test_servers_share_by_their_weights(office: Office):
    app = office.program({"host": ONE, "weight": 3}, {"host": TWO, "weight": 1})
    edition = audience(app, 1000)
    assert send(app, edition).accepted == 1000
    assert len(office[TWO].recipients) == pytest.approx(250, rel=0.1)


def refuses(post: Post) -> None:
    post.refused = 1_000


def drops(post: Post) -> None:
    post.script = {("MAIL", ANYONE): [DROP] * 1_000}


def halts(post: Post) -> None:
    post.script = {("MAIL", ANYONE): ["530 5.7.0 log in first"] * 1_000}


def is_too_small(post: Post) -> None:
    post.most_bytes = 100


@pytest.mark.parametrize("fault", [refuses, drops, halts, is_too_small])
@pytest.mark.parametrize("bad", [ONE, TWO])
def test_one_server_takes_over_from_another(
    office: Office, hurried: None, fault: Callable[[Post], None], bad: str
):
    app = office.program({"host": ONE}, {"host": TWO})
    edition = audience(app, 100)
    fault(office[bad])
    assert send(app, edition) == Tally(audience=100, accepted=100)
    assert Counter(office[TWO if bad == ONE else ONE].recipients).total() == 100
    assert (stored(app, edition).status, stored(app, edition).note) == ("sent", "")


def test_a_server_that_was_lost_rejoins(office: Office, hurried: None):
    app = office.program({"host": ONE}, {"host": TWO})
    edition = audience(app, 200)
    office[ONE].refused = 2
    back = asyncio.Event()

    async def wait(recipient: str) -> None:
        if len(office[TWO].entries) > 20:
            await back.wait()

    async def tell(recipient: str) -> None:
        back.set()

    office[TWO].on_message, office[ONE].on_message = wait, tell
    assert send(app, edition) == Tally(audience=200, accepted=200)
    assert office[ONE].recipients


def test_when_no_server_is_left_it_is_as_with_one(office: Office, hurried: None):
    app = office.program({"host": ONE}, {"host": TWO})
    edition = audience(app, 30)
    refuses(office[ONE])
    refuses(office[TWO])
    with pytest.raises(ServerUnreachableError):
        send(app, edition)
    assert stored(app, edition).status == "sending"
    assert set(statuses(app.store).values()) == {"waiting"}
    for post in office.posts.values():
        post.refused = 0
        halts(post)
    with pytest.raises(EditionPausedError):
        send(app, edition)
    assert stored(app, edition).status == "paused"
    assert set(statuses(app.store).values()) == {"waiting"}


@pytest.mark.parametrize("act", ["pause", "cancel"])
def test_a_word_from_elsewhere_is_heard_while_the_pace_is_slow(office: Office, act: str):
    office.clock.speed = 1
    app = office.program({"host": ONE, "per_second": 1 / 3600})
    elsewhere = office.program({"host": ONE, "per_second": 1 / 3600})
    edition = audience(app, 10)
    journals = app.settings.journal_folder

    async def speak(recipient: str) -> None:
        now = office.clock()
        if act == "pause":
            await asyncio.to_thread(pause_edition, elsewhere.store, edition, now)
        else:
            stop = asyncio.to_thread(
                cancel_edition, elsewhere.store, edition, now, journals=journals
            )
            await stop

    office[ONE].on_message = speak
    account = send(app, edition)
    assert account.accepted == 1
    assert account.waiting + account.skipped.get("cancelled", 0) == 9
    assert stored(app, edition).status == {"pause": "paused", "cancel": "cancelled"}[act]


def test_a_server_that_knows_nobody_is_not_believed(office: Office):
    app = office.program({"host": ONE})
    edition = audience(app, 9)
    unknown = "550 5.1.1 no such user"
    office[ONE].script = {("RCPT", ANYONE): [unknown] * 100}
    assert send(app, edition) == Tally(audience=9, refused=9)
    assert suppressed(app) == set()


def test_a_server_that_knows_none_of_many_pauses_the_edition(office: Office):
    app = office.program({"host": ONE})
    edition = audience(app, 50)
    office[ONE].script = {("RCPT", ANYONE): ["550 5.1.1 no such user"] * 100}
    with pytest.raises(EditionPausedError, match="no such user"):
        send(app, edition)
    assert stored(app, edition).status == "paused"
    assert suppressed(app) == set()
    assert Counter(statuses(app.store).values())["refused"] <= 10 + 4


def test_a_server_that_accepts_somebody_is_believed_of_those_before(office: Office):
    app = office.program({"host": ONE, "max_connections": 1})
    edition = audience(app, 30)
    office[ONE].script = {("RCPT", ANYONE): ["550 5.1.1 no such user"] * 5}
    assert send(app, edition) == Tally(audience=30, accepted=25, refused=5)
    refused = {who for who, status in statuses(app.store).items() if status == "refused"}
    assert suppressed(app) == refused


def test_readers_whom_a_server_cannot_name_stop_nobody(office: Office):
    app = office.program({"host": ONE})
    edition = audience(app, 20, *[f"zoë{n}@readers.example.org" for n in range(12)])
    office[ONE].utf8 = False
    assert send(app, edition) == Tally(audience=32, accepted=20, refused=12)
    assert row_of(app, "zoë3@readers.example.org").reply.startswith("RCPT TO: 553 5.6.7 ")


def test_a_reader_whom_one_server_cannot_name_gets_it_from_another(office: Office):
    app = office.program({"host": ONE}, {"host": TWO})
    names = [f"zoë{n}@readers.example.org" for n in range(12)]
    edition = audience(app, 60, *names)
    office[ONE].utf8 = False
    account = send(app, edition, wait=False)
    # The other is not asked before it has a message of its own: then they wait for their turn.
    assert account.refused == 0
    office.clock.now += timedelta(hours=1)
    assert send(app, edition, wait=False).refused == 0
    assert not set(office[ONE].recipients) & set(names)
