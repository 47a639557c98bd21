"""Words that come late: of senders that slept, and of readers who join and leave at one moment."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import select

from digest.bootstrap import App, utc_now
from digest.config import Uncertain
from digest.delivery import begin
from digest.delivery.control import cancel_edition, complete
from digest.delivery.ledger import Claim, Ledger, Order, Outcome
from digest.delivery.paces import Paces
from digest.delivery.replies import Answer, Stage
from digest.delivery.resolve import Resolution, resolve_uncertain
from digest.delivery.statements import record, suppress
from digest.delivery.transitions import Fields, Policy, lost, settled, untouched
from digest.errors import StoreUnreachableError
from digest.store.models import Suppression
from digest.subscribers import people
from digest.subscribers.addresses import read_address
from digest.subscribers.withdrawing import holders, withdrawing
from tests.audience import address, draft, row_of, stored, subscribe

SERVER = "mail.example.org:25"
HOLD = Policy(timedelta(minutes=1), timedelta(hours=1), Uncertain.HOLD)
RESEND = Policy(timedelta(0), timedelta(hours=1), Uncertain.RESEND)


class Sleeper:
    """A sender with a claim, which others gave up for lost meanwhile."""

    def __init__(self, app: App) -> None:
        self.app = app
        subscribe(app.store, address(1))
        self.edition = draft(app)
        begin(app.store, app.settings, app.press.render, self.edition, utc_now())
        lease, paces = timedelta(minutes=5), Paces.of(app.settings)
        self.ledger = Ledger(app.store, self.edition, "morning", "host:1:1.aa", lease, paces)
        self.claim = self.claims()[0]

    def claims(self) -> list[Claim]:
        return self.ledger.exchange([], Order({SERVER: 1}), utc_now()).claims[SERVER]

    def given_up(self, fields: Fields) -> None:
        with self.app.store.write() as session:
            record(session, [(self.claim.hold, fields)])

    def says(self, fields: Fields) -> None:
        self.ledger.exchange([Outcome(self.claim, fields)], Order(), utc_now())

    @property
    def standing(self) -> tuple[str, str]:
        return row_of(self.app, address(1)).status, stored(self.app, self.edition).status


@pytest.fixture
def sleeper(app: App) -> Sleeper:
    return Sleeper(app)


def gone() -> Fields:
    return lost("gone", attempts=1, now=utc_now(), policy=HOLD)


def not_begun() -> Fields:
    return untouched(attempts=0, now=utc_now())


def to_be_resent() -> Fields:
    return lost("no answer", attempts=1, now=utc_now(), policy=RESEND)


def answered(code: int) -> Fields:
    answer = Answer(Stage.BODY, code, "it said so")
    return settled(answer, attempts=0, now=utc_now(), policy=HOLD, jitter=0)


@pytest.mark.parametrize("word", [not_begun, to_be_resent])
def test_what_an_operator_decided_stands(sleeper: Sleeper, word: Callable[[], Fields]):
    sleeper.given_up(gone())
    store, edition = sleeper.app.store, sleeper.edition
    assert resolve_uncertain(store, edition, Resolution.ACCEPTED, utc_now()) == 1
    assert complete(store, edition, utc_now())
    sleeper.says(word())
    assert sleeper.standing == ("accepted", "sent")


def test_what_was_cancelled_stays_cancelled(sleeper: Sleeper):
    sleeper.given_up(not_begun())
    app = sleeper.app
    cancel_edition(app.store, sleeper.edition, utc_now(), journals=app.settings.journal_folder)
    sleeper.says(not_begun())
    assert sleeper.standing == ("skipped", "cancelled")


def test_the_truth_about_what_is_uncertain_is_heard(sleeper: Sleeper):
    sleeper.given_up(gone())
    sleeper.says(answered(250))
    assert sleeper.standing[0] == "accepted"


def test_an_edition_that_is_called_sent_at_this_moment_is_opened_again(
    sleeper: Sleeper, monkeypatch: pytest.MonkeyPatch
):
    sleeper.given_up(gone())
    others: list[threading.Thread] = []

    def meanwhile(session: object, now: object) -> None:
        call = threading.Thread(
            target=complete, args=(sleeper.app.store, sleeper.edition, utc_now())
        )
        call.start()
        # It waits for this transaction; if it did not, it would be done by then.
        call.join(0.5)
        others.append(call)
        load(session, now)  # type: ignore[arg-type]  # passed on

    load = sleeper.ledger._paces.load
    monkeypatch.setattr(sleeper.ledger._paces, "load", meanwhile)
    sleeper.says(answered(451))
    others[0].join()
    assert sleeper.standing == ("deferred", "sending")


def test_who_leaves_while_an_audience_is_made_is_not_in_anybodys_hand(app: App):
    subscribe(app.store, address(1))
    edition = draft(app)
    made = threading.Event()

    def send() -> None:
        begin(app.store, app.settings, app.press.render, edition, utc_now())
        made.set()

    with withdrawing(app.store, holders([read_address(address(1))])) as session:
        subscriber = people.find(session, read_address(address(1)))
        people.unsubscribe_all(session, people.ties(session, subscriber), utc_now())
        session.flush()
        call = threading.Thread(target=send)
        call.start()
        assert not made.wait(0.5)
    call.join()
    lease, paces = timedelta(minutes=5), Paces.of(app.settings)
    ledger = Ledger(app.store, edition, "morning", "host:1:1.aa", lease, paces)
    assert not ledger.exchange([], Order({SERVER: 1}), utc_now()).claims[SERVER]


def test_an_address_is_suppressed_as_it_is_looked_for(app: App):
    # Small letters that have a dialytika and a tonos come apart when cases are folded.
    reader = read_address("μαΐου@readers.example.org")
    with app.store.write() as session:
        suppress(session, [(reader.email, "550 5.1.1 nobody")], utc_now())
    with app.store.read() as session:
        assert [row.key for row in session.exec(select(Suppression))] == [reader.key]


def test_a_transaction_that_lay_idle_for_too_long_is_an_outage(app: App):
    if app.store.is_sqlite:
        return  # it has no such limit

    def idle() -> None:
        with app.store.write() as session:
            session.connection().execute(text("SET idle_in_transaction_session_timeout = 100"))
            session.connection().execute(text("SELECT pg_sleep(0.01)"))
            threading.Event().wait(0.5)
            session.connection().execute(text("SELECT 1"))

    with pytest.raises(StoreUnreachableError, match="idle-in-transaction"):
        idle()
