"""One round of a sending: what is due now, over as many connections as the server takes."""

import asyncio
import contextlib
import logging
import random

from digest.delivery.clerk import Clerk
from digest.delivery.ledger import Claim, Outcome
from digest.delivery.proof import Press
from digest.delivery.replies import Answer, Stage, Verdict, is_policy, understand
from digest.delivery.smtp import Connection, Envelope, Transport
from digest.delivery.stationery import Stationery
from digest.delivery.transitions import Fields, Skip, policy_of, settled, skipped
from digest.errors import (
    DigestError,
    MessageTooLargeError,
    ServerRefusesError,
    ServerUnreachableError,
)

_log = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
"""Seconds before the second try at what failed; the next are twice as long each."""
_SETBACKS = 3
"""How often in a row a server may break off one connection's messages before it is left alone."""
_SUSPICIONS = 10
"""Refusals for reasons of policy in a row, with nobody accepted, that speak of us all."""


class Round:
    """Connections that each claim, send and record until nothing more is due.

    A round ends early, with its messages in flight finished, when something speaks of all its
    readers and not of one.
    """

    def __init__(
        self,
        clerk: Clerk,
        paper: Stationery,
        transport: Transport,
        press: Press,
        stopped: asyncio.Event,
    ) -> None:
        self._clerk = clerk
        self._paper = paper
        self._transport = transport
        self._clock = press.clock
        self._policy = policy_of(press.settings)
        self._most = press.settings.smtp.max_connections
        self._stopped = stopped
        self._settled = 0
        self._suspicions = 0
        self._setback = ""
        self._obstacle: DigestError | None = None

    async def run(self, ready: int) -> None:
        """Send what is due, `ready` deliveries or so.

        Raises:
            ServerUnreachableError: the server answers nobody; what was claimed waits again.
            ServerRefusesError: it will work for nobody as things stand.
            MessageTooLargeError: a mail is larger than any may be.
        """
        first = await self._transport.open()
        count = min(ready, self._most)
        lines = [self._line(first), *(self._line(None) for _ in range(count - 1))]
        ends = await asyncio.gather(*lines, return_exceptions=True)
        if self._obstacle:
            raise self._obstacle
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        if self._setback and not self._settled:
            raise ServerUnreachableError(server=self._transport.server, why=self._setback)

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
                claim = await self._clerk.exchange(outcome)
                outcome = None
                if claim is None:
                    return
                outcome, went_back = await self._deliver(connection, claim)
                setbacks = setbacks + 1 if went_back else 0
        except BaseException:
            self._clerk.stop()
            raise
        finally:
            try:
                await self._record(outcome)
            finally:
                if connection is not None:
                    await connection.close()

    async def _record(self, outcome: Outcome | None) -> None:
        if outcome is not None:
            await self._clerk.exchange(outcome, more=False)

    async def _reopen(self, setbacks: int) -> Connection | None:
        """Another connection, if the server has one for us: a round goes on with fewer."""
        if setbacks > 1:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), FIRST_PAUSE * 2 ** (setbacks - 2))
        if self._stopped.is_set() or self._obstacle:
            return None
        try:
            return await self._transport.open()
        except DigestError as error:
            _log.info("one connection fewer: %s", error)
            return None

    async def _deliver(self, connection: Connection, claim: Claim) -> tuple[Outcome, bool]:
        """Try a claim; what became of it, and whether the server sent it back untried."""
        try:
            mail = self._paper.mail(claim, utf8=connection.utf8)
        except MessageTooLargeError as error:
            self._end_early(error)
            return Outcome(claim, self._back(claim, str(error))), True
        now = self._clock()
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
        self._mind(answer, verdict)
        return Outcome(claim, self._fields(claim, answer)), went_back

    def _mind(self, answer: Answer, verdict: Verdict) -> None:
        """Learn from an answer what it says of all the others."""
        if verdict is Verdict.ACCEPTED:
            self._suspicions = 0
        elif is_policy(answer):
            self._suspicions += 1
        if verdict is Verdict.HALT or self._suspicions >= _SUSPICIONS:
            self._end_early(ServerRefusesError(server=self._transport.server, why=str(answer)))

    def _end_early(self, obstacle: DigestError) -> None:
        self._obstacle = self._obstacle or obstacle
        self._clerk.stop()

    def _fields(self, claim: Claim, answer: Answer) -> Fields:
        return settled(
            answer,
            attempts=claim.attempts,
            now=self._clock(),
            policy=self._policy,
            jitter=random.random(),  # noqa: S311 - spreads, protects nothing
        )

    def _back(self, claim: Claim, why: str) -> Fields:
        return self._fields(claim, Answer(Stage.MAIL, None, why))
