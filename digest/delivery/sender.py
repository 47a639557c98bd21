"""Sending an edition: connections that claim, send and record until no delivery is open."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from digest.config import Settings
from digest.delivery.account import Tally, tally
from digest.delivery.audience import begin
from digest.delivery.clerk import Clerk
from digest.delivery.control import complete, pause_edition, set_note, sweep_cancelled
from digest.delivery.ledger import Claim, Ledger, Outcome
from digest.delivery.owner import owner
from digest.delivery.proof import Press
from digest.delivery.replies import Answer, Stage, Verdict, is_policy, understand
from digest.delivery.smtp import Connection, Envelope, SmtpTransport, Transport
from digest.delivery.stationery import Stationery
from digest.delivery.transitions import Fields, Policy, Skip, settled, skipped
from digest.errors import DigestError, ServerRefusesError, ServerUnreachableError
from digest.store import Store
from digest.store.models import EditionStatus

Progress = Callable[[Tally], None]

_log = logging.getLogger(__name__)

_GLANCE = 1.0
"""Seconds between two looks at what another process may have changed."""
_FIRST_PAUSE = 1.0
"""Seconds before the second try at what failed; the next are twice as long each."""
_ROUNDS_WITHOUT_SERVER = 4
"""Tries to reach a server that does not answer."""
_SETBACKS = 3
"""How often in a row a server may break off one connection's messages before it is left alone."""
_SUSPICIONS = 10
"""Refusals for reasons of policy in a row, with nobody accepted, that speak of us all."""
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
            sending = _Sending(store, press, edition_id, paper, clerk, transport, wait=wait)
            async with _attended(sending, stop or asyncio.Event(), on_progress):
                await sending.run()
    return await asyncio.to_thread(_account, store, edition_id)


def _account(store: Store, edition_id: int) -> Tally:
    with store.read() as session:
        return tally(session, edition_id)


def _lease(settings: Settings) -> timedelta:
    return settings.smtp.timeout * _ANSWERS_A_MESSAGE + timedelta(seconds=30)


def policy_of(settings: Settings) -> Policy:
    """How long to go on trying, as the settings have it."""
    own = settings.delivery
    return Policy(own.retry_first, own.retry_for, own.uncertain)


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
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _settled: int = 0
    _suspicions: int = 0
    _setback: str = ""
    _refusal: str = ""
    _noted: bool = False

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
            try:
                await self._round(ready)
            except ServerUnreachableError as error:
                without_server += 1
                await self._note(str(error))
                if without_server == _ROUNDS_WITHOUT_SERVER:
                    raise
                await self._pause(_FIRST_PAUSE * 2 ** (without_server - 1))
            else:
                without_server = 0
                await self._note("")

    async def _end(self, status: str) -> None:
        if status == EditionStatus.CANCELLED:
            # What was in flight when it was cancelled may have been put back.
            await self.clerk.run(sweep_cancelled, self.store, self.edition_id, self.press.clock())
        else:
            await self.clerk.run(complete, self.store, self.edition_id, self.press.clock())

    async def _round(self, ready: int) -> None:
        """Send what is due, over as many connections as there is work and the server takes."""
        self._settled, self._setback = 0, ""
        try:
            first = await self.transport.open()
        except ServerRefusesError as error:
            await self._halt(str(error.facts["why"]))
            raise
        count = min(ready, self.press.settings.smtp.max_connections)
        lines = [self._line(first), *(self._line(None) for _ in range(count - 1))]
        ends = await asyncio.gather(*lines, return_exceptions=True)
        if self._refusal:
            raise ServerRefusesError(server=self.transport.server, why=self._refusal)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        if self._setback and not self._settled:
            raise ServerUnreachableError(server=self.transport.server, why=self._setback)

    async def _line(self, connection: Connection | None) -> None:
        """One connection's work: claim, send, record, until nothing is due."""
        outcome: Outcome | None = None
        setbacks = 0
        try:
            while setbacks < _SETBACKS:
                if connection is None or not connection.alive:
                    await self._record(outcome)
                    outcome = None
                    connection = await self._reopen(setbacks)
                    if connection is None:
                        return
                claim = await self.clerk.exchange(outcome)
                outcome = None
                if claim is None:
                    return
                outcome, went_back = await self._deliver(connection, claim)
                setbacks = setbacks + 1 if went_back else 0
        except BaseException:
            self.clerk.stop()
            raise
        finally:
            await self._record(outcome)
            if connection is not None:
                await connection.close()

    async def _record(self, outcome: Outcome | None) -> None:
        if outcome is not None:
            await self.clerk.exchange(outcome, more=False)

    async def _reopen(self, setbacks: int) -> Connection | None:
        """Another connection, if the server has one for us: a round goes on with fewer."""
        if setbacks > 1:
            await self._pause(_FIRST_PAUSE * 2 ** (setbacks - 2))
        if self._stopped.is_set() or self._refusal:
            return None
        try:
            return await self.transport.open()
        except DigestError as error:
            _log.info("one connection fewer: %s", error)
            return None

    async def _deliver(self, connection: Connection, claim: Claim) -> tuple[Outcome, bool]:
        """Try a claim; what became of it, and whether the server sent it back untried."""
        try:
            mail = self.paper.mail(claim, utf8=connection.utf8)
        except DigestError:
            await self._record(Outcome(claim, self._back(claim, "the mail could not be made")))
            raise
        now = self.press.clock()
        if isinstance(mail, Skip):
            return Outcome(claim, skipped(mail, attempts=claim.attempts, now=now)), False
        if now >= claim.until:
            # This process slept: by now the row may be another's.
            return Outcome(claim, self._back(claim, "the claim ran out before the message")), False
        answer = await connection.send(Envelope(mail.sender, mail.recipient), mail.data)
        verdict = understand(answer)
        went_back = verdict in {Verdict.BACK, Verdict.HALT}
        if went_back:
            self._setback = str(answer)
        else:
            self._settled += 1
        await self._mind(answer, verdict)
        return Outcome(claim, self._fields(claim, answer)), went_back

    async def _mind(self, answer: Answer, verdict: Verdict) -> None:
        """Learn from an answer what it says of all the others."""
        if verdict is Verdict.ACCEPTED:
            self._suspicions = 0
        elif is_policy(answer):
            self._suspicions += 1
        if verdict is Verdict.HALT or self._suspicions >= _SUSPICIONS:
            await self._halt(str(answer))

    async def _halt(self, why: str) -> None:
        """Pause the edition: whatever the server minds, it is not a reader's fault."""
        if not self._refusal:
            self._refusal = why
            self.clerk.stop()
            note = str(ServerRefusesError(server=self.transport.server, why=why))
            _log.error("edition %s: %s", self.edition_id, note)
            arguments = (self.store, self.edition_id, self.press.clock(), note)
            await self.clerk.run(pause_edition, *arguments)

    def _fields(self, claim: Claim, answer: Answer) -> Fields:
        return settled(
            answer,
            attempts=claim.attempts,
            now=self.press.clock(),
            policy=policy_of(self.press.settings),
            jitter=random.random(),  # noqa: S311 - spreads, protects nothing
        )

    def _back(self, claim: Claim, why: str) -> Fields:
        return self._fields(claim, Answer(Stage.MAIL, None, why))

    async def _note(self, text: str) -> None:
        """Let the edition say why it is not getting on, for whoever looks at it."""
        if text or self._noted:
            self._noted = bool(text)
            await self.clerk.run(set_note, self.store, self.edition_id, text)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)
