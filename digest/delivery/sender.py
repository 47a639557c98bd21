"""Sending an edition: connections that claim, send and record until no delivery is open."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from digest.config import Settings
from digest.delivery.account import Tally, tally
from digest.delivery.audience import begin
from digest.delivery.clerk import Clerk
from digest.delivery.control import complete, pause_edition, set_note, sweep_cancelled
from digest.delivery.ledger import Ledger
from digest.delivery.owner import owner
from digest.delivery.proof import Press
from digest.delivery.round import FIRST_PAUSE, Round
from digest.delivery.smtp import SmtpTransport, Transport
from digest.delivery.stationery import Stationery
from digest.delivery.transitions import policy_of
from digest.errors import (
    EditionEndedError,
    MessageTooLargeError,
    ServerRefusesError,
    ServerUnreachableError,
)
from digest.store import Store
from digest.store.models import EditionStatus

Progress = Callable[[Tally], None]

_log = logging.getLogger(__name__)

_GLANCE = 1.0
"""Seconds between two looks at what another process may have changed."""
_ROUNDS_WITHOUT_SERVER = 4
"""Tries to reach a server that does not answer."""
_ANSWERS_A_MESSAGE = 5
"""RSET, MAIL, RCPT, DATA and the message: each may take the server's whole timeout."""


async def send_edition(  # noqa: PLR0913 - what may be left out is named when it is given
    store: Store,
    press: Press,
    edition_id: int,
    *,
    stop: asyncio.Event | None = None,
    on_progress: Progress | None = None,
    wait: bool = True,
    at_once: bool = False,
    transport: Transport | None = None,
) -> Tally:
    """Send an edition until it is complete, paused, cancelled or `stop` is set.

    Several may send one edition at once, in one process or many: no delivery is tried by two.

    Args:
        store: the database.
        press: what makes mails of documents.
        edition_id: which edition; the first call freezes its audience and rendering.
        stop: when set, messages in flight are finished and recorded, and no others are begun.
        on_progress: told the account about once a second.
        wait: False returns when nothing is due now, though deliveries are open.
        at_once: readers with an hour of their own do not wait for it.
        transport: how to reach the server; the one of the settings unless given.

    Raises:
        EditionPausedError: it was paused before.
        EditionEndedError: it was cancelled before.
        ServerUnreachableError: the server did not answer several times; the edition stays in
            sending with a note, its deliveries wait.
        ServerRefusesError: the server will work for nobody as things stand; the edition is paused
            with a note, its deliveries wait.
    """
    begun = await asyncio.to_thread(
        begin, store, press.settings, press.render, edition_id, press.clock(), at_once=at_once
    )
    if begun.status == EditionStatus.SENDING:
        transport = transport or SmtpTransport(press.settings.smtp)
        with owner() as name, contextlib.ExitStack() as stack:
            lease = _lease(press.settings)
            clerk = Clerk(Ledger(store, edition_id, begun.newsletter, name, lease), press.clock)
            stack.callback(clerk.close)
            paper = Stationery(press, begun)
            noted = bool(begun.note)
            sending = _Sending(store, press, edition_id, paper, clerk, transport, wait, noted)
            async with _attended(sending, stop or asyncio.Event(), on_progress):
                await sending.run()
    account = await asyncio.to_thread(_account, store, edition_id)
    if on_progress:
        on_progress(account)
    return account


def _account(store: Store, edition_id: int) -> Tally:
    with store.read() as session:
        return tally(session, edition_id)


def _lease(settings: Settings) -> timedelta:
    return settings.smtp.timeout * _ANSWERS_A_MESSAGE + timedelta(seconds=30)


@contextlib.asynccontextmanager
async def _attended(
    sending: "_Sending", stop: asyncio.Event, on_progress: Progress | None
) -> AsyncIterator[None]:
    """Watch for `stop`, and report, while the sending runs."""

    async def watch() -> None:
        await stop.wait()
        sending.stop()

    async def report(tell: Progress) -> None:
        while True:
            tell(await sending.account())
            await asyncio.sleep(_GLANCE)

    tasks = [asyncio.create_task(watch())]
    if on_progress:
        tasks.append(asyncio.create_task(report(on_progress)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class _Sending:
    """One sender at work on one edition."""

    store: Store
    press: Press
    edition_id: int
    paper: Stationery
    clerk: Clerk
    transport: Transport
    wait: bool
    noted: bool
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Begin no more messages."""
        self._stopped.set()
        self.clerk.stop()

    async def account(self) -> Tally:
        """The edition's account."""
        return await self.clerk.run(_account, self.store, self.edition_id)

    async def run(self) -> None:
        """Send until nothing is open, or nothing more may be sent."""
        ledger, policy = self.clerk.ledger, policy_of(self.press.settings)
        without_server = 0
        while not self._stopped.is_set():
            await self.clerk.run(ledger.recover, policy, self.press.clock())
            now = self.press.clock()
            status, due, ready = await self.clerk.run(ledger.outlook, now)
            if status != EditionStatus.SENDING or due is None:
                await self._end(status)
                return
            if not ready:
                if not self.wait:
                    return
                until = (due - now).total_seconds()
                await self._pause(min(max(until, 0.01), _GLANCE))
                continue
            work = Round(self.clerk, self.paper, self.transport, self.press, self._stopped)
            try:
                await work.run(ready)
            except (ServerRefusesError, MessageTooLargeError) as error:
                await self._hold(str(error))
                raise
            except ServerUnreachableError as error:
                without_server += 1
                await self._note(str(error))
                if without_server == _ROUNDS_WITHOUT_SERVER:
                    raise
                await self._pause(FIRST_PAUSE * 2 ** (without_server - 1))
            else:
                without_server = 0
                await self._note("")

    async def _end(self, status: str) -> None:
        if status == EditionStatus.CANCELLED:
            # What was in flight when it was cancelled may have been put back.
            await self.clerk.run(sweep_cancelled, self.store, self.edition_id, self.press.clock())
        else:
            await self.clerk.run(complete, self.store, self.edition_id, self.press.clock())

    async def _hold(self, why: str) -> None:
        """Pause the edition until somebody has seen to it: no reader is to blame."""
        _log.error("edition %s: %s", self.edition_id, why)
        with contextlib.suppress(EditionEndedError):
            now = self.press.clock()
            await self.clerk.run(pause_edition, self.store, self.edition_id, now, why)

    async def _note(self, text: str) -> None:
        """Let the edition say why it is not getting on, for whoever looks at it."""
        if text or self.noted:
            self.noted = bool(text)
            await self.clerk.run(set_note, self.store, self.edition_id, text)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)
