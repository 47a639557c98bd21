"""Databases that go away at random moments and come back, until every edition is complete."""

import os
import random
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from benchmarks.delivery_scratch import CONNECTIONS, Publisher, publish
from tests.audience import DAY, address, draft, subscribe
from tests.outage import Command, own_postgres
from tests.reckoning import reckon
from tests.smtp import SmtpServer

READERS = 1000

_FROM_THE_START = 0.2
"""Of the moments: these are counted from the sender's start and hit anything, the rest hit mail."""
_LONGEST = 2.0
_MOST = 400
_LITTLE = 0.03


class Database(Protocol):
    """What can be taken away and given back."""

    def stop(self) -> None:
        """Take it away."""

    def start(self) -> None:
        """Give it back."""


@dataclass
class Disk:
    """A small disk."""

    folder: Path

    def stop(self) -> None:
        """Fill it: not an octet goes on it any more, also when some become free meanwhile."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    def start(self) -> None:
        """Make room."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


def outage(rounds: int, seed: int) -> int:
    """Let each kind of database go away so often; print what became of the readers.

    Returns:
        1 where anybody was skipped, forgotten or mailed twice, or is uncertain without a reason.
    """
    wronged = 0
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        with own_postgres() as postgres:
            wronged += _campaign(place / "postgresql", postgres.url, postgres, rounds, seed)
        with _mounted(place / "disk") as disk:
            url = f"sqlite:///{disk.folder}/digest.db"
            wronged += _campaign(place / "sqlite", url, disk, rounds, seed, disk.folder)
    return int(wronged > 0)


@contextmanager
def _mounted(folder: Path) -> Iterator[Disk]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"no disk can be mounted for SQLite ({error}): run this as root") from None
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _campaign(
    folder: Path, url: str, database: Database, rounds: int, seed: int, *more: Path
) -> int:
    with SmtpServer(folder.with_suffix(".journal"), keep=False) as server:
        publisher = publish(folder, url, server.port)
        with publisher.app() as app:
            subscribe(app.store, *map(address, range(READERS)))
        moments, places = random.Random(seed), (folder, *more)
        return _Campaign(publisher, server, database, moments, places).run(rounds)


@dataclass
class _Campaign:
    publisher: Publisher
    server: SmtpServer
    database: Database
    moments: random.Random
    places: tuple[Path, ...]
    """Where senders have their journals, by turns."""
    outages: int = 0

    def run(self, rounds: int) -> int:
        """Send editions until there were so many outages; how many readers were wronged."""
        wronged = number = 0
        kind = self.publisher.folder.name
        while self.outages < rounds:
            number += 1
            place = self.places[number % len(self.places)]
            os.environ["DIGEST_DELIVERY__JOURNALS"] = str(place / "journals")
            with self.publisher.app() as app:
                edition = draft(app, date=DAY + timedelta(days=number), number=number)
                before, outages = len(self.server.entries()), self.outages
                ended = self._send(edition, rounds)
                entries = self.server.entries()[before:]
                found = reckon(app.store, edition, map(address, range(READERS)), entries)
            beyond = max(found.uncertain - ended * CONNECTIONS, 0)
            wronged += found.faults + found.again + beyond
            count = self.outages - outages
            print(f"{kind}, {count} outages, {ended} ended a sender: {found}", flush=True)
        print(
            f"{kind}: {self.outages} outages, {number} editions of {READERS:,}: {wronged} wronged"
        )
        return wronged

    def _send(self, edition: int, rounds: int) -> int:
        """Start senders until one ends well; how many an outage ended."""
        ended = 0
        while True:
            with Command(self.publisher.config, edition) as sender:
                while self.outages < rounds and self._awaited(sender):
                    self.outages += 1
                    self.database.stop()
                    time.sleep(self.moments.uniform(0, _LONGEST))
                    self.database.start()
                status = sender.ended()
            if status == 0:
                return ended
            if "Traceback" in sender.said or "digest: " not in sender.said:
                raise SystemExit(f"a sender failed with status {status}: {sender.said}")
            ended += 1

    def _awaited(self, sender: Command) -> bool:
        """Wait so long, or for so many messages and a little more; whether it is still at work."""
        if self.moments.random() < _FROM_THE_START:
            time.sleep(self.moments.uniform(0, _LONGEST))
        else:
            limit = len(self.server.entries()) + self.moments.randint(1, _MOST)
            reached = threading.Event()
            self.server.on_message = lambda taken: reached.set() if taken >= limit else None
            while sender.at_work and not reached.wait(0.05):
                pass
            self.server.on_message = None
            time.sleep(self.moments.uniform(0, _LITTLE))
        return sender.at_work
