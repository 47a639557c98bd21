"""Sending an edition on both databases to a real SMTP server: everybody is accounted for."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import case, update
from sqlmodel import col, select

from digest.bootstrap import App, utc_now
from digest.config import Settings
from digest.delivery import (
    Tally,
    begin,
    cancel_edition,
    pause_edition,
    resume_edition,
    send_edition,
    tally,
    why_reader,
)
from digest.editions.calendar import wave
from digest.errors import (
    EditionEndedError,
    EditionPausedError,
    NoSuchEditionError,
    NoSuchSubscriberError,
)
from digest.store.models import Delivery, Edition, Subscriber, Subscription, Suppression
from tests.audience import address, draft, program, row_of, send, statuses, stored, subscribe
from tests.smtp import SmtpServer


def test_everybody_gets_their_own_mail_once(mailer: App, server: SmtpServer):
    everybody = [address(n) for n in range(200)]
    subscribe(mailer.store, *everybody)
    edition = draft(mailer)
    assert send(mailer, edition) == Tally(audience=200, accepted=200)
    assert server.taken() == dict.fromkeys(everybody, 1)
    assert 1 <= server.peak <= 4
    for item in server.received:
        assert item.message["To"] == item.recipient
    senders = {item.sender for item in server.received}
    assert len(senders) == 200
    sent = stored(mailer, edition)
    assert (sent.status, sent.note) == ("sent", "")
    assert sent.started is not None
    assert sent.completed is not None
    assert sent.started <= sent.completed
    # Sending what was sent is no mistake, and sends nothing.
    assert send(mailer, edition) == Tally(audience=200, accepted=200)
    assert len(server.entries()) == 200


def test_no_more_connections_than_readers(mailer: App, server: SmtpServer):
    subscribe(mailer.store, "one@readers.example.org")
    assert send(mailer, draft(mailer)).accepted == 1
    assert server.peak == 1


def test_an_edition_without_readers_is_complete_and_asks_no_server(settings: Settings):
    app = program(settings, port=1)
    edition = draft(app)
    assert send(app, edition) == Tally()
    assert stored(app, edition).status == "sent"
    app.store.close()


def test_one_refused_one_deferred_and_the_others_untouched(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(20)])
    server.script = {
        ("RCPT", address(3)): ["550 5.1.1 no such user"],
        ("RCPT", address(5)): ["451 4.2.1 greylisted, come back"],
        ("BODY", address(7)): ["452 4.2.2 mailbox full"],
        ("BODY", address(9)): ["554 5.6.0 we do not like it"],
        ("DATA", address(11)): ["451 4.3.0 not now"],
    }
    edition = draft(mailer)
    account = send(mailer, edition, wait=False)
    assert account == Tally(audience=20, accepted=15, refused=2, deferred=3)
    assert stored(mailer, edition).status == "sending"
    deferred = row_of(mailer, address(5))
    assert (deferred.status, deferred.code, deferred.attempts) == ("deferred", 451, 1)
    assert deferred.reply == "RCPT TO: 451 4.2.1 greylisted, come back"
    wait = deferred.due - utc_now()
    assert timedelta(seconds=30) < wait <= timedelta(seconds=75)
    refused = row_of(mailer, address(3))
    assert (refused.status, refused.code) == ("refused", 550)
    with mailer.store.write() as session:
        for row in session.exec(select(Delivery).where(Delivery.status == "deferred")):
            row.due = utc_now()
            session.add(row)
    assert send(mailer, edition) == Tally(audience=20, accepted=18, refused=2)
    assert stored(mailer, edition).status == "sent"
    assert row_of(mailer, address(5)).attempts == 2
    ids = [entry.message_id for entry in server.entries() if entry.recipient == address(7)]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    # What was refused in the middle of a transaction never reaches the next recipient.
    assert all(count == 1 for who, count in server.taken().items() if who != address(9))


def test_a_deferred_reader_gets_it_in_the_same_sending(settings: Settings, server: SmtpServer):
    quick = settings.delivery.model_copy(update={"retry_first": timedelta(milliseconds=50)})
    app = program(settings.model_copy(update={"delivery": quick}), server)
    subscribe(app.store, address(1), address(2))
    server.script = {("RCPT", address(1)): ["451 4.7.1 greylisted", "450 4.2.0 busy"]}
    assert send(app, draft(app)) == Tally(audience=2, accepted=2)
    assert row_of(app, address(1)).attempts == 3
    app.store.close()


def test_who_is_deferred_for_too_long_is_refused_with_that_reason(
    settings: Settings, server: SmtpServer
):
    quick = settings.delivery.model_copy(
        update={"retry_first": timedelta(milliseconds=10), "retry_for": timedelta(milliseconds=30)}
    )
    app = program(settings.model_copy(update={"delivery": quick}), server)
    subscribe(app.store, address(1))
    server.script = {("RCPT", address(1)): ["450 4.2.0 busy"] * 20}
    assert send(app, draft(app)) == Tally(audience=1, refused=1)
    row = row_of(app, address(1))
    assert (row.reason, row.attempts) == ("gave_up", 3)
    app.store.close()


def test_who_left_while_waiting_is_skipped_with_a_reason(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(6)])
    edition = draft(mailer)
    begin(mailer.store, mailer.settings, mailer.press.render, edition, utc_now())
    with mailer.store.write() as session:
        one, two, three = session.exec(select(Subscriber).order_by(col(Subscriber.id)).limit(3))
        tie = session.exec(select(Subscription).where(Subscription.subscriber_id == one.id)).one()
        tie.status = "unsubscribed"
        session.add(tie)
        session.add(Suppression(key=two.key, reason="complaint", created=utc_now()))
        session.delete(three)
    account = send(mailer, edition)
    gone = {"unsubscribed": 1, "suppressed": 1, "erased": 1}
    assert account == Tally(audience=6, accepted=3, skipped=gone)
    assert set(server.taken()) == {address(3), address(4), address(5)}


def test_who_subscribes_later_is_not_in_the_audience(mailer: App, server: SmtpServer):
    subscribe(mailer.store, address(1))
    edition = draft(mailer)
    for _ in range(2):
        begin(mailer.store, mailer.settings, mailer.press.render, edition, utc_now())
    subscribe(mailer.store, address(2))
    assert send(mailer, edition) == Tally(audience=1, accepted=1)
    with mailer.store.read() as session:
        row = session.get_one(Edition, edition)
        assert why_reader(session, row, address(2))["said"] == "not in its audience"
        assert why_reader(session, row, address(1))["said"].startswith("accepted at 2")
        assert why_reader(session, row, f" {address(1).upper()}")["email"] == address(1)
        with pytest.raises(NoSuchSubscriberError):
            why_reader(session, row, "nobody@example.org")


def test_pause_resume_and_cancel(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(600)])
    edition = draft(mailer)

    def pause_at_ten(taken: int) -> None:
        if taken == 10:
            pause_edition(mailer.store, edition, utc_now(), note="a word with the editor")

    server.on_message = pause_at_ten
    account = send(mailer, edition)
    # Those in flight when it was paused are finished, and few more are begun.
    assert 10 <= account.accepted < 400
    assert account.accepted + account.waiting == account.audience == 600
    paused_at = len(server.entries())
    with pytest.raises(EditionPausedError, match=r"paused \(a word with the editor\).*resume"):
        send(mailer, edition)
    resume_edition(mailer.store, edition, utc_now())
    cancel = partial(cancel_edition, journals=mailer.settings.journal_folder)
    server.on_message = lambda taken: (
        cancel(mailer.store, edition, utc_now()) if taken == paused_at + 20 else None
    )
    account = send(mailer, edition)
    assert account.skipped["cancelled"] == 600 - account.accepted > 0
    assert len(server.entries()) == account.accepted
    for act in (pause_edition, resume_edition, cancel):
        with pytest.raises(EditionEndedError, match="is cancelled"):
            act(mailer.store, edition, utc_now())
    with pytest.raises(EditionEndedError, match="is cancelled"):
        send(mailer, edition)


def test_no_such_edition(mailer: App):
    with pytest.raises(NoSuchEditionError):
        send(mailer, 77)
    with pytest.raises(NoSuchEditionError):
        pause_edition(mailer.store, 77, utc_now())


def test_stopping_finishes_what_is_in_flight_and_begins_nothing_more(
    mailer: App, server: SmtpServer
):
    subscribe(mailer.store, *[address(n) for n in range(60)])
    edition = draft(mailer)

    async def stopped() -> Tally:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        server.on_message = lambda taken: (
            loop.call_soon_threadsafe(stop.set) if taken == 10 else None
        )
        return await send_edition(mailer.store, mailer.press, edition, stop=stop)

    account = asyncio.run(stopped())
    assert account.accepted == len(server.entries())
    assert account.accepted + account.waiting == 60
    assert account.waiting > 0
    assert set(statuses(mailer.store).values()) == {"accepted", "waiting"}
    assert send(mailer, edition) == Tally(audience=60, accepted=60)
    assert set(server.taken().values()) == {1}


def test_two_senders_at_once_send_nothing_twice(
    settings: Settings, mailer: App, server: SmtpServer
):
    subscribe(mailer.store, *[address(n) for n in range(300)])
    edition = draft(mailer)
    other = program(settings, server)

    async def both() -> list[Tally]:
        senders = [send_edition(each.store, each.press, edition) for each in (mailer, other)]
        return await asyncio.gather(*senders)

    accounts = asyncio.run(both())
    assert Tally(audience=300, accepted=300) in accounts
    assert server.taken() == {address(n): 1 for n in range(300)}
    other.store.close()


def test_readers_with_hours_of_their_own_wait_for_them(settings: Settings, server: SmtpServer):
    newsletter = settings.newsletters[0].model_copy(update={"timezone": "subscriber"})
    app = program(settings.model_copy(update={"newsletters": (newsletter,)}), server)
    # Not tomorrow: that has begun in Auckland when it is evening in London.
    day = (utc_now() + timedelta(days=2)).date()
    subscribe(app.store, "far@example.org", timezone="Pacific/Auckland")
    subscribe(app.store, "site@example.org")
    edition = draft(app, date=day, cutoff=utc_now())
    account = send(app, edition, wait=False)
    assert account == Tally(audience=2, waiting=2)
    early, late = row_of(app, "far@example.org").due, row_of(app, "site@example.org").due
    assert timedelta(hours=9) < late - early < timedelta(hours=12)
    assert send(app, edition, at_once=True) == Tally(audience=2, accepted=2)
    app.store.close()


def test_a_reader_who_moves_while_the_audience_is_written_is_in_it_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """To a zone that was done, or to one that nobody was in."""
    newsletter = settings.newsletters[0].model_copy(update={"timezone": "subscriber"})
    app = program(settings.model_copy(update={"newsletters": (newsletter,)}))
    zones = ["Asia/Tokyo", "Europe/Paris", "America/Lima", "Pacific/Auckland"]
    for zone in zones:
        subscribe(app.store, f"{zone.partition('/')[2]}@example.org", timezone=zone)

    def move(*when: Any) -> datetime:
        # On SQLite the audience's transaction is the only writer: nobody can move.
        if not app.store.is_sqlite:
            with app.store.write() as session:
                new = case((col(Subscriber.timezone) == zones[0], "Asia/Seoul"), else_=zones[0])
                session.execute(update(Subscriber).values(timezone=new))
        return wave(*when)

    monkeypatch.setattr("digest.delivery.audience.wave", move)
    begin(app.store, app.settings, app.press.render, draft(app), utc_now())
    assert len(statuses(app.store)) == len(zones)
    app.store.close()


def test_progress_is_told(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(30)])
    told: list[Tally] = []
    send(mailer, draft(mailer), on_progress=told.append)
    assert told
    assert all(account.audience == 30 for account in told)


def test_the_parts_sum_to_the_audience(mailer: App):
    subscribe(mailer.store, *[address(n) for n in range(9)])
    edition = draft(mailer)
    begin(mailer.store, mailer.settings, mailer.press.render, edition, utc_now())
    states = ["waiting", "claimed", "deferred", "accepted", "refused", "uncertain"]
    with mailer.store.write() as session:
        rows = session.exec(select(Delivery)).all()
        for row, status in zip(rows, [*states, "skipped", "skipped", "skipped"], strict=True):
            row.status = status
            row.reason = "suppressed" if status == "skipped" else ""
            session.add(row)
        rows[-1].reason = "erased"
    with mailer.store.read() as session:
        account = tally(session, edition)
    assert account == Tally(9, 1, 1, 1, 1, 2, {"suppressed": 2, "erased": 1})
    parts = account.as_dict()
    skipped = parts.pop("skipped")
    counts = [parts[name] for name in (*states[3:], "waiting", "deferred")]
    assert parts["audience"] == sum(counts) + sum(skipped.values())
