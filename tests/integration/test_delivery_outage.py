"""When the mail server, the database or the disk goes away: nobody is skipped or forgotten."""

import logging
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from digest.bootstrap import App
from digest.config import Settings
from digest.delivery import Tally
from digest.delivery.ledger import Handout, Ledger
from digest.errors import (
    ServerUnreachableError,
    StoreError,
    StoreUnreachableError,
)
from digest.store import Store
from tests.audience import address, draft, program, send, statuses, stored, subscribe
from tests.smtp import SmtpServer


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


def test_a_database_that_stops_in_the_middle_is_waited_for(
    mailer: App, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
):
    """PostgreSQL ends our sessions; of SQLite's file somebody else is the one writer for long."""
    monkeypatch.setattr("digest.delivery.database._PATIENCE", 0.01)
    everybody = [address(n) for n in range(200)]
    subscribe(mailer.store, *everybody)
    edition = draft(mailer)
    with outage(mailer.store, monkeypatch) as begin_outage:
        server.on_message = lambda taken: begin_outage() if taken == 50 else None
        assert send(mailer, edition) == Tally(audience=200, accepted=200)
    assert server.taken() == dict.fromkeys(everybody, 1)


@contextmanager
def outage(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], object]]:
    """Gives what begins an outage; it ends when a sender has found out."""
    if not store.is_sqlite:
        with store.engine.connect() as office:
            kill = text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            yield lambda: office.execute(kill)
        return
    event.listen(
        store.engine, "checkout", lambda driver, *_: driver.execute("PRAGMA busy_timeout = 20")
    )
    blocker = sqlite3.connect(
        str(store.url.database), check_same_thread=False, isolation_level=None
    )
    log, said = logging.getLogger("digest.delivery.database"), list[object]()

    def warning(*words: object) -> None:
        said.append(words)
        if blocker.in_transaction:
            blocker.execute("ROLLBACK")

    monkeypatch.setattr(log, "warning", warning)
    yield lambda: blocker.execute("BEGIN IMMEDIATE")
    assert said
    blocker.close()
