"""Whoever leaves while a sending is under way is mailed no more, once that is committed."""

import itertools
import threading
import time
from collections.abc import Callable

import pytest
from sqlmodel import Session

from digest.bootstrap import App, utc_now
from digest.config import Settings
from digest.feedback.suppressions import SuppressionReason, suppress
from digest.subscribers import people
from digest.subscribers.addresses import read_address
from digest.subscribers.withdrawing import holders, withdrawing
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
