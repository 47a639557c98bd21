"""Subscribers one by one, on both databases: consent, changes, leaving, erasure."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, func, select

from digest.errors import (
    AddressTakenError,
    NoSuchSubscriberError,
    NoSuchSubscriptionError,
    NoSuchSuppressionError,
    SuppressedAddressError,
)
from digest.feedback.suppressions import SuppressionReason, lift, suppress, suppressions
from digest.store import Store
from digest.store.models import (
    Delivery,
    DeliveryStatus,
    Edition,
    Subscriber,
    Subscription,
    SubscriptionStatus,
)
from digest.store.rows import row_id
from digest.store.suppressed import suppressed
from digest.subscribers import find_subscription, people
from digest.subscribers.addresses import read_address
from digest.subscribers.choices import Choices, Profile
from digest.subscribers.records import listed, record
from digest.subscribers.subscribing import confirm, subscribe, unsubscribe

NOW = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
MORNING: Choices = {"morning": None}


def join(
    session: Session,
    email: str = "ana@example.org",
    choices: Choices = MORNING,
    consent: str = "form",
    now: datetime = NOW,
    profile: Profile = Profile(),  # noqa: B008 - frozen
) -> Subscriber:
    return subscribe(session, read_address(email), choices, now, profile=profile, consent=consent)


def standing(session: Session, email: str = "ana@example.org") -> dict[str, str]:
    found = people.ties(session, people.find(session, read_address(email)))
    return {tie.newsletter: tie.status for tie in found}


def test_one_person_many_times_at_once_is_one_person(store: Store):
    start = threading.Barrier(8)

    def sign_up(_number: int) -> None:
        start.wait(30)
        with store.write() as session:
            join(session)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sign_up, range(8)))
    with store.read() as session:
        assert len(session.exec(select(Subscriber)).all()) == 1
        assert standing(session) == {"morning": SubscriptionStatus.ACTIVE}


def test_consent_on_record_makes_it_active(store: Store):
    with store.write() as session:
        join(session, choices={"morning": ["World"]}, profile=Profile("Ana", "Europe/Sofia", "bg"))
    with store.read() as session:
        (tie,) = session.exec(select(Subscription))
        (ana,) = session.exec(select(Subscriber))
    assert (tie.status, tie.consent, tie.confirmed) == ("active", "form", NOW)
    assert tie.sections == ["World"]
    assert (ana.name, ana.timezone, ana.language) == ("Ana", "Europe/Sofia", "bg")


def test_without_consent_it_is_pending_until_confirmed_once(store: Store):
    with store.write() as session:
        join(session, consent="")
        number = row_id(find_subscription(session, "morning", "ANA@example.org"))
        assert standing(session) == {"morning": "pending"}
        assert confirm(session, number, "link in the mail", LATER)
        assert not confirm(session, number, "again", LATER)
    with store.read() as session:
        tie = find_subscription(session, "morning", "ana@example.org")
    assert (tie.status, tie.consent, tie.confirmed) == ("active", "link in the mail", LATER)


def test_joining_again_makes_nobody_twice_and_keeps_what_is_not_said(store: Store):
    with store.write() as session:
        join(session, profile=Profile("Ana", "Europe/Sofia"), choices={"morning": ["World"]})
        join(session, "ANA@Example.org", consent="", profile=Profile(language="bg"))
    with store.read() as session:
        (ana,) = session.exec(select(Subscriber))
        (tie,) = session.exec(select(Subscription))
    assert (ana.name, ana.timezone, ana.language) == ("Ana", "Europe/Sofia", "bg")
    assert (tie.status, tie.sections, tie.confirmed) == ("active", ["World"], NOW)


def test_a_second_newsletter_is_a_second_tie(store: Store):
    with store.write() as session:
        join(session)
        join(session, choices={"evening": None}, consent="")
        assert standing(session) == {"morning": "active", "evening": "pending"}


def test_leaving_again_changes_nothing(store: Store):
    with store.write() as session:
        join(session)
        number = row_id(find_subscription(session, "morning", "ana@example.org"))
        assert unsubscribe(session, number, NOW)
        assert not unsubscribe(session, number, LATER)
        assert not unsubscribe(session, number + 1000, LATER)
    with store.read() as session:
        tie = find_subscription(session, "morning", "ana@example.org")
    assert (tie.status, tie.unsubscribed) == ("unsubscribed", NOW)


def test_an_old_confirmation_does_not_bring_back_who_left(store: Store):
    with store.write() as session:
        join(session, consent="")
        number = row_id(find_subscription(session, "morning", "ana@example.org"))
        unsubscribe(session, number, NOW)
        assert not confirm(session, number, "link", LATER)
        assert standing(session) == {"morning": "unsubscribed"}


def test_who_left_may_sign_up_again(store: Store):
    with store.write() as session:
        number = row_id(join(session))
        people.unsubscribe_all(
            session, people.ties(session, session.get_one(Subscriber, number)), NOW
        )
        join(session, consent="", now=LATER)
        assert standing(session) == {"morning": "pending"}


def test_all_or_one_newsletter_is_left(store: Store):
    with store.write() as session:
        ana = join(session, choices={"morning": None, "evening": None})
        one = people.ties(session, ana, ["evening"])
        assert people.unsubscribe_all(session, one, NOW) == ["evening"]
        assert people.unsubscribe_all(session, people.ties(session, ana), NOW) == ["morning"]
        with pytest.raises(NoSuchSubscriptionError, match='"noon", only to morning, evening'):
            people.ties(session, ana, ["noon"])


def test_a_suppressed_address_is_not_let_in(store: Store):
    address = read_address("Ana@example.org")
    with store.write() as session:
        assert suppress(session, address, SuppressionReason.COMPLAINT, "abuse desk", NOW)
        assert not suppress(session, address, SuppressionReason.MANUAL, "", LATER)
        with pytest.raises(SuppressedAddressError, match=r"never mailed \(complaint\): `digest"):
            join(session, "ana@EXAMPLE.org")
    with store.write() as session:
        assert suppressed(session, [address.key, "b@example.org"]).keys() == {address.key}
        assert [found.note for found in suppressions(session)] == ["abuse desk"]
        lift(session, address)
        with pytest.raises(NoSuchSuppressionError, match="is not suppressed"):
            lift(session, address)
        join(session)


def test_an_address_moves_unless_it_is_taken_or_suppressed(store: Store):
    with store.write() as session:
        ana, _ = join(session), join(session, "bob@example.org")
        suppress(session, read_address("c@example.org"), SuppressionReason.BOUNCE, "", NOW)
        people.move(session, ana, read_address("ANA@example.org"))
        with pytest.raises(AddressTakenError, match=r"subscribed as bob@example\.org"):
            people.move(session, ana, read_address("bob@example.org"))
        with pytest.raises(SuppressedAddressError):
            people.move(session, ana, read_address("c@example.org"))
        people.move(session, ana, read_address("Anna@example.org"))
    with store.read() as session:
        assert people.find(session, read_address("anna@example.org")).email == "Anna@example.org"
        with pytest.raises(NoSuchSubscriberError, match="Nobody is subscribed as ana@"):
            people.find(session, read_address("ana@example.org"))


@pytest.fixture
def delivered(store: Store) -> dict[str, int]:
    """An edition with a delivery to Ana in each state; the number of each by its status."""
    with store.write() as session:
        number = row_id(join(session))
        numbers = {}
        for place, status in enumerate(DeliveryStatus, 1):
            edition = Edition(
                newsletter="morning",
                date=date(2026, 3, place),
                number=place,
                cutoff=NOW,
                composed=NOW,
                document={},
            )
            session.add(edition)
            session.flush()
            delivery = Delivery(
                edition_id=row_id(edition), subscriber_id=number, status=status, due=NOW
            )
            session.add(delivery)
            session.flush()
            numbers[status.value] = row_id(delivery)
    return numbers


def test_erasure_keeps_the_accounts_and_skips_what_waits(store: Store, delivered: dict[str, int]):
    with store.write() as session:
        ana = people.find(session, read_address("ana@example.org"))
        suppress(session, read_address(ana.email), SuppressionReason.MANUAL, "", NOW)
        assert people.erase(session, ana, LATER) == 2
    with store.read() as session:
        after = {row.id: row for row in session.exec(select(Delivery))}
        assert session.exec(select(func.count()).select_from(Subscriber)).one() == 0
        assert session.exec(select(func.count()).select_from(Subscription)).one() == 0
        assert len(suppressions(session)) == 1
    assert all(row.subscriber_id is None for row in after.values())
    for status, number in delivered.items():
        skipped = status in {"waiting", "deferred"}
        row = after[number]
        assert (row.status, row.reason) == (("skipped", "erased") if skipped else (status, ""))
        assert row.finished == (LATER if skipped else None)


def test_a_record_shows_the_last_deliveries(store: Store, delivered: dict[str, int]):
    with store.read() as session:
        shown = record(session, people.find(session, read_address("ana@example.org")))
    assert [row["date"].day for row in shown["deliveries"]] == [7, 6, 5, 4, 3, 2, 1]
    assert shown["deliveries"][0]["status"] == DeliveryStatus.SKIPPED
    assert shown["suppressed"] is None
    assert [tie["newsletter"] for tie in shown["subscriptions"]] == ["morning"]


def test_a_list_is_filtered_limited_and_counted(store: Store):
    with store.write() as session:
        for letter in "cab":
            join(session, f"{letter}@example.org", consent="" if letter == "a" else "form")
        join(session, "d@example.org", choices={"evening": None})
        join(session, "a@example.org", choices={"evening": None})

    def found(**wanted: Any) -> tuple[list[str], int]:
        with store.read() as session:
            rows, total = listed(session, **{"limit": 10, **wanted})
        return [row["email"][0] for row in rows], total

    assert found() == (["a", "b", "c", "d"], 4)
    assert found(limit=2) == (["a", "b"], 4)
    assert found(newsletter="evening") == (["a", "d"], 2)
    assert found(status=SubscriptionStatus.PENDING) == (["a"], 1)
    assert found(newsletter="evening", status=SubscriptionStatus.PENDING) == ([], 0)


def test_a_list_asks_few_questions(store: Store):
    with store.write() as session:
        for number in range(600):
            session.add(Subscriber(email=f"{number}@b.org", key=f"{number}@b.org", created=NOW))
        session.flush()
        for person in session.exec(select(Subscriber)).all():
            tie = Subscription(subscriber_id=row_id(person), newsletter="morning", created=NOW)
            session.add(tie)
    asked = count_statements(store)
    with store.read() as session:
        rows, total = listed(session, limit=1000)
    assert (len(rows), total) == (600, 600)
    assert all(len(row["subscriptions"]) == 1 for row in rows)
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 4


def count_statements(store: Store) -> list[str]:
    asked: list[str] = []

    @event.listens_for(store.engine, "before_cursor_execute")
    def _heard(_connection, _cursor, statement: str, *_rest: object) -> None:
        asked.append(statement)

    return asked
