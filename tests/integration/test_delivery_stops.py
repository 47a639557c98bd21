"""PostgreSQL is stopped in the middle of a sending, and started again."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.bootstrap import App
from digest.store import Store
from tests.audience import address, draft, stored, subscribe
from tests.outage import Command, Postgres, own_postgres
from tests.reckoning import reckon
from tests.sending import configure
from tests.smtp import SmtpServer


@pytest.fixture
def postgresql() -> Iterator[Postgres]:
    """A server that no other test uses."""
    with own_postgres() as server:
        yield server


@pytest.fixture
def database_url(postgresql: Postgres) -> str:
    """All that is asked for stands on it."""
    store = Store(postgresql.url)
    store.upgrade()
    store.close()
    return postgresql.url


def test_a_database_that_is_stopped_is_waited_for(
    folder: Path, mailer: App, server: SmtpServer, postgresql: Postgres
):
    """With the first message, in the middle, and before the last answers are recorded."""
    everybody = [address(n) for n in range(300)]
    subscribe(mailer.store, *everybody)
    edition = draft(mailer)
    stopped = {1: threading.Event(), 100: threading.Event(), 300: threading.Event()}

    def stop(taken: int) -> None:
        if taken in stopped:
            postgresql.stop()
            stopped[taken].set()

    server.on_message = stop
    with Command(configure(folder, server.port), edition) as sender:
        for moment, reached in stopped.items():
            assert reached.wait(60), moment
            assert sender.says("cannot be opened"), moment
            postgresql.start()
        assert sender.ended() == 0, sender.said
    found = reckon(mailer.store, edition, everybody, server.entries())
    assert (found.faults, found.uncertain, found.again) == (0, 0, 0), found
    assert stored(mailer, edition).status == "sent"
    assert list(mailer.settings.journal_folder.iterdir()) == []
