"""Sending an edition: connections that claim, send and record until no delivery is open."""

import asyncio
import contextlib
import logging
import math
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta

from digest.config import Settings
from digest.delivery.account import Tally, tally
from digest.delivery.audience import begin
from digest.delivery.clerk import Clerk
from digest.delivery.control import complete, pause_edition, set_note, sweep_cancelled
from digest.delivery.database import DatabaseThread
from digest.delivery.journal import Journal
from digest.delivery.ledger import Ledger, outlook
from digest.delivery.owner import owner
from digest.delivery.paces import Paces
from digest.delivery.proof import Press
from digest.delivery.recovery import recover
from digest.delivery.round import FIRST_PAUSE, Round
from digest.delivery.servers import Memory, Server
from digest.delivery.smtp import SmtpTransport, Transport
from digest.delivery.stationery import Stationery
from digest.delivery.transitions import policy_of
from digest.errors import (
    EditionEndedError,
    EditionPausedError,
    MessageTooLargeError,
    ServerRefusesError,
    ServerUnreachableError,
)
from digest.store import Store
from digest.store.models import Edition, EditionStatus
from digest.store.rows import row_id

Progress = Callable[[Tally], None]

_log = logging.getLogger(__name__)

_GLANCE = 1.0
"""Seconds between two looks at what another process may have changed."""
_LOOK = timedelta(seconds=60)
"""So often it is tried whether more may leave, though there is a time before which it may not."""
_SHORT = timedelta(seconds=60)
"""A wait for less is not worth a word."""
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
        EditionPausedError: it was paused before; or it is now, with a note, for no server will
            work for anybody as things stand, or a mail is too large. Its deliveries wait.
        EditionEndedError: it was cancelled before.
        ServerUnreachableError: the server did not answer several times; the edition stays in
            sending with a note, its deliveries wait.
    """
    begun = await asyncio.to_thread(
        begin, store, press.settings, press.render, edition_id, press.clock(), at_once=at_once
    )
    database = DatabaseThread()
    try:
        if begun.status == EditionStatus.SENDING:
            servers = servers_of(press.settings, transport)
            sending = _Sending(store, press, begun, servers, database, wait=wait)
            async with _attended(sending, stop or asyncio.Event(), on_progress):
                await sending.run()
        account = await database.run(_account, store, edition_id)
    finally:
        database.close()
    if on_progress:
        on_progress(account)
    return account


def servers_of(settings: Settings, transport: Transport | None = None) -> list[Server]:
    """The servers of the settings; or one alone that is reached otherwise."""
    if transport is not None:
        return [Server(transport, connections=settings.smtp.max_connections)]
    all_of_them = (settings.smtp, *settings.servers)
    heaviest = max(smtp.weight for smtp in all_of_them)
    return [
        # A server of half the weight gets half the connections, and so about half the mail.
        Server(
            SmtpTransport(smtp),
            smtp.weight,
            math.ceil(smtp.max_connections * smtp.weight / heaviest),
        )
        for smtp in all_of_them
    ]


def _account(store: Store, edition_id: int) -> Tally:
    with store.read() as session:
        return tally(session, edition_id)


def _lease(settings: Settings) -> timedelta:
    slowest = max(server.timeout for server in (settings.smtp, *settings.servers))
    return slowest * _ANSWERS_A_MESSAGE + timedelta(seconds=30)


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


class _Sending:
    """One sender at work on one edition."""

    def __init__(
        self,
        store: Store,
        press: Press,
        edition: Edition,
        servers: Sequence[Server],
        database: DatabaseThread,
        *,
        wait: bool,
    ) -> None:
        self._store = store
        self._press = press
        self._edition = edition
        self._edition_id = row_id(edition)
        self._servers = list(servers)
        self._database = database
        self._wait = wait
        self._paper = Stationery(press, edition)
        self._paces = Paces.of(press.settings)
        self._journals = press.settings.journal_folder
        self._said = edition.note
        self._stopped = asyncio.Event()
        self._clerk: Clerk | None = None
        self._memory = Memory()

    def stop(self) -> None:
        """Begin no more messages."""
        self._stopped.set()
        self._database.hurry()
        if self._clerk:
            self._clerk.stop()

    async def account(self) -> Tally:
        """The edition's account."""
        return await self._database.run(_account, self._store, self._edition_id)

    async def run(self) -> None:
        """Send until nothing is open, or nothing more may be sent."""
        run, clock = self._database.run, self._press.clock
        ours = self._store, self._edition_id
        policy = policy_of(self._press.settings)
        without_server = 0
        again: datetime | None = None
        looked = clock()
        while not self._stopped.is_set():
            now = clock()
            await run(recover, *ours, policy, self._journals, now)
            status, due, ready = await run(outlook, *ours, now)
            if status != EditionStatus.SENDING or due is None:
                await self._end(status)
                return
            # Looked at again by and by: what is due may change, or a server that was lost return.
            until = max(due, min(again, looked + _LOOK)) if again else due
            if not without_server and (again is None or again <= now):
                await self._note("")
            if not ready or until > now:
                await self._explain(again, now)
                if not self._wait:
                    return
                await self._pause(min(max((until - now).total_seconds(), 0.01), _GLANCE))
                continue
            looked = now
            try:
                again = await self._round(ready)
            except (ServerRefusesError, MessageTooLargeError) as error:
                why = str(error).rstrip(".")
                await self._hold(why)
                raise EditionPausedError(edition=self._edition_id, note=f" ({why})") from error
            except ServerUnreachableError as error:
                without_server += 1
                again = None
                await self._note(str(error))
                if without_server == _ROUNDS_WITHOUT_SERVER:
                    raise
                await self._pause(FIRST_PAUSE * 2 ** (without_server - 1))
            else:
                without_server = 0

    async def _round(self, ready: int) -> datetime | None:
        """Send what is due; when more may leave, where every server has to keep to a pace."""
        settings = self._press.settings
        newsletter = self._edition.newsletter
        with owner(self._edition_id) as name:
            journal = Journal(self._journals, name)
            lease = _lease(settings)
            ledger = Ledger(self._store, self._edition_id, newsletter, name, lease, self._paces)
            clerk = Clerk(
                self._database,
                ledger,
                journal,
                self._press.clock,
                {server.name: server.weight for server in self._servers},
                {d.domain: d.max_connections for d in settings.destinations if d.max_connections},
            )
            self._clerk = clerk
            work = Round(clerk, journal, self._paper, self._press, self._stopped, self._memory)
            await work.run(self._servers, ready)
            # Who was of no use comes last from now on: what little is due goes to the others.
            self._servers.sort(key=lambda server: server.obstacle is not None)
            return clerk.paced_until

    async def _explain(self, again: datetime | None, now: datetime) -> None:
        """Say why nothing leaves, where that is worth a word."""
        if again and again > now + _SHORT:
            await self._note(f"no more may leave before {again:%Y-%m-%d %H:%M} UTC")

    async def _end(self, status: str) -> None:
        run, now = self._database.run, self._press.clock()
        ours = self._store, self._edition_id
        if status == EditionStatus.CANCELLED:
            # What was in flight when it was cancelled may have been put back.
            await run(sweep_cancelled, *ours, self._journals, now)
        else:
            await run(complete, *ours, now)

    async def _hold(self, why: str) -> None:
        """Pause the edition until somebody has seen to it: no reader is to blame."""
        with contextlib.suppress(EditionEndedError):
            now = self._press.clock()
            await self._database.run(pause_edition, self._store, self._edition_id, now, why)

    async def _note(self, text: str) -> None:
        """Let the edition say why it is not getting on, for whoever looks at it."""
        if text != self._said:
            self._said = text
            await self._database.run(set_note, self._store, self._edition_id, text)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)
