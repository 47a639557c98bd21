"""The one hand that writes in the ledger for a sender: what all its connections ask, together."""

import asyncio
import contextlib
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import datetime

from digest.delivery.database import DatabaseThread
from digest.delivery.journal import Journal
from digest.delivery.ledger import MOST, SOON, Claim, Handout, Ledger, Order, Outcome
from digest.delivery.replies import Answer
from digest.delivery.transitions import Fields, untouched
from digest.subscribers.withdrawing import MARGIN

_GATHER = 0.04
"""Seconds that outcomes gather for a commit, unless it is full or a connection waits before."""
_GLANCE = 0.5
"""Seconds between two looks at what another process may have changed."""
_AHEAD = 20.0
"""Messages that a server of weight 1 may be ahead of its share."""


class Clerk:
    """Hands out claims from a stock and records outcomes, hundreds at a time.

    The database is asked in its own thread, while messages go out. The stock is what leaves
    between two commits, twice over: few claims wait here at any time, and whoever unsubscribes is
    in nobody's hand for long. What was heard since the last commit is in the journal.

    Args:
        database: where the ledger is asked.
        ledger: the rows.
        journal: of the same sender.
        clock: the present instant.
        weights: the servers by name, and each one's share of the mail.
        crowded: destinations that take few messages at a time, and how many.
    """

    def __init__(
        self,
        database: DatabaseThread,
        ledger: Ledger,
        journal: Journal,
        clock: Callable[[], datetime],
        weights: Mapping[str, float],
        crowded: Mapping[str, int],
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._journal = journal
        self._clock = clock
        self._weights = dict(weights)
        self._crowded = crowded
        self._outcomes: list[Outcome] = []
        self._stock: dict[str, deque[Claim]] = {server: deque() for server in weights}
        self._waiting: dict[str, deque[asyncio.Future[Claim | None]]] = {
            server: deque() for server in weights
        }
        self._taken: Counter[str] = Counter()
        self._given: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self._short: set[str] = set()
        self._dry: set[str] = set()
        self._again: dict[str, datetime] = {}
        self._paced: dict[str, datetime] = {}
        self._asked = asyncio.Event()
        self._urgent = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._closing = False
        self._ending = False
        self._in_hand = 0
        self._failure: Exception | None = None

    @property
    def paced_until(self) -> datetime | None:
        """When a server may get more, where all have to keep to a pace; else None."""
        now = self._clock()
        until = [self._paced.get(server, now) for server in self._weights]
        first = min(until, default=now)
        return first if first > now else None

    def again_by(self, server: str) -> datetime | None:
        """When more may leave by a server; None where nothing says that it may."""
        return self._again.get(server)

    @property
    def closing(self) -> bool:
        """Whether nothing more is to be begun: all ends, or the edition is not being sent."""
        return self._closing

    def start(self) -> None:
        """Begin to serve."""
        self._pump = asyncio.create_task(self._serve())

    async def take(self, server: str) -> Claim | None:
        """A claim to be sent by a server, durable by now; None where there is nothing more."""
        claim = self.take_now(server)
        if claim is not None:
            return claim
        if self._failure:
            raise self._failure
        if self._closing or server in self._dry or server not in self._weights:
            return None
        answer: asyncio.Future[Claim | None] = asyncio.get_running_loop().create_future()
        self._waiting[server].append(answer)
        self._asked.set()
        if self._hurried():
            self._urgent.set()
        return await answer

    def take_now(self, server: str) -> Claim | None:
        """A claim, if one is at hand."""
        stock = self._stock[server]
        if self._closing or server not in self._weights or not stock:
            return None
        claim = self._give(server)
        if len(stock) < self._taken[server]:
            self._asked.set()
        return claim

    async def recheck(self, claim: Claim) -> Fields | None:
        """What becomes of a claim that may not be sent any more; None where it may.

        Most are sent so soon that there is nothing to ask.
        """
        while self._ledger.is_stale(claim, now := self._clock()) and now < claim.until:
            looked = time.monotonic()
            gone = await self._database.run(self._ledger.renew, claim, now)
            if gone is not None or time.monotonic() - looked < MARGIN:
                return gone
        return None

    def heard(self, claim: Claim, answer: Answer) -> None:
        """Note a server's answer in the journal: `settle` follows."""
        self._journal.heard(claim.hold, answer)

    def pass_on(self, claim: Claim, server: str) -> bool:
        """Leave a claim to another server, which alone can send it; whether that one is at work."""
        if self._closing or server in self._dry or server not in self._weights:
            return False
        self._in_hand -= 1
        self._stock[server].appendleft(claim._replace(server=server))
        self._serve_waiting(server)
        return True

    def settle(self, outcome: Outcome) -> None:
        """Record what became of a claim, with the next commit."""
        self._outcomes.append(outcome)
        self._in_hand -= 1
        self._count(outcome.claim, -1)
        if outcome.held or outcome.server_held:
            self._leave_alone(outcome)
        self._asked.set()
        if len(self._outcomes) >= MOST:
            self._urgent.set()

    def _leave_alone(self, outcome: Outcome) -> None:
        """Give back what lies in stock for a destination or a server that asked us to slow down."""
        for stock in self._stock.values():
            for claim in tuple(stock):
                same_place = outcome.held and claim.destination == outcome.claim.destination
                if same_place or (outcome.server_held and claim.server == outcome.claim.server):
                    stock.remove(claim)
                    self._return(claim, self._clock())

    def leave(self, server: str) -> None:
        """Hand out nothing more for a server that is of no use now: others take its share."""
        self._weights.pop(server, None)
        self._again.pop(server, None)
        self._dismiss(server)
        # What lies in its stock is not for the others at once: each has a pace of its own.
        self._asked.set()

    def join(self, server: str, weight: float) -> None:
        """Hand out claims for a server again, from now on by its share."""
        self._dry.discard(server)
        self._again.pop(server, None)
        shares = [self._given[name] / share for name, share in self._weights.items()]
        self._given[server] = int(min(shares, default=0) * weight)
        self._weights[server] = weight

    def stop(self) -> None:
        """Give out no more claims; outcomes are still recorded."""
        self._closing = True
        for server in self._waiting:
            self._dismiss(server)

    async def close(self) -> None:
        """Record all that is left, and give back what was not begun.

        Raises:
            DigestError: that cannot be; the journal tells it to whoever comes next.
        """
        self.stop()
        self._ending = True
        self._asked.set()
        self._urgent.set()
        settled = False
        try:
            if self._pump:
                await self._pump
            if self._failure:
                raise self._failure
            # What is in a hand that let it fall is for the journal to tell.
            if not self._in_hand:
                await self._database.run(self._ledger.give_back)
                settled = True
        finally:
            self._journal.close(settled=settled)

    async def _serve(self) -> None:
        try:
            while self._outcomes or any(self._stock.values()) or not self._ending:
                await self._until_asked()
                self._put_away()
                outcomes, self._outcomes = self._outcomes, []
                now = self._clock()
                order = self._order(now)
                handout = await self._database.run(self._ledger.exchange, outcomes, order, now)
                self._hand_out(handout, order)
        except Exception as error:  # noqa: BLE001 - whoever asks gets it, whatever it is
            self._failure = error
            self._closing = True
            for waiting in self._waiting.values():
                for answer in waiting:
                    if not answer.done():
                        answer.set_exception(error)

    async def _until_asked(self) -> None:
        """Wait until the database is to be asked: often at once, else with what gathers."""
        if self._ending:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), self._patience())
        self._asked.clear()
        if not self._hurried():
            self._urgent.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), _GATHER)

    def _hurried(self) -> bool:
        """Whether to ask at once: all ends, enough has gathered, or a connection waits for more."""
        if self._ending or len(self._outcomes) >= MOST:
            return True
        hungry = any(self._waiting[server] for server in self._weights)
        return hungry and self._patience() >= _GLANCE

    def _patience(self) -> float:
        """Seconds until there may be something to claim, though nobody asks."""
        awaited = [at for server, at in self._again.items() if self._waiting[server]]
        if not awaited:
            return _GLANCE
        return min(max((min(awaited) - self._clock()).total_seconds(), 0.001), _GLANCE)

    def _put_away(self) -> None:
        """Give back what lies in stock while every connection is busy for long, or for none."""
        now = self._clock()
        for server, stock in self._stock.items():
            idle = not self._taken[server] and not self._waiting[server]
            if idle or self._closing or server not in self._weights:
                for claim in stock:
                    self._return(claim, now)
                stock.clear()

    def _return(self, claim: Claim, now: datetime) -> None:
        fields = untouched(attempts=claim.attempts, now=now)
        self._outcomes.append(Outcome(claim, fields, unused=True))
        self._count(claim, -1)

    def _count(self, claim: Claim, change: int) -> None:
        """Know how much a crowded destination has in stock and in flight."""
        if claim.destination in self._crowded:
            self._held[claim.destination] += change

    def _order(self, now: datetime) -> Order:
        targets = {}
        for server in [] if self._closing else self._weights:
            if server in self._again and self._again[server] > now:
                continue
            taken, hungry = self._taken.pop(server, 0), len(self._waiting[server])
            targets[server] = max(min(2 * taken + hungry, 2 * MOST) - len(self._stock[server]), 0)
        rooms = {name: most - self._held[name] for name, most in self._crowded.items()}
        return Order(self._shared(targets), rooms)

    def _shared(self, targets: Mapping[str, int]) -> dict[str, int]:
        """What each server may have of what it could use, so that none is far ahead of its share.

        Those that can use more compete. One that is slow, or has to keep to a pace, holds nobody
        up: when it can use more again, it goes on from where the others are.
        """
        hungry = [
            server for server, target in targets.items() if target and server not in self._short
        ]
        if len(hungry) < 2:  # noqa: PLR2004 - nobody to compete with
            return dict(targets)
        least = min(self._given[server] / self._weights[server] for server in hungry)
        for server in self._weights.keys() - set(hungry):
            self._given[server] = max(self._given[server], int(least * self._weights[server]))
        # Where there is little to be had, it goes to who is the furthest behind.
        order = sorted(targets, key=lambda server: self._given[server] / self._weights[server])
        wanted = {server: targets[server] for server in order}
        for server in hungry:
            ahead = math.ceil((least + _AHEAD) * self._weights[server]) - self._given[server]
            wanted[server] = max(min(targets[server], ahead), 0)
        return wanted

    def _hand_out(self, handout: Handout, order: Order) -> None:
        for server, claims in handout.claims.items():
            self._given[server] += len(claims)
            for claim in claims:
                self._count(claim, 1)
            # It may have left meanwhile: then its claims are given back in the end.
            self._stock[server].extend(claims)
            self._serve_waiting(server)
        if not handout.sending:
            self.stop()
            return
        soon = self._clock() + SOON
        for server in (server for server, count in order.wanted.items() if count):
            self._short.discard(server)
            self._again.pop(server, None)
            self._paced.pop(server, None)
            if server in handout.again:
                if server in handout.paced:
                    self._paced[server] = handout.paced[server]
                self._short.add(server)
                again = handout.again[server]
                if again is not None:
                    self._again[server] = again
                if again is None or again > soon:
                    self._dry.add(server)
                    self._dismiss(server)

    def _serve_waiting(self, server: str) -> None:
        waiting = self._waiting[server]
        while waiting and self._stock[server]:
            answer = waiting.popleft()
            if not answer.done():
                answer.set_result(self._give(server))

    def _give(self, server: str) -> Claim:
        """The next claim of a stock, which is in somebody's hand from now on."""
        self._taken[server] += 1
        self._in_hand += 1
        return self._stock[server].popleft()

    def _dismiss(self, server: str) -> None:
        for answer in self._waiting[server]:
            if not answer.done():
                answer.set_result(None)
        self._waiting[server].clear()
