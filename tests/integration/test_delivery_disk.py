"""A disk that is full in the middle of a sending: what is known by then is not forgotten."""

import logging
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event

from digest.bootstrap import App
from digest.delivery import Tally
from digest.store import Store
from tests.audience import address, draft, send, statuses, stored, subscribe
from tests.outage import Command, no_room
from tests.reckoning import reckon
from tests.sending import CONNECTIONS, configure
from tests.smtp import SmtpServer

EVERYBODY = [address(n) for n in range(300)]
LITTLE = 20
"""Octets: less than a journal begins with."""
_PLENTY = 1_000_000


def test_files_that_cannot_grow_end_the_sending_in_words(
    folder: Path, mailer: App, server: SmtpServer
):
    """On SQLite it is the database that has no more room, on PostgreSQL the sender's journal."""
    subscribe(mailer.store, *EVERYBODY)
    edition = draft(mailer)
    config = configure(folder, server.port)
    with Command(config, edition) as sender:
        pid = sender.pid
        server.on_message = lambda taken: no_room(pid, grown(mailer)) if taken == 60 else None
        assert sender.ended() == 1
    assert "Traceback" not in sender.said
    words = sender.said.splitlines()[-1]
    assert ("look at the disk" if mailer.store.is_sqlite else "make room") in words
    uncertain = list(statuses(mailer.store).values()).count("uncertain")
    assert (stored(mailer, edition).status, uncertain) == ("sending", 0)
    before = len(server.entries())
    assert before < len(EVERYBODY)
    # Whoever tries while there is still none gets no further.
    with Command(config, edition) as sender:
        no_room(sender.pid, LITTLE)
        assert sender.ended() == 1
    assert "Traceback" not in sender.said
    assert len(server.entries()) == before
    with Command(config, edition) as sender:
        assert sender.ended() == 0, sender.said
    found = reckon(mailer.store, edition, EVERYBODY, server.entries())
    assert (found.faults, found.again) == (0, 0), found
    assert found.uncertain <= CONNECTIONS
    assert stored(mailer, edition).status == "sent"
    assert list(mailer.settings.journal_folder.iterdir()) == []


def grown(app: App) -> int:
    """The size of the largest file that a sender appends to."""
    journals = list(app.settings.journal_folder.iterdir())
    ahead = [Path(f"{app.store.url.database}-wal")] if app.store.is_sqlite else []
    return max(path.stat().st_size for path in (*journals, *ahead))


class Room:
    """How much a SQLite database may grow, as its own connections have to keep to."""

    def __init__(self, store: Store) -> None:
        self._pages = _PLENTY
        event.listen(store.engine, "checkout", self._tell)

    def _tell(self, driver: sqlite3.Connection, *_: object) -> None:
        driver.execute(f"PRAGMA max_page_count = {self._pages}")

    def end(self) -> None:
        """From now on the database has the pages that it has: SQLite goes no lower."""
        self._pages = 1

    def begin(self) -> None:
        """From now on there is room again."""
        self._pages = _PLENTY


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_database_is_waited_for(
    mailer: App, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
):
    """SQLite says that it is full, until somebody has made room."""
    monkeypatch.setattr("digest.delivery.database._PATIENCE", 0.01)
    subscribe(mailer.store, *EVERYBODY)
    edition = draft(mailer)
    room, said = Room(mailer.store), list[str]()
    log = logging.getLogger("digest.delivery.database")

    def warning(words: str, *details: object) -> None:
        said.append(words % details)
        room.begin()

    monkeypatch.setattr(log, "warning", warning)
    server.on_message = lambda taken: room.end() if taken == 60 else None
    assert send(mailer, edition) == Tally(audience=300, accepted=300)
    assert "is full" in said[0]
    assert server.taken() == dict.fromkeys(EVERYBODY, 1)
