"""Servers that refuse, hang, close and drop: nobody but those concerned is affected."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from digest.bootstrap import App, utc_now
from digest.config import Settings, Uncertain
from digest.delivery import Tally, resume_edition, send_edition
from digest.errors import (
    EditionPausedError,
    ServerUnreachableError,
)
from digest.store import Store
from digest.store.models import Delivery
from tests.audience import address, draft, program, row_of, send, statuses, stored, subscribe
from tests.postfix import sink
from tests.smtp import ANYONE, SmtpServer
from tests.smtp_session import DROP, DROP_IN_LINE, DROP_INSIDE, HANG, HASTY, LEAVE, TRICKLE
from tests.transport import FakeTransport


def test_a_server_that_refuses_our_password_pauses_and_refuses_nobody(
    settings: Settings, tmp_path: Path
):
    with SmtpServer(tmp_path / "tls", starttls=True, users={"digest": "s3cret"}) as server:
        facts = {"security": "starttls", "verify_certificate": False, "username": "digest"}
        app = program(settings, server, password="wrong", **facts)
        subscribe(app.store, address(1))
        edition = draft(app)
        with pytest.raises(EditionPausedError, match=rf"AUTH: 535.*resume {edition}`"):
            send(app, edition)
    row = stored(app, edition)
    assert row.status == "paused"
    assert row.note.endswith("): correct [smtp] or [[servers]], restart `digest run`")
    assert statuses(app.store) == {address(1): "waiting"}
    app.store.close()


def test_a_server_that_refuses_the_sender_pauses_and_refuses_nobody(
    mailer: App, server: SmtpServer
):
    subscribe(mailer.store, *[address(n) for n in range(10)])
    server.script = {("MAIL", ANYONE): ["550 5.7.1 you may not send as this"] * 9}
    edition = draft(mailer)
    with pytest.raises(EditionPausedError, match="you may not send as this"):
        send(mailer, edition)
    assert stored(mailer, edition).status == "paused"
    assert set(statuses(mailer.store).values()) == {"waiting"}


@pytest.mark.parametrize("stage", ["RCPT", "BODY"])
def test_one_who_takes_no_mail_so_large_stops_nobody(mailer: App, server: SmtpServer, stage: str):
    subscribe(mailer.store, *[address(n) for n in range(20)])
    server.script = {(stage, address(7)): ["552 5.3.4 message too big"]}
    assert send(mailer, draft(mailer)) == Tally(audience=20, accepted=19, refused=1)
    row = row_of(mailer, address(7))
    assert (row.status, row.code) == ("refused", 552)


def test_a_mail_too_large_for_everybody_pauses(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(40)])
    server.script = {("BODY", ANYONE): ["552 5.3.4 message too big"] * 40}
    edition = draft(mailer)
    with pytest.raises(EditionPausedError, match="message too big"):
        send(mailer, edition)
    assert set(statuses(mailer.store).values()) == {"waiting", "refused"}
    server.script = {("MAIL", ANYONE): ["552 5.3.4 message size exceeds fixed limit"] * 40}
    before = statuses(mailer.store)
    resume_edition(mailer.store, edition, mailer.clock())
    with pytest.raises(EditionPausedError, match="fixed limit"):
        send(mailer, edition)
    assert statuses(mailer.store) == before


def test_policy_refusals_of_everybody_are_about_us(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(40)])
    server.script = {("RCPT", ANYONE): ["554 5.7.1 relay access denied"] * 40}
    edition = draft(mailer)
    with pytest.raises(EditionPausedError, match="relay access denied"):
        send(mailer, edition)
    assert stored(mailer, edition).status == "paused"
    assert set(statuses(mailer.store).values()) == {"waiting", "deferred"}


def test_policy_refusals_of_some_are_about_them(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(40)])
    server.script = {("RCPT", address(n)): ["550 5.7.1 not here"] for n in range(5)}
    account = send(mailer, draft(mailer), wait=False)
    assert account == Tally(audience=40, accepted=35, deferred=5)


def test_a_server_that_hangs_keeps_nobody_but_its_own(settings: Settings, server: SmtpServer):
    app = program(settings, server, timeout=timedelta(seconds=2))
    subscribe(app.store, *[address(n) for n in range(30)])
    server.script = {
        ("RCPT", address(3)): [HANG],
        ("DATA", address(4)): [HANG],
        ("BODY", address(5)): [HANG],
    }
    account = send(app, draft(app), wait=False)
    assert account == Tally(audience=30, accepted=27, deferred=2, uncertain=1)
    found = statuses(app.store)
    assert [found[address(n)] for n in (3, 4, 5)] == ["deferred", "deferred", "uncertain"]
    app.store.close()


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_server_that_leaves_with_a_no_has_said_it(
    settings: Settings, server: SmtpServer, hurried: None, *, pipelining: bool
):
    server.pipelining = pipelining
    app = program(settings, server)
    subscribe(app.store, *[address(n) for n in range(30)])
    edition = draft(app)
    server.script = {("MAIL", ANYONE): [f"{LEAVE}421 4.7.0 try again later, closing"] * 200}
    with pytest.raises(ServerUnreachableError, match="try again later"):
        send(app, edition)
    assert set(statuses(app.store).values()) == {"waiting"}
    server.script = {("MAIL", ANYONE): [f"{LEAVE}554 5.7.1 sender address rejected"] * 50}
    with pytest.raises(EditionPausedError, match="sender address rejected"):
        send(app, edition)
    assert set(statuses(app.store).values()) == {"waiting"}
    server.script = {
        ("MAIL", ANYONE): [f"{LEAVE}421 too many messages in this connection"] * 3,
        ("RCPT", address(7)): [f"{LEAVE}550 5.1.1 nobody here"],
    }
    resume_edition(app.store, edition, app.clock())
    assert send(app, edition) == Tally(audience=30, accepted=29, refused=1)
    assert set(server.taken().values()) == {1}
    app.store.close()


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_refusal_in_the_middle_of_a_message_concerns_nobody_else(
    mailer: App, server: SmtpServer, *, pipelining: bool
):
    server.pipelining = pipelining
    subscribe(mailer.store, *[address(n) for n in range(30)])
    server.script = {("DATA", address(n)): [f"{HASTY}554 5.6.0 no such mail"] for n in (3, 4, 5)}
    assert send(mailer, draft(mailer)) == Tally(audience=30, accepted=27, refused=3)
    assert sorted(server.taken()) == sorted(address(n) for n in range(30) if n not in {3, 4, 5})


def test_a_lost_answer_is_uncertain_and_never_sent_again(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(30)])
    server.script = {("BODY", address(5)): [DROP], ("DATA", address(6)): [DROP_INSIDE]}
    edition = draft(mailer)
    assert send(mailer, edition) == Tally(audience=30, accepted=28, uncertain=2)
    assert stored(mailer, edition).status == "sent"
    assert sum(entry.recipient == address(5) for entry in server.entries()) == 1


def test_a_lost_answer_is_sent_again_by_policy(settings: Settings, server: SmtpServer):
    again = settings.delivery.model_copy(
        update={"uncertain": Uncertain.RESEND, "retry_first": timedelta(milliseconds=10)}
    )
    app = program(settings.model_copy(update={"delivery": again}), server)
    subscribe(app.store, *[address(n) for n in range(5)])
    server.script = {("BODY", address(2)): [DROP]}
    assert send(app, draft(app)) == Tally(audience=5, accepted=5)
    ids = [entry.message_id for entry in server.entries() if entry.recipient == address(2)]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    app.store.close()


def test_connections_that_are_closed_are_opened_again(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(30)])
    server.script = {("MAIL", ANYONE): ["421 4.3.2 too many messages in this connection"] * 3}
    assert send(mailer, draft(mailer)) == Tally(audience=30, accepted=30)
    assert set(server.taken().values()) == {1}


def test_a_server_with_room_for_two_gets_two_connections(settings: Settings, tmp_path: Path):
    with SmtpServer(tmp_path / "small", max_connections=2) as server:
        app = program(settings, server, max_connections=10)
        subscribe(app.store, *[address(n) for n in range(50)])
        assert send(app, draft(app)) == Tally(audience=50, accepted=50)
        assert server.peak == 2
        app.store.close()


def test_a_server_that_only_ever_closes_is_left_alone(
    settings: Settings, hurried: None, store: object
):
    app = program(settings)
    subscribe(app.store, *[address(n) for n in range(30)])
    transport = FakeTransport(script={("MAIL", ANYONE): ["421 4.7.0 busy"] * 1000})
    edition = draft(app)
    with pytest.raises(ServerUnreachableError, match=r"421 4\.7\.0 busy"):
        send(app, edition, transport=transport)
    assert set(statuses(app.store).values()) == {"waiting"}
    # Four rounds of four connections, each tried three times.
    assert transport.opened <= 4 * 4 * 3
    app.store.close()


def test_a_reader_who_kills_every_connection_stops_nobody(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(30)])
    server.script = {("RCPT", address(3)): [DROP] * 100}
    assert send(mailer, draft(mailer), wait=False) == Tally(audience=30, accepted=29, deferred=1)


@pytest.mark.parametrize("words", [b"adresse refus\xe9e", b"no\x00body"])
async def test_a_reply_in_odd_octets_is_recorded(settings: Settings, store: Store, words: bytes):
    subscribe(store, address(1))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org\r\n")
        while line := await reader.readline():
            refused = line.startswith(b"RCPT")
            writer.write(b"550 5.1.1 " + words + b"\r\n" if refused else b"250 go on\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        app = program(settings, port=server.sockets[0].getsockname()[1])
        account = await send_edition(app.store, app.press, draft(app))
        app.close()
    assert account == Tally(audience=1, refused=1)


def test_a_mail_that_is_too_large_pauses_the_edition(
    mailer: App, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
):
    subscribe(mailer.store, *[address(n) for n in range(10)])
    edition = draft(mailer)
    with monkeypatch.context() as patch:
        patch.setattr("digest.delivery.message.MAX_BYTES", 5_000)
        with pytest.raises(EditionPausedError, match="5000 are allowed"):
            send(mailer, edition)
    assert stored(mailer, edition).status == "paused"
    assert "shorten templates" in stored(mailer, edition).note
    assert server.entries() == []
    resume_edition(mailer.store, edition, utc_now())
    assert send(mailer, edition) == Tally(audience=10, accepted=10)


# What a server does to a reader of its own domain, and where that leaves the reader. At the last
# stage a lost answer is uncertain; before it the server cannot have the message.
FAULTS = {
    "450 4.2.0 greylisted": ("deferred", "deferred"),
    "451 4.7.1 slow down": ("deferred", "deferred"),
    "421 4.3.2 closing": ("deferred", "deferred"),
    "550 5.1.1 no such user": ("refused", "refused"),
    "552 5.2.2 mailbox full": ("refused", "refused"),
    "554 5.6.0 not this": ("refused", "refused"),
    "999 what": ("deferred", "uncertain"),
    "hello": ("deferred", "uncertain"),
    TRICKLE + "450 4.2.0 busy": ("deferred", "deferred"),
    HANG: ("deferred", "uncertain"),
    DROP: ("deferred", "uncertain"),
    DROP_IN_LINE: ("deferred", "uncertain"),
}


@pytest.mark.parametrize("pipelining", ["pipelined", "one by one"])
def test_every_fault_at_every_stage_concerns_nobody_else(
    settings: Settings, server: SmtpServer, pipelining: str
):
    server.pipelining = pipelining == "pipelined"
    app = program(settings, server, timeout=timedelta(seconds=1))
    readers = {
        f"reader@{stage.lower()}{number}.example.org": (stage, fault)
        for stage in ("RCPT", "DATA", "BODY")
        for number, fault in enumerate(FAULTS)
    }
    others = [address(n) for n in range(200)]
    subscribe(app.store, *readers, *others)
    # A connection may end before its answer to whom was announced with another is heard.
    server.script = {(stage, who): [fault] * 3 for who, (stage, fault) in readers.items()}
    edition = draft(app)
    send(app, edition, wait=False)
    found = statuses(app.store)
    expected = {who: FAULTS[fault][stage == "BODY"] for who, (stage, fault) in readers.items()}
    assert {who: found[who] for who in readers} == expected
    assert {found[who] for who in others} == {"accepted"}
    assert {who: server.taken()[who] for who in others} == dict.fromkeys(others, 1)
    app.close()


def test_answers_that_come_letter_by_letter_are_waited_for(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(8)])
    server.script = {
        ("MAIL", ANYONE): [TRICKLE + "250 2.1.0 go on"],
        ("RCPT", address(1)): [TRICKLE + "250 2.1.5 go on"],
        ("BODY", address(2)): [TRICKLE + "250 2.0.0 taken"],
    }
    assert send(mailer, draft(mailer)) == Tally(audience=8, accepted=8)
    assert set(server.taken().values()) == {1}


# What Postfix's test server is told to do, and where that leaves everybody.
SINKS = {
    "-q .": "uncertain",
    "-Q .": "deferred",
    "-q data": "deferred",
    "-Q rcpt": "deferred",
    "-r rcpt": "deferred",
    "-r .": "deferred",
    "-p": "accepted",
    "-e": "accepted",
    "-w 1": "accepted",
}


@pytest.mark.parametrize("options", SINKS)
def test_another_server_that_closes_refuses_or_is_slow(settings: Settings, options: str):
    with sink(*options.split()) as port:
        app = program(settings, port=port)
        # Each at a domain of their own: one that slows us down would hold up the rest.
        subscribe(app.store, *[f"reader@example{n}.org" for n in range(6)])
        edition = draft(app)
        account = send(app, edition, wait=False)
    assert statuses(app.store) == dict.fromkeys(statuses(app.store), SINKS[options]), account
    with app.store.write() as session:
        session.execute(update(Delivery).values(due=utc_now()))
    with sink() as port:
        late = program(settings, port=port)
        rest = send(late, edition)
        late.close()
    assert rest.accepted == (0 if SINKS[options] == "uncertain" else 6)
    app.close()


def test_connections_that_were_refused_are_opened_when_there_is_room(
    settings: Settings, server: SmtpServer, hurried: None
):
    app = program(settings, server, max_connections=10)
    subscribe(app.store, *[address(n) for n in range(400)])
    server.max_connections = 1
    open_then: list[int] = []

    def on_message(count: int) -> None:
        if count == 3:
            server.max_connections = 100
        open_then.append(server.connections)

    server.on_message = on_message
    assert send(app, draft(app)) == Tally(audience=400, accepted=400)
    assert max(open_then) > 1
    app.store.close()
