"""When servers, connections and whole processes go away: nobody is skipped, nobody mailed twice."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from digest.bootstrap import App, utc_now
from digest.config import Settings, Uncertain
from digest.delivery import Tally, begin, resume_edition, send_edition
from digest.delivery.ledger import Handout, Ledger
from digest.errors import (
    MessageTooLargeError,
    ServerRefusesError,
    ServerUnreachableError,
    StoreError,
    StoreUnreachableError,
)
from digest.store import Store
from digest.store.models import Delivery
from tests.audience import address, dead_process, draft, program, statuses, subscribe
from tests.smtp import ANYONE, SmtpServer
from tests.smtp_session import DROP, DROP_INSIDE, HANG
from tests.transport import FakeTransport


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_a_server_that_is_down_loses_nobody(settings: Settings, tmp_path: Path, hurried: None):
    port = closed_port()
    app = program(settings, port=port)
    subscribe(app.store, *[address(n) for n in range(10)])
    edition = draft(app)
    with pytest.raises(ServerUnreachableError, match=rf"127\.0\.0\.1:{port}.*refused.*check"):
        send(app, edition)
    row = stored(app, edition)
    assert row.status == "sending"
    assert f"127.0.0.1:{port}" in row.note
    assert set(statuses(app.store).values()) == {"waiting"}
    with SmtpServer(tmp_path / "late", port=port) as server:
        assert send(app, edition) == Tally(audience=10, accepted=10)
        assert set(server.taken().values()) == {1}
    assert (stored(app, edition).status, stored(app, edition).note) == ("sent", "")
    app.store.close()


def test_a_server_that_refuses_our_password_pauses_and_refuses_nobody(
    settings: Settings, tmp_path: Path
):
    with SmtpServer(tmp_path / "tls", starttls=True, users={"digest": "s3cret"}) as server:
        facts = {"security": "starttls", "verify_certificate": False, "username": "digest"}
        app = program(settings, server, password="wrong", **facts)
        subscribe(app.store, address(1))
        edition = draft(app)
        with pytest.raises(ServerRefusesError, match="AUTH: 535"):
            send(app, edition)
    row = stored(app, edition)
    assert row.status == "paused"
    assert "correct [smtp], then `digest editions resume`" in row.note
    assert statuses(app.store) == {address(1): "waiting"}
    app.store.close()


def test_a_server_that_refuses_the_sender_pauses_and_refuses_nobody(
    mailer: App, server: SmtpServer
):
    subscribe(mailer.store, *[address(n) for n in range(10)])
    server.script = {("MAIL", ANYONE): ["550 5.7.1 you may not send as this"] * 9}
    edition = draft(mailer)
    with pytest.raises(ServerRefusesError, match="you may not send as this"):
        send(mailer, edition)
    assert stored(mailer, edition).status == "paused"
    assert set(statuses(mailer.store).values()) == {"waiting"}


def test_policy_refusals_of_everybody_are_about_us(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(40)])
    server.script = {("RCPT", ANYONE): ["554 5.7.1 relay access denied"] * 40}
    edition = draft(mailer)
    with pytest.raises(ServerRefusesError, match="relay access denied"):
        send(mailer, edition)
    assert stored(mailer, edition).status == "paused"
    assert set(statuses(mailer.store).values()) == {"waiting", "deferred"}


def test_policy_refusals_of_some_are_about_them(mailer: App, server: SmtpServer):
    subscribe(mailer.store, *[address(n) for n in range(40)])
    server.script = {("RCPT", address(n)): ["550 5.7.1 not here"] for n in range(5)}
    account = send(mailer, draft(mailer), wait=False)
    assert account == Tally(audience=40, accepted=35, deferred=5)


def test_a_server_that_hangs_keeps_nobody_but_its_own(settings: Settings, server: SmtpServer):
    app = program(settings, server, timeout=timedelta(milliseconds=300))
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


def test_a_sender_that_slept_past_its_lease_sends_nothing(settings: Settings):
    app = program(settings, max_connections=1)
    subscribe(app.store, *[address(n) for n in range(3)])
    now = utc_now()
    ticks = iter([now] * 8)
    # The clock stands still until some claims were made; then hours have passed.
    app.clock = lambda: next(ticks, now + timedelta(hours=3))
    transport = FakeTransport()
    edition = draft(app)
    account = send(app, edition, transport=transport)
    assert account.accepted + account.uncertain == 3
    assert len(transport.entries) == account.accepted
    app.store.close()


def test_claims_of_the_dead_are_uncertain_and_of_the_living_are_left(
    mailer: App, server: SmtpServer
):
    subscribe(mailer.store, *[address(n) for n in range(6)])
    edition = draft(mailer)
    begin(mailer.store, mailer.settings, mailer.press.render, edition, utc_now())
    host, later = socket.gethostname(), utc_now() + timedelta(minutes=5)
    with mailer.store.write() as session:
        rows = session.exec(select(Delivery).order_by(col(Delivery.id))).all()
        holders = [
            (f"{host}:{dead_process()}:x", later),
            (f"{host}:{os.getpid()}:a sender of this process that has ended", later),
            ("elsewhere.example.org:1:x", utc_now() - timedelta(seconds=1)),
            (f"{host}:{os.getppid()}:x", later),
            ("elsewhere.example.org:1:x", later),
        ]
        for row, (holder, until) in zip(rows, holders, strict=False):
            row.status, row.claimed_by, row.claimed_until, row.fence = "claimed", holder, until, 1
            session.add(row)
    account = send(mailer, edition, wait=False)
    assert account == Tally(audience=6, accepted=1, uncertain=3, waiting=2)
    assert stored(mailer, edition).status == "sending"


def test_a_mail_that_is_too_large_pauses_the_edition(
    mailer: App, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
):
    subscribe(mailer.store, *[address(n) for n in range(10)])
    edition = draft(mailer)
    with monkeypatch.context() as patch:
        patch.setattr("digest.delivery.message.MAX_BYTES", 5_000)
        with pytest.raises(MessageTooLargeError, match="5000 are allowed"):
            send(mailer, edition)
    assert stored(mailer, edition).status == "paused"
    assert "shorten templates" in stored(mailer, edition).note
    assert server.entries() == []
    resume_edition(mailer.store, edition, utc_now())
    assert send(mailer, edition) == Tally(audience=10, accepted=10)


def test_a_database_that_fails_in_the_middle_forgets_nobody(
    mailer: App, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
):
    subscribe(mailer.store, *[address(n) for n in range(100)])
    edition = draft(mailer)
    exchange = Ledger.exchange

    def full(self, outcomes, order, now):
        if len(server.entries()) > 30:
            raise StoreError(detail="database or disk is full")
        return exchange(self, outcomes, order, now)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "exchange", full)
        with pytest.raises(StoreError, match="disk is full"):
            send(mailer, edition)
    assert stored(mailer, edition).status == "sending"
    # What was taken but could not be recorded is in the journal.
    assert send(mailer, edition) == Tally(audience=100, accepted=100)
    assert server.taken() == {address(n): 1 for n in range(100)}


def test_a_commit_whose_answer_is_lost_leaves_nobody_waiting(
    mailer: App, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("digest.delivery.database._PATIENCE", 0)
    subscribe(mailer.store, *[address(n) for n in range(20)])
    edition = draft(mailer)
    exchange, commits = Ledger.exchange, iter(range(1000))
    deaf = Store.write

    @contextmanager
    def lossy(store: Store) -> Iterator[Session]:
        with deaf(store) as session:
            yield session
        if next(commits) == 2:
            raise StoreUnreachableError(url="x", why="server closed the connection")

    def with_losses(self: Ledger, *arguments: Any) -> Handout:
        with monkeypatch.context() as patch:
            patch.setattr(Store, "write", lossy)
            return exchange(self, *arguments)

    monkeypatch.setattr(Ledger, "exchange", with_losses)
    assert send(mailer, edition, wait=False) == Tally(audience=20, accepted=20)
    assert server.taken() == {address(n): 1 for n in range(20)}


SENDER = """
import asyncio, sys
from pathlib import Path
from digest.bootstrap import App
from digest.delivery import send_edition
from digest.config import load_settings
mailer = App(load_settings(Path(sys.argv[1])))
asyncio.run(send_edition(mailer.store, mailer.press, int(sys.argv[2])))
"""


def test_killed_and_started_again_until_complete(
    folder: Path, settings: Settings, mailer: App, server: SmtpServer
):
    """SIGKILL three times in a sending of 1,000; the server's journal against our rows."""
    everybody = [address(n) for n in range(1000)]
    subscribe(mailer.store, *everybody)
    edition = draft(mailer)
    server.keep = False
    config = folder / "digest.toml"
    with config.open("a", encoding="utf-8") as file:
        file.write(f'[smtp]\nport = {server.port}\nmax_connections = 8\ntimeout = "10s"\n')
    command = [sys.executable, "-c", SENDER, str(config), str(edition)]
    kills = 0
    for limit in (150, 400, 700):
        reached = threading.Event()
        server.on_message = lambda taken, limit=limit, reached=reached: (
            reached.set() if taken == limit else None
        )
        with subprocess.Popen(command) as process:
            assert reached.wait(60)
            process.kill()
        kills += 1
    server.on_message = None
    subprocess.run(command, check=True, timeout=120)
    found = statuses(mailer.store)
    taken = server.taken()
    assert set(found) == set(everybody)
    assert set(found.values()) <= {"accepted", "uncertain"}
    uncertain = {who for who, status in found.items() if status == "uncertain"}
    assert len(uncertain) <= kills * 8
    assert max(taken.values()) == 1
    assert all(taken.get(who) == 1 for who, status in found.items() if status == "accepted")
    assert stored(mailer, edition).status == "sent"


def test_two_processes_and_sigterm_to_one_of_them(folder: Path, mailer: App, server: SmtpServer):
    """One is told to stop in the middle: it finishes what is in flight, the other the rest."""
    everybody = [address(n) for n in range(600)]
    subscribe(mailer.store, *everybody)
    edition = draft(mailer)
    config = folder / "digest.toml"
    with config.open("a", encoding="utf-8") as file:
        file.write(f"[smtp]\nport = {server.port}\nmax_connections = 4\n")
    command = [sys.executable, "-m", "digest", "--config", str(config)]
    command += ["editions", "send", str(edition), "--json"]
    # Whoever comes first is kept waiting until both are there.
    server.quorum = 5
    reached = threading.Event()
    server.on_message = lambda taken: reached.set() if taken == 100 else None
    one = subprocess.Popen(command, stdout=subprocess.PIPE)
    other = subprocess.Popen(command, stdout=subprocess.PIPE)
    with one, other:
        assert reached.wait(60)
        one.terminate()
        said = json.loads(one.communicate(timeout=60)[0])
        rest = json.loads(other.communicate(timeout=60)[0])
    assert (one.returncode, other.returncode) == (1, 0)
    assert said["status"] == "sending"
    assert said["waiting"] + said["accepted"] == 600
    assert (rest["status"], rest["accepted"]) == ("sent", 600)
    assert server.taken() == dict.fromkeys(everybody, 1)
