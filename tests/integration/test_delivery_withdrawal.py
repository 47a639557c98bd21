"""Whoever leaves while a sending is under way is mailed no more, once that is committed."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from digest.bootstrap import App, utc_now
from digest.config import Settings
from digest.delivery import begin
from digest.feedback.suppressions import SuppressionReason, suppress
from digest.store.models import Delivery
from digest.subscribers import people
from digest.subscribers.addresses import read_address
from digest.subscribers.withdrawing import FRESH, MARGIN, PATIENCE, holders, withdrawing
from tests.audience import address, draft, program, row_of, send, subscribe
from tests.smtp import SmtpServer


def unsubscribed(session: Session, email: str) -> None:
    subscriber = people.find(session, read_address(email))
    people.unsubscribe_all(session, people.ties(session, subscriber), utc_now())


def suppressed(session: Session, email: str) -> None:
    suppress(session, read_address(email), SuppressionReason.COMPLAINT, "", utc_now())


def erased(session: Session, email: str) -> None:
    people.erase(session, people.find(session, read_address(email)), utc_now())


@pytest.mark.parametrize("leave", [unsubscribed, suppressed, erased])
@pytest.mark.parametrize("pipelining", ["pipelined", "one by one"])
def test_who_leaves_while_queued_is_mailed_no_more(
    settings: Settings,
    mailer: App,
    server: SmtpServer,
    leave: Callable[[Session, str], None],
    pipelining: str,
):
    server.pipelining = pipelining == "pipelined"
    readers = [address(n) for n in range(300)]
    subscribe(mailer.store, *readers)
    edition = draft(mailer)
    office = program(settings, server)
    gone: dict[str, int] = {}
    under_way, over = threading.Event(), threading.Event()
    server.on_message = lambda _: under_way.set()

    def leave_one_after_another() -> None:
        under_way.wait(60)
        for email in itertools.takewhile(lambda _: not over.is_set(), readers[::2]):
            with withdrawing(office.store, holders([read_address(email)])) as session:
                leave(session, email)
            gone[email] = time.monotonic_ns()

    leaving = threading.Thread(target=leave_one_after_another)
    leaving.start()
    account = send(mailer, edition)
    over.set()
    leaving.join(60)
    came = {entry.recipient: entry.came for entry in server.entries()}
    assert [email for email, at in gone.items() if came.get(email, 0) > at] == []
    assert account.skipped == {leave.__name__: 300 - len(came)}
    assert 0 < account.skipped[leave.__name__] <= len(gone)
    assert row_of(mailer, readers[1]).status == "accepted"
    office.close()


@dataclass
class Sender:
    """The time of a change that waits, and a sender that claims its reader's row meanwhile."""

    app: App
    now: float = 1000.0
    claimed: list[float] = field(default_factory=list)
    released: float | None = None

    def claim(self) -> None:
        until = utc_now() + timedelta(hours=1)
        facts = {"status": "claimed", "claimed_by": "host:1:1.x", "claimed_until": until}
        with self.app.store.write() as session:
            row = update(Delivery).values(fence=col(Delivery.fence) + 1, **facts)
            session.connection().execute(row)
        self.claimed.append(self.now)

    def release(self) -> None:
        with self.app.store.write() as session:
            session.connection().execute(update(Delivery).values(status="waiting"))
        self.released = self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def sender(mailer: App, monkeypatch: pytest.MonkeyPatch) -> Sender:
    subscribe(mailer.store, address(1))
    begin(mailer.store, mailer.settings, mailer.press.render, draft(mailer), utc_now())
    sender = Sender(mailer)
    monkeypatch.setattr("digest.subscribers.withdrawing.time", sender)
    return sender


def leave(sender: Sender) -> float:
    """Seconds that it took."""
    began = sender.now
    with withdrawing(sender.app.store, holders([read_address(address(1))])) as session:
        unsubscribed(session, address(1))
    return sender.now - began


def test_who_is_in_nobodys_hand_leaves_at_once(sender: Sender):
    assert leave(sender) == 0


def test_who_is_in_hand_leaves_when_let_go(sender: Sender, monkeypatch: pytest.MonkeyPatch):
    def sleep(seconds: float) -> None:
        sender.now += seconds
        if sender.now > 1002 and not sender.released:
            sender.release()

    monkeypatch.setattr(sender, "sleep", sleep)
    sender.claim()
    assert leave(sender) == pytest.approx(2, abs=0.1)


def test_a_sender_that_hangs_keeps_nobody_for_long(sender: Sender):
    sender.claim()
    assert leave(sender) == pytest.approx(PATIENCE + 2 * MARGIN, abs=0.1)


@pytest.mark.parametrize("every", [0.05, 1.0, 4.9])
def test_who_is_claimed_anew_leaves_when_the_claim_is_looked_at_again(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, every: float
):
    def sleep(seconds: float) -> None:
        sender.now += seconds
        # Whoever waits longer than a moment holds the row: nobody can claim it.
        if seconds < 1 and sender.now >= sender.claimed[-1] + every:
            sender.claim()

    monkeypatch.setattr(sender, "sleep", sleep)
    sender.claim()
    assert leave(sender) <= PATIENCE + FRESH + 1.1
    assert sender.now - sender.claimed[-1] > FRESH
