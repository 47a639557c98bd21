"""Senders killed at random moments, until every edition is complete."""

import itertools
import os
import random
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from benchmarks.delivery_audience import databases
from benchmarks.delivery_scratch import CONNECTIONS, Publisher, publish
from tests.audience import DAY, address, draft, subscribe
from tests.reckoning import reckon
from tests.sending import start
from tests.smtp import SmtpServer

READERS = 1000
POLICIES = "hold", "resend"

_FROM_THE_START = 0.3
"""Of the moments: these are counted from the sender's start and hit anything, the rest hit mail."""
_LONGEST = 2.0
_MOST = 150
_LITTLE = 0.03
_PATIENCE = 300.0


def kills(rounds: int, seed: int, url: str | None) -> int:
    """Kill so many senders on each database; print what became of the readers.

    Returns:
        1 where anybody was skipped, forgotten or mailed twice without a row that says so.
    """
    faults = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with databases(folder, url) as urls:
            for number, database in enumerate(urls):
                with SmtpServer(folder / f"journal-{number}", keep=False) as server:
                    place = folder / f"publisher-{number}"
                    more = '[delivery]\nretry_first = "1s"'
                    publisher = publish(place, database, server.port, more)
                    campaign = _Campaign(publisher, server, random.Random(seed))
                    faults += campaign.run(rounds, make_url(database).get_backend_name())
    return int(faults > 0)


@dataclass
class _Campaign:
    publisher: Publisher
    server: SmtpServer
    moments: random.Random
    kills: int = 0

    def run(self, rounds: int, kind: str) -> int:
        """Send editions until so many senders were killed; how many readers were wronged."""
        everybody = [address(n) for n in range(READERS)]
        with self.publisher.app() as app:
            subscribe(app.store, *everybody)
        faults = number = 0
        while self.kills < rounds:
            number += 1
            policy = POLICIES[number % 2]
            with self.publisher.app() as app:
                edition = draft(app, date=DAY + timedelta(days=number), number=number)
                before = len(self.server.entries())
                killed = self._send(edition, rounds, policy)
                entries = self.server.entries()[before:]
                found = reckon(app.store, edition, everybody, entries)
            wronged = found.faults + (found.again if policy == "hold" else found.uncertain)
            beyond = max(found.uncertain + found.again - killed * CONNECTIONS, 0)
            faults += wronged + beyond
            print(f"{kind}, {policy}, {killed} kills: {found}", flush=True)
        print(f"{kind}: {self.kills} kills, {number} editions of {READERS:,}: {faults} wronged")
        return faults

    def _send(self, edition: int, rounds: int, policy: str) -> int:
        """Start senders and kill them until one ends by itself; how many were killed."""
        killed = 0
        os.environ["DIGEST_DELIVERY__UNCERTAIN"] = policy
        while True:
            with start(self.publisher.config, edition) as sender:
                if self.kills < rounds:
                    self._kill(sender)
                status = sender.wait(_PATIENCE)
            if status == 0:
                return killed
            if status != -signal.SIGKILL:
                raise SystemExit(f"a sender failed with status {status}: see above")
            killed += 1
            self.kills += 1

    def _kill(self, sender: subprocess.Popen[bytes]) -> None:
        """Kill it so long after its start, or after so many messages and a little more."""
        if self.moments.random() < _FROM_THE_START:
            time.sleep(self.moments.uniform(0, _LONGEST))
        else:
            left, reached = itertools.count(1), threading.Event()
            limit = self.moments.randint(1, _MOST)
            self.server.on_message = lambda _: reached.set() if next(left) == limit else None
            while sender.poll() is None and not reached.wait(0.05):
                pass
            self.server.on_message = None
            time.sleep(self.moments.uniform(0, _LITTLE))
        sender.kill()
