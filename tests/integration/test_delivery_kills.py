"""Killed anywhere and started again: nobody is skipped, nobody mailed twice."""

import random
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path

from digest.bootstrap import App
from tests.audience import DAY, address, draft, statuses, stored, subscribe
from tests.reckoning import reckon
from tests.sending import CLEARING, CONNECTIONS, ENDS, WAY, configure, ended, start
from tests.smtp import SmtpServer

# A step that comes with every message or exchange is let pass a few times.
LATER = {
    "before the message is begun": 9,
    "the message is begun": 9,
    "the final dot has left": 9,
    "the answer is heard": 9,
    "the answer is noted": 9,
    "the delivery is settled": 9,
    "before the exchange": 3,
    "before the exchange is committed": 3,
    "the exchange is committed": 3,
}


def test_killed_at_each_step_and_started_again(folder: Path, mailer: App, server: SmtpServer):
    everybody = [address(n) for n in range(300)]
    subscribe(mailer.store, *everybody)
    edition = draft(mailer)
    config = configure(folder, server.port)
    for kills, step in enumerate(WAY, 1):
        with start(config, edition, kill=step, turn=LATER.get(step, 1)) as sender:
            assert ended(sender) == -signal.SIGKILL, step
        uncertain = sum(status == "uncertain" for status in statuses(mailer.store).values())
        assert uncertain <= CONNECTIONS * kills, step
    with start(config, edition) as sender:
        assert ended(sender) == 0
    found = reckon(mailer.store, edition, everybody, server.entries())
    assert (found.faults, found.again) == (0, 0), found
    assert stored(mailer, edition).status == "sent"
    assert list(mailer.settings.journal_folder.iterdir()) == []


def test_killed_when_all_is_sent_and_started_again(folder: Path, mailer: App, server: SmtpServer):
    everybody = [address(n) for n in range(20)]
    subscribe(mailer.store, *everybody)
    config = configure(folder, server.port)
    for number, step in enumerate(ENDS):
        edition = draft(mailer, date=DAY + timedelta(days=number), number=number + 1)
        before = len(server.entries())
        with start(config, edition, kill=step) as sender:
            assert ended(sender) == -signal.SIGKILL, step
        with start(config, edition) as sender:
            assert ended(sender) == 0, step
        found = reckon(mailer.store, edition, everybody, server.entries()[before:])
        assert (found.faults, found.again, found.uncertain) == (0, 0, 0), (step, found)
        assert stored(mailer, edition).status == "sent"


def test_killed_when_a_dead_sender_is_cleared_away(folder: Path, mailer: App, server: SmtpServer):
    everybody = [address(n) for n in range(20)]
    subscribe(mailer.store, *everybody)
    config = configure(folder, server.port)
    for number, step in enumerate(CLEARING):
        edition = draft(mailer, date=DAY + timedelta(days=number), number=number + 1)
        before = len(server.entries())
        for kill in ("the exchange is committed", step):
            with start(config, edition, kill=kill) as sender:
                assert ended(sender) == -signal.SIGKILL, kill
        with start(config, edition) as sender:
            assert ended(sender) == 0, step
        found = reckon(mailer.store, edition, everybody, server.entries()[before:])
        assert (found.faults, found.again, found.uncertain) == (0, 0, 0), (step, found)
        assert list(mailer.settings.journal_folder.iterdir()) == []


def test_killed_at_random_moments_and_started_again(folder: Path, mailer: App, server: SmtpServer):
    """What may have left is sent again by policy: so everybody has it, few of them twice."""
    everybody = [address(n) for n in range(300)]
    subscribe(mailer.store, *everybody)
    edition = draft(mailer)
    config = configure(
        folder, server.port, '[delivery]\nuncertain = "resend"\nretry_first = "1s"\n'
    )
    seed = random.randrange(10**6)  # noqa: S311 - makes a test, protects nothing
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    moments = random.Random(seed)  # noqa: S311 - as above
    for _ in range(12):
        reached, limit = threading.Event(), moments.randint(1, 20)
        before = len(server.entries())
        server.on_message = lambda taken, at=before + limit, reached=reached: (
            reached.set() if taken >= at else None
        )
        with start(config, edition) as sender:
            assert reached.wait(60)
            time.sleep(moments.uniform(0, 0.02))
            sender.kill()
    with start(config, edition) as sender:
        assert ended(sender) == 0
    found = reckon(mailer.store, edition, everybody, server.entries())
    assert (found.faults, found.uncertain) == (0, 0), found
    assert found.again <= CONNECTIONS * 12
    assert stored(mailer, edition).status == "sent"
