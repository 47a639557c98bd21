"""Several senders of one edition, asleep, dead or told to stop: nobody is mailed twice."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from digest.bootstrap import App, utc_now
from digest.config import Settings
from digest.delivery import Tally, begin
from digest.store.models import Delivery
from tests.audience import address, dead_process, draft, program, send, statuses, stored, subscribe
from tests.reckoning import reckon
from tests.sending import CONNECTIONS, configure, ended, start
from tests.smtp import SmtpServer
from tests.transport import FakeTransport


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


@pytest.mark.parametrize("count", [2, 4, 8])
def test_processes_side_by_side_send_nothing_twice(
    folder: Path, mailer: App, server: SmtpServer, count: int
):
    everybody = [address(n) for n in range(200)]
    subscribe(mailer.store, *everybody)
    edition = draft(mailer)
    config = configure(folder, server.port)
    # No message is answered before each of them has a connection.
    server.quorum = (count - 1) * CONNECTIONS + 1
    senders = [start(config, edition) for _ in range(count)]
    assert [ended(sender) for sender in senders] == [0] * count
    found = reckon(mailer.store, edition, everybody, server.entries())
    assert (found.faults, found.uncertain, found.again) == (0, 0, 0), found
    assert stored(mailer, edition).status == "sent"


@pytest.mark.parametrize(
    "step", ["before the message is begun", "the message is begun", "the final dot has left"]
)
def test_frozen_past_its_lease_and_woken(folder: Path, mailer: App, server: SmtpServer, step: str):
    """What it had begun is uncertain to the other; when it wakes it says what became of that."""
    everybody = [address(n) for n in range(100)]
    subscribe(mailer.store, *everybody)
    edition = draft(mailer)
    config = configure(folder, server.port)
    with start(config, edition, freeze=step, turn=30, lease=1) as sleeper:
        try:
            assert os.WIFSTOPPED(os.waitpid(sleeper.pid, os.WUNTRACED)[1])
            with start(config, edition) as other:
                assert ended(other) == 0
            assert stored(mailer, edition).status == "sent"
            assert set(statuses(mailer.store).values()) == {"accepted", "uncertain"}
            sleeper.send_signal(signal.SIGCONT)
            assert ended(sleeper) == 0
        finally:
            sleeper.kill()
    found = reckon(mailer.store, edition, everybody, server.entries())
    assert (found.faults, found.uncertain, found.again) == (0, 0, 0), found
