"""Killed anywhere and started again: nobody is skipped, nobody mailed twice."""

import subprocess
import sys
import threading
from pathlib import Path

from digest.bootstrap import App
from digest.config import Settings
from tests.audience import address, draft, statuses, stored, subscribe
from tests.smtp import SmtpServer

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
