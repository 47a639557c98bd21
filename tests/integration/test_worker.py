"""The worker: nothing that goes wrong ends it, and no edition is left half accounted for."""

import asyncio
import socket
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from digest.bootstrap import App, utc_now
from digest.config import Settings
from digest.delivery import begin, cancel_edition, tally
from digest.delivery.sender import send_edition
from digest.store.models import Delivery, DeliveryStatus
from digest.worker import Worker
from tests.audience import address, dead_process, draft, program, subscribe
from tests.smtp import SmtpServer


def begun(app: App) -> int:
    edition = draft(app)
    begin(app.store, app.settings, app.press.render, edition, utc_now())
    return edition


def claim_by(app: App, process: int) -> None:
    """Every row is claimed by a sender of some process on this machine."""
    with app.store.write() as session:
        claims = update(Delivery).values(
            status=DeliveryStatus.CLAIMED.value,
            fence=1,
            claimed_by=f"{socket.gethostname()}:{process}:mark",
            claimed_until=utc_now() + timedelta(hours=1),
        )
        session.connection().execute(claims)


async def until(happened: asyncio.Event, worker: Worker) -> None:
    """Let a worker run until something has happened."""
    running = asyncio.create_task(worker.run())
    waiting = asyncio.create_task(happened.wait())
    done, _ = await asyncio.wait({running, waiting}, timeout=60, return_when="FIRST_COMPLETED")
    worker.stop()
    await running
    assert done == {waiting}


def test_claims_of_the_dead_are_settled_when_their_edition_is_cancelled(settings: Settings):
    with closing(program(settings)) as app:
        subscribe(app.store, address(1))
        edition = begun(app)
        claim_by(app, dead_process())
        cancel_edition(app.store, edition, utc_now(), journals=app.settings.journal_folder)
        with app.store.read() as session:
            account = tally(session, edition)
    assert (account.uncertain, account.open) == (1, 0)


async def test_a_sender_that_dies_after_the_edition_was_cancelled_leaves_no_row_open(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("digest.worker.LOOK_EVERY", 0.01)
    with closing(program(settings)) as app:
        subscribe(app.store, address(1))
        edition = begun(app)
        claim_by(app, 1)
        cancel_edition(app.store, edition, utc_now(), journals=app.settings.journal_folder)
        claim_by(app, dead_process())
        settled, looked = asyncio.Event(), Worker._to_be_sent
        loop = asyncio.get_running_loop()

        def look(worker: Worker) -> list[int]:
            found = looked(worker)
            loop.call_soon_threadsafe(settled.set)
            return found

        monkeypatch.setattr(Worker, "_to_be_sent", look)
        await until(settled, Worker(app))
        with app.store.read() as session:
            account = tally(session, edition)
    assert (account.uncertain, account.open) == (1, 0)


async def test_a_mistake_of_ours_ends_no_worker(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setattr("digest.worker.LOOK_EVERY", 0.01)
    monkeypatch.setattr("digest.worker.RETRY_AFTER", 0.01)
    mistakes = [ZeroDivisionError("here"), ZeroDivisionError("again")]
    sent = asyncio.Event()

    async def send(*arguments, **options):
        if mistakes:
            raise mistakes.pop(0)
        account = await send_edition(*arguments, **options)
        sent.set()
        return account

    monkeypatch.setattr("digest.worker.send_edition", send)
    with SmtpServer(tmp_path / "journal") as server, closing(program(settings, server)) as app:
        subscribe(app.store, address(1))
        begun(app)
        await until(sent, Worker(app))
        assert server.taken() == {address(1): 1}
    assert caplog.text.count("ZeroDivisionError: ") == 2
