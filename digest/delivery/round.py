"""One round of a sending: what is due now, over as many connections as the servers take."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from digest.delivery import logs
from digest.delivery.clerk import Clerk
from digest.delivery.envelope import Envelope
from digest.delivery.journal import Journal, SealedError
from digest.delivery.ledger import Claim, Outcome
from digest.delivery.proof import Press
from digest.delivery.replies import Answer, Decision, Stage, decide
from digest.delivery.servers import Memory, Server
from digest.delivery.smtp import Connection
from digest.delivery.stationery import Mail, Stationery
from digest.delivery.transitions import Fields, Skip, policy_of, settled, skipped
from digest.errors import (
    DigestError,
    JournalError,
    MessageTooLargeError,
    ServerRefusesError,
    ServerUnreachableError,
)

_log = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
"""Seconds before the second try at what failed; the next are twice as long each."""
LONGEST_PAUSE = 60.0
_GLANCE = 0.2
"""Seconds between two looks whether others still work."""
_SETBACKS = 3
"""How often in a row a server may break off one connection's messages before it is left alone."""

_ANOTHER_TIME = Answer(Stage.RCPT, 450, "4.6.7 none of our servers at work takes such an address")


class Parcel(NamedTuple):
    """A claim with its mail, ready to go."""

    claim: Claim
    mail: Mail
    envelope: Envelope


class Round:
    """Connections that each take, send and settle claims until nothing more is due.

    A round ends early, with its messages in flight finished, when something speaks of all its
    readers and not of one.
    """

    def __init__(
        self,
        clerk: Clerk,
        journal: Journal,
        paper: Stationery,
        press: Press,
        stopped: asyncio.Event,
        memory: Memory,
    ) -> None:
        self._clerk = clerk
        self._journal = journal
        self._paper = paper
        self._clock = press.clock
        self._policy = policy_of(press.settings)
        self._stopped = stopped
        self._memory = memory
        self._working = 0
        self._obstacle: DigestError | None = None
        self._servers: Sequence[Server] = ()

    async def run(self, servers: Sequence[Server], ready: int) -> None:
        """Send what is due, `ready` deliveries or so.

        Raises:
            ServerUnreachableError: no server answers anybody; what was claimed waits again.
            ServerRefusesError: none will work for anybody as things stand.
            MessageTooLargeError: a mail is larger than any may be.
        """
        self._servers = servers
        self._clerk.start()
        try:
            self._working = len(servers)
            crews = [self._crew(server, ready) for server in servers]
            ends = await asyncio.gather(*crews, return_exceptions=True)
        finally:
            await self._clerk.close()
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        if self._obstacle:
            raise self._obstacle
        obstacles = [server.obstacle for server in servers if server.obstacle]
        if len(obstacles) == len(servers):
            raise obstacles[0]

    async def _crew(self, server: Server, ready: int) -> None:
        """All of one server's connections; one that is of no use is asked again by and by."""
        pause = FIRST_PAUSE
        try:
            while True:
                await self._work(server, ready)
                self._working -= 1
                if not self._working or self._over():
                    return
                if server.obstacle is not None:
                    _log.warning("others take over: %s", server.obstacle)
                    self._clerk.leave(server.name)
                    await self._rest_while(self._others_work, pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
                elif again := self._clerk.again_by(server.name):
                    left = (again - self._clock()).total_seconds()
                    await self._rest_while(self._others_work, left)
                else:
                    return
                if not self._working or self._over():
                    return
                self._working += 1
                self._clerk.join(server.name, server.weight)
        except BaseException:
            self._clerk.stop()
            raise

    def _others_work(self) -> bool:
        return self._working > 0

    def _over(self) -> bool:
        return self._stopped.is_set() or self._obstacle is not None

    async def _work(self, server: Server, ready: int) -> None:
        """Send over one server until nothing is due, or it is of no use."""
        server.join()
        claim = await self._clerk.take(server.name)
        if claim is None:
            return
        try:
            first = await server.transport.open()
        except (ServerUnreachableError, ServerRefusesError) as error:
            server.obstacle = error
            self._put_back(claim, str(error), unused=True)
            return
        except BaseException:
            self._put_back(claim, "the sender ended", unused=True)
            raise
        server.utf8 = first.utf8
        others = range(min(ready, server.connections) - 1)
        lines = [self._keep_on(server, first, claim), *(self._keep_on(server) for _ in others)]
        for end in await asyncio.gather(*lines, return_exceptions=True):
            if isinstance(end, BaseException):
                raise end
        if server.setback and not server.settled and server.obstacle is None:
            server.obstacle = ServerUnreachableError(server=server.name, why=server.setback)

    async def _keep_on(
        self, server: Server, connection: Connection | None = None, claim: Claim | None = None
    ) -> None:
        """A line of work that is taken up again by and by while others of its server get on."""
        pause = FIRST_PAUSE
        while True:
            server.lines += 1
            try:
                lost = await self._line(server, connection, claim)
            finally:
                server.lines -= 1
            if not lost or not await self._others_get_on(server, pause):
                return
            connection = claim = None
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _others_get_on(self, server: Server, pause: float) -> bool:
        """Rest until others of a server's lines have got something done; whether they have."""
        done = server.settled
        while server.settled == done:
            await self._rest_while(lambda: server.lines > 0, pause)
            if not server.lines or server.obstacle or self._over():
                return False
        return True

    async def _line(
        self, server: Server, connection: Connection | None, claim: Claim | None
    ) -> bool:
        """One connection's work: take, send, settle, until nothing is due.

        A connection is opened for a claim: none where nothing may leave.

        Returns:
            Whether it ended for want of a connection.
        """
        setbacks = 0
        at_hand: Claim | Parcel | None = claim
        try:
            while setbacks < _SETBACKS:
                at_hand = at_hand or await self._clerk.take(server.name)
                if at_hand is None:
                    return False
                if connection is None or not connection.alive:
                    connection = await self._reopen(server, setbacks)
                    if connection is None:
                        return True
                parcel = (
                    self._pack(server, connection, at_hand)
                    if isinstance(at_hand, Claim)
                    else at_hand
                )
                at_hand = None
                if parcel is not None:
                    untried, at_hand = await self._deliver(server, connection, parcel)
                    setbacks = setbacks + 1 if untried else 0
        except BaseException:
            self._clerk.stop()
            raise
        else:
            return True
        finally:
            if at_hand is not None:
                unused = isinstance(at_hand, Claim)
                claim = at_hand if isinstance(at_hand, Claim) else at_hand.claim
                self._put_back(claim, "the connection had ended", unused=unused)
            if connection is not None:
                await connection.close()

    async def _reopen(self, server: Server, setbacks: int) -> Connection | None:
        """Another connection, if the server has one for us: a round goes on with fewer."""
        if setbacks > 1:
            await self._rest(FIRST_PAUSE * 2 ** (setbacks - 2))
        if self._over() or server.obstacle:
            return None
        try:
            return await server.transport.open()
        except (ServerUnreachableError, ServerRefusesError) as error:
            _log.info("%s: one connection fewer (%s)", server.name, error.facts["why"])
            return None

    async def _rest_while(self, others_work: Callable[[], bool], seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while others_work() and not self._over():
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return
            await self._rest(min(left, _GLANCE))

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    def _at_hand(self, server: Server, connection: Connection) -> Parcel | None:
        """The next parcel, if there is one at once."""
        while claim := self._clerk.take_now(server.name):
            parcel = self._pack(server, connection, claim)
            if parcel:
                return parcel
        return None

    def _pack(self, server: Server, connection: Connection, claim: Claim) -> Parcel | None:
        """A claim's parcel; a claim that there is no mail for is settled."""
        try:
            mail = self._paper.mail(claim, utf8=connection.utf8)
        except MessageTooLargeError as error:
            self._end_early(error)
            self._put_back(claim, str(error))
            return None
        if isinstance(mail, Skip):
            fields = skipped(mail, attempts=claim.attempts, now=self._clock())
            logs.outcome(self._paper.edition_id, claim, None, fields["status"], fields["reason"])
            self._settle(claim, fields)
            return None
        if isinstance(mail, Answer):
            self._reach_otherwise(server, claim, mail)
            return None
        return Parcel(claim, mail, Envelope(mail.sender, mail.recipient, len(mail.data)))

    def _reach_otherwise(self, server: Server, claim: Claim, answer: Answer) -> None:
        """Leave a reader whom only a server with SMTPUTF8 can reach to one, now or later."""
        others = [each for each in self._servers if each is not server and each.utf8 is not False]
        if not any(self._clerk.pass_on(claim, each.name) for each in others if each.utf8):
            answer = _ANOTHER_TIME if others else answer
            self._record(server, claim, answer, decide(answer))

    async def _deliver(
        self, server: Server, connection: Connection, parcel: Parcel
    ) -> tuple[bool, Parcel | None]:
        """Try a parcel; whether the server sent it back untried, and what was announced next."""
        following: Parcel | None = None
        most = connection.most_bytes
        if most is not None and parcel.envelope.size > most:
            why = f"it takes messages of {most} bytes at most, this has {parcel.envelope.size}"
            server.obstacle = ServerRefusesError(server=server.name, why=why)
            self._put_back(parcel.claim, why, unused=True)
            self._clerk.leave(server.name)
            return True, None
        answer = await connection.announce(parcel.envelope)
        if answer is None:
            withdrawn = await self._clerk.recheck(parcel.claim)
            if withdrawn is not None:
                self._settle(parcel.claim, withdrawn)
            if withdrawn is not None or not self._begin(parcel.claim):
                await connection.close()
                return False, None
            following = self._at_hand(server, connection)
            then = following.envelope if following else None
            answer = await connection.hand_over(parcel.mail.data, then)
            self._clerk.heard(parcel.claim, answer)
        elif answer.code is None and answer.stage is Stage.MAIL:
            number = parcel.claim.delivery_id
            answer = self._memory.blame(number, server, self._servers, answer)
        decision = decide(answer)
        server.learn(answer, decision)
        if server.obstacle:
            self._clerk.leave(server.name)
        self._record(server, parcel.claim, answer, decision)
        return decision.breaks_off, following

    def _begin(self, claim: Claim) -> bool:
        """Whether the message may leave now: it is in the journal, and its lease holds."""
        if self._clerk.closing or self._over():
            self._put_back(claim, "the sending was stopped before the message")
            return False
        if self._clock() >= claim.until:
            # This process slept: by now the row may be another's.
            self._put_back(claim, "the claim ran out before the message")
            return False
        try:
            self._journal.begin(claim.hold)
        except SealedError:
            _log.warning("this sender slept too long: its claims were given to others")
            self._clerk.stop()
            return False
        except JournalError as error:
            self._end_early(error)
            self._put_back(claim, str(error))
            return False
        return True

    def _record(self, server: Server, claim: Claim, answer: Answer, decision: Decision) -> None:
        held = self._memory.slows(claim.destination, decision)
        fields = self._fields(claim, answer)
        reason = fields["reason"]
        logs.outcome(self._paper.edition_id, claim, answer, fields["status"], reason)
        if decision.suppress:
            server.gone[claim.email] = fields["reply"]
        rests = server.slows(decision)
        self._clerk.settle(Outcome(claim, fields, server.tell_gone(), held, rests))

    def _settle(self, claim: Claim, fields: Fields) -> None:
        self._clerk.settle(Outcome(claim, fields))

    def _put_back(self, claim: Claim, why: str, *, unused: bool = False) -> None:
        fields = self._fields(claim, Answer(Stage.MAIL, None, why))
        self._clerk.settle(Outcome(claim, fields, unused=unused))

    def _end_early(self, obstacle: DigestError) -> None:
        self._obstacle = self._obstacle or obstacle
        self._clerk.stop()

    def _fields(self, claim: Claim, answer: Answer) -> Fields:
        return settled(
            answer,
            attempts=claim.attempts,
            now=self._clock().replace(microsecond=0),
            policy=self._policy,
            jitter=random.random(),  # noqa: S311 - spreads, protects nothing
        )
