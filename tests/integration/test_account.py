"""An edition's account in the database: its sum, its deliveries, and what was uncertain."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from digest.bootstrap import App
from digest.cli.account import watch_sending
from digest.config import Settings
from digest.delivery import Tally, tally
from digest.delivery.account import check_account, deliveries, said_of
from digest.delivery.control import set_note
from digest.delivery.resolve import Resolution, resolve_uncertain
from digest.errors import (
    AccountMismatchError,
    EditionEndedError,
    NoSuchEditionError,
    NoSuchSubscriberError,
    NotUncertainError,
)
from digest.store import Store
from digest.store.models import (
    Delivery,
    DeliveryStatus,
    Edition,
    EditionStatus,
    Subscriber,
)
from digest.store.rows import row_id
from digest.subscribers import people
from digest.subscribers.addresses import read_address
from digest.subscribers.records import record
from tests.audience import address, subscribe

NOW = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
S = DeliveryStatus


def edition_with(
    store: Store, *statuses: str, status: EditionStatus = EditionStatus.SENT, number: int = 1
) -> int:
    """An edition whose readers, numbered from 0, stand as given."""
    with store.write() as session:
        known = session.scalars(select(Subscriber.id).order_by(col(Subscriber.id))).all()
    if len(known) < len(statuses):
        subscribe(store, *(address(n) for n in range(len(known), len(statuses))))
    with store.write() as session:
        readers = session.scalars(select(Subscriber.id).order_by(col(Subscriber.id))).all()
        edition = Edition(
            newsletter="morning",
            date=date(2026, 3, number),
            number=number,
            status=status,
            cutoff=NOW,
            composed=NOW,
            started=NOW,
            completed=NOW,
            document={},
        )
        session.add(edition)
        session.flush()
        for place, (reader, stands) in enumerate(zip(readers, statuses, strict=False)):
            row = Delivery(
                edition_id=row_id(edition),
                subscriber_id=reader,
                status=stands,
                reply="550 no" if stands == S.REFUSED else "",
                attempts=1,
                due=NOW + timedelta(seconds=place),
                finished=NOW,
                fence=3,
            )
            session.add(row)
        return row_id(edition)


def rows(store: Store, edition: int) -> list[Delivery]:
    with store.read() as session:
        query = select(Delivery).where(Delivery.edition_id == edition).order_by(col(Delivery.id))
        return list(session.exec(query))


def account_of(store: Store, edition: int):
    with store.read() as session:
        return tally(session, edition)


def test_the_first_of_those_that_wait_and_of_those_put_off_are_known(store: Store):
    edition = edition_with(store, S.DEFERRED, S.WAITING, S.DEFERRED, S.CLAIMED, S.ACCEPTED)
    account = account_of(store, edition)
    assert (account.waiting, account.deferred, account.accepted) == (2, 2, 1)
    assert account.next_deferred == NOW
    assert account.next_waiting == NOW + timedelta(seconds=1)
    none = account_of(store, edition_with(store, S.ACCEPTED, number=2))
    assert (none.next_waiting, none.next_deferred) == (None, None)


def test_an_account_has_the_note_of_its_edition_beside_its_sum(store: Store):
    edition = edition_with(store, S.WAITING, status=EditionStatus.SENDING)
    set_note(store, edition, "nobody answers")
    account = account_of(store, edition)
    assert (account.note, account) == ("nobody answers", Tally(audience=1, waiting=1))
    assert "note" not in account.as_dict()


def test_a_row_that_stands_nowhere_known_is_in_the_audience_and_in_no_part(store: Store):
    edition = edition_with(store, S.ACCEPTED, "lost")
    account = account_of(store, edition)
    assert (account.audience, account.accepted, account.adds_up) == (2, 1, False)
    with pytest.raises(AccountMismatchError) as told:
        check_account(account, edition, EditionStatus.SENT)
    assert "audience 2: accepted 1: this does not add up" in str(told.value)
    with store.read() as session:
        found, _ = deliveries(session, edition, limit=5)
    assert found[1]["said"] == "nowhere known: lost"


def test_a_sent_edition_with_something_left_to_send_is_a_mismatch(store: Store):
    account = account_of(store, edition_with(store, S.ACCEPTED, S.DEFERRED))
    check_account(account, 1, EditionStatus.SENDING)
    with pytest.raises(AccountMismatchError, match="is sent, audience 2: accepted 1, deferred 1"):
        check_account(account, 1, EditionStatus.SENT)


def test_deliveries_are_listed_by_where_they_stand(store: Store):
    edition = edition_with(store, S.REFUSED, S.WAITING, S.CLAIMED, S.REFUSED, S.ACCEPTED)
    edition_with(store, S.REFUSED, number=2)
    with store.write() as session:
        people.erase(session, people.find(session, read_address(address(3))), NOW)
    with store.read() as session:
        refused, total = deliveries(session, edition, S.REFUSED, limit=10)
        waiting, _ = deliveries(session, edition, S.WAITING, limit=10)
        first, of = deliveries(session, edition, limit=1)
    assert ([row["email"] for row in refused], total) == ([address(0), None], 2)
    assert refused[0]["said"] == "refused at 2026-03-03 05:00:00 UTC (550 no)"
    assert [row["said"] for row in waiting] == ["waiting for their turn", "being sent"]
    assert ([row["email"] for row in first], of) == ([address(0)], 5)


def test_what_is_said_of_a_delivery_tells_of_trying_again():
    row = {"status": "refused", "reason": "gave_up", "reply": "450 later", "attempts": 9}
    facts = {**row, "code": 450, "due": NOW, "finished": None}
    assert said_of(facts) == "refused at 2026-03-03 05:00:00 UTC (450 later), given up, 9 attempts"


@pytest.fixture
def statements(store: Store):
    """What the database is asked."""
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        asked.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield asked
    event.remove(store.engine, "before_cursor_execute", note)


def test_a_history_takes_one_question_however_long_it_is(store: Store, statements: list[str]):
    counts = []
    for editions in (range(1, 3), range(3, 22)):
        for number in editions:
            edition_with(store, S.REFUSED, S.ACCEPTED, number=number)
        with store.read() as session:
            ana = people.find(session, read_address(address(0)))
            statements.clear()
            told = record(session, ana, last=100)
            counts.append(len(statements))
        assert [row["number"] for row in told["deliveries"]] == [
            *reversed(range(1, editions[-1] + 1))
        ]
    assert counts[0] == counts[1]
    assert sum("FROM delivery" in statement for statement in statements) == 1
    last = told["deliveries"][0]
    assert (last["newsletter"], last["status"], last["attempts"]) == ("morning", "refused", 1)
    with store.read() as session:
        assert len(record(session, ana, last=2)["deliveries"]) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_history_is_found_by_its_index(store: Store, statements: list[str]):
    edition_with(store, S.ACCEPTED)
    with store.read() as session:
        record(session, people.find(session, read_address(address(0))))
        (asked,) = [statement for statement in statements if "FROM delivery" in statement]
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", (1, 9, 0)).all()
    assert any("USING INDEX ix_delivery_subscriber_id" in row[3] for row in plan)


def test_what_is_resent_waits_again_and_the_edition_is_being_sent(store: Store):
    edition = edition_with(store, S.UNCERTAIN, S.ACCEPTED, S.UNCERTAIN, S.REFUSED)
    assert resolve_uncertain(store, edition, Resolution.RESEND, NOW) == 2
    first, taken, third, refused = rows(store, edition)
    for row in (first, third):
        assert (row.status, row.attempts, row.due, row.finished) == (S.WAITING, 1, NOW, None)
        # Should the lost answer be heard after all, it still counts.
        assert row.fence == 3
    assert (taken.status, refused.status) == (S.ACCEPTED, S.REFUSED)
    assert _edition(store, edition) == (EditionStatus.SENDING, None)
    assert resolve_uncertain(store, edition, Resolution.RESEND, NOW) == 0


def test_what_arrived_is_accepted_by_the_operators_word(store: Store):
    edition = edition_with(store, S.UNCERTAIN, S.UNCERTAIN)
    done = resolve_uncertain(store, edition, Resolution.ACCEPTED, NOW, [address(1).upper()])
    first, second = rows(store, edition)
    assert (done, first.status, second.status) == (1, S.UNCERTAIN, S.ACCEPTED)
    assert said_of(second.model_dump()).endswith(", by the operator's word")
    assert _edition(store, edition) == (EditionStatus.SENT, NOW)


@pytest.mark.parametrize("status", [EditionStatus.PAUSED, EditionStatus.SENDING])
def test_an_edition_that_is_not_sent_yet_stays_as_it_is(store: Store, status: EditionStatus):
    edition = edition_with(store, S.UNCERTAIN, S.WAITING, status=status)
    assert resolve_uncertain(store, edition, Resolution.RESEND, NOW) == 1
    assert _edition(store, edition)[0] == status


def test_nothing_of_a_cancelled_edition_is_resent(store: Store):
    edition = edition_with(store, S.UNCERTAIN, status=EditionStatus.CANCELLED)
    with pytest.raises(EditionEndedError, match="nothing to resend"):
        resolve_uncertain(store, edition, Resolution.RESEND, NOW)
    assert resolve_uncertain(store, edition, Resolution.ACCEPTED, NOW) == 1


def test_a_mistaken_address_settles_nothing(store: Store):
    edition = edition_with(store, S.UNCERTAIN, S.REFUSED)
    with pytest.raises(NotUncertainError, match="refused at 2026"):
        resolve_uncertain(store, edition, Resolution.RESEND, NOW, [address(0), address(1)])
    with pytest.raises(NoSuchSubscriberError):
        resolve_uncertain(store, edition, Resolution.RESEND, NOW, ["nobody@example.org"])
    with pytest.raises(NoSuchEditionError):
        resolve_uncertain(store, edition + 1, Resolution.RESEND, NOW)
    assert [row.status for row in rows(store, edition)] == [S.UNCERTAIN, S.REFUSED]


def test_who_was_erased_since_is_settled_with_all(store: Store):
    edition = edition_with(store, S.UNCERTAIN)
    with store.write() as session:
        people.erase(session, people.find(session, read_address(address(0))), NOW)
    assert resolve_uncertain(store, edition, Resolution.ACCEPTED, NOW) == 1
    assert [row.status for row in rows(store, edition)] == [S.ACCEPTED]


def _edition(store: Store, number: int) -> tuple[str, datetime | None]:
    with store.read() as session:
        edition = session.get_one(Edition, number)
        return edition.status, edition.completed


def test_a_sending_is_followed_until_it_ends(
    settings: Settings,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    edition = edition_with(store, S.WAITING, S.WAITING, status=EditionStatus.SENDING)

    def accept(place: int, status: EditionStatus = EditionStatus.SENDING) -> None:
        number = rows(store, edition)[place].id
        with store.write() as session:
            session.get_one(Delivery, number).status = S.ACCEPTED
            session.get_one(Edition, edition).status = status

    # What another process does between two looks.
    meanwhile = iter([partial(accept, 0), partial(accept, 1, EditionStatus.SENT)])
    monkeypatch.setattr("digest.cli.account.time.sleep", lambda _: next(meanwhile)())
    moments = (NOW + timedelta(seconds=10 * look) for look in range(9))
    app = App(settings, clock=lambda: next(moments))
    watch_sending(app, edition, quiet=False)
    app.close()
    assert capsys.readouterr().err.splitlines() == [
        "0 of 2 done",
        "1 of 2 done · 0.1/s · 0:10 left",
    ]
    assert next(meanwhile, None) is None
