"""When the mail server, the database or the disk goes away: nobody is skipped or forgotten."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
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
