"""The one hand that writes in the ledger for a sender: what all its connections ask, together."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple, TypeVar

from digest.delivery.ledger import Claim, Ledger, Outcome
from digest.errors import StoreUnreachableError

T = TypeVar("T")

_log = logging.getLogger(__name__)
_PATIENCE = 1.0
"""Seconds between two tries to reach a database that is gone."""


class _Request(NamedTuple):
    outcome: Outcome | None
    more: bool
    answer: asyncio.Future[Claim | None]


class Clerk:
    """Records outcomes and hands out claims in group commits, in a thread of its own.

    While one commit runs, what the connections ask meanwhile gathers for the next: with twenty
    connections a commit serves up to twenty messages, with one it serves one, and no connection
    ever has more than one message whose answer is not recorded.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self.ledger = ledger
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._asked: list[_Request] = []
        self._pump: asyncio.Task[None] | None = None
        self._closing = False

    async def exchange(self, outcome: Outcome | None, *, more: bool = True) -> Claim | None:
        """Record what became of the last claim, if any, and get the next if `more` is wanted.

        Returns:
            A claim, durable before this returns; None where no more are due, or nothing more is
            to be tried.
        """
        answer: asyncio.Future[Claim | None] = asyncio.get_running_loop().create_future()
        self._asked.append(_Request(outcome, more, answer))
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._serve())
        return await answer

    def stop(self) -> None:
        """Give out no more claims; outcomes are still recorded."""
        self._closing = True

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """Let the thread do some other work with the database."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await loop.run_in_executor(self._thread, function, *arguments)
            except StoreUnreachableError as error:
                if self._closing:
                    raise
                # Nothing is forgotten: what is to be recorded waits here until it can be.
                _log.warning("%s", error)
                await asyncio.sleep(_PATIENCE)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True)

    async def _serve(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, []
            outcomes = [request.outcome for request in asked if request.outcome]
            wanted = 0 if self._closing else sum(request.more for request in asked)
            try:
                claims = await self.run(self.ledger.exchange, outcomes, wanted, self._clock())
            except Exception as error:  # noqa: BLE001 - whoever asked gets it, whatever it is
                for request in asked:
                    if not request.answer.done():
                        request.answer.set_exception(error)
                continue
            rest = iter(claims)
            for request in asked:
                if not request.answer.done():
                    request.answer.set_result(next(rest, None) if request.more else None)
