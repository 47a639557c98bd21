"""The notifier: takes down what the desk should hear of, and sends it beside the editions."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial

from sqlmodel import Session

from digest.config import Settings
from digest.delivery.envelope import Envelope
from digest.delivery.replies import Answer, Verdict, decide
from digest.delivery.smtp import SmtpTransport
from digest.delivery.transitions import REPLY_LENGTH, next_attempt, policy_of
from digest.errors import (
    DigestError,
    ServerRefusesError,
    ServerUnreachableError,
    StoreError,
)
from digest.notices import letter, record
from digest.notices.matters import failure, of_calendar, of_designs, of_editions, of_feeds
from digest.notices.record import Matter
from digest.rendering import Templates
from digest.store import Store
from digest.store.models import Notice, NoticeStatus

PATIENCE = timedelta(minutes=10)
"""After its time a notice is not on its way any more: whoever sent it has ended."""
_ENDED = "the program ended before it knew"

logger = logging.getLogger(__name__)


class Notifier:
    """Tells those who are to be notified; where there is nobody, it does nothing.

    Args:
        store: the database, which remembers who was told what.
        settings: whom to tell, and through which servers.
        templates: the publisher's, then those that stand in where they are broken.
        clock: the present instant.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        templates: Sequence[Templates],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._settings = settings
        self._templates = templates
        self._clock = clock
        self._emails = settings.desk.notify
        self._policy = policy_of(settings)
        self._looked_at: set[int] = set()

    def failed(self, newsletter: str, day: date, why: str) -> None:
        """Take down that an edition could not be brought out, or not be sent on.

        Raises:
            StoreError: the database failed.
        """
        record.take_down(self._store, [failure(newsletter, day, why)], self._emails, self._clock())

    def look_at_editions(self) -> None:
        """Take down what the editions give cause to: cheap enough for every few seconds.

        Raises:
            StoreError: the database failed.
        """
        looked_at = self._looked_at.copy()
        self._look(of_editions, partial(of_designs, looked_at=looked_at))
        self._looked_at = looked_at  # now that what was found is taken down

    def look_at_plan(self) -> None:
        """Take down which editions nobody began, and which feeds have failed for long.

        Raises:
            StoreError: the database failed.
        """
        self._look(of_calendar, of_feeds)

    def _look(self, *looks: Callable[[Session, Settings, datetime], Iterator[Matter]]) -> None:
        if not self._emails:
            return
        now = self._clock()
        with self._store.read() as session:
            matters = [matter for look in looks for matter in look(session, self._settings, now)]
        record.take_down(self._store, matters, self._emails, now)

    async def send(self, stop: asyncio.Event) -> None:
        """Send the notices that are due; none is begun after `stop`.

        Raises:
            StoreError: the database failed.
        """
        if not self._emails:
            return
        run = asyncio.to_thread
        for notice in await run(record.lost, self._store, self._clock() - PATIENCE):
            logger.warning("%s may not have been told: %s (%s)", notice.email, notice.key, _ENDED)
            await run(record.settle, self._store, notice, NoticeStatus.UNCERTAIN, _ENDED)
        for notice in await run(record.waiting, self._store, self._emails, self._clock()):
            if stop.is_set():
                return
            try:
                written = await run(
                    letter.write, notice, self._settings, self._templates, self._clock()
                )
                await self._send(notice, *written)
            except StoreError:
                raise
            except DigestError as error:
                await self._put_off(notice, NoticeStatus.WAITING, str(error))
            except Exception:
                # A mistake of ours about one notice keeps back no other.
                logger.exception("%s could not be told: %s", notice.email, notice.key)
                await self._put_off(notice, NoticeStatus.WAITING, "a mistake of ours")

    async def _send(self, notice: Notice, envelope: Envelope, data: bytes) -> None:
        """Try one server after the other, until one has an answer about this notice."""
        why = ""
        for smtp in (self._settings.smtp, *self._settings.servers):
            try:
                connection = await SmtpTransport(smtp).open()
            except (ServerUnreachableError, ServerRefusesError) as error:
                why = str(error)
                continue
            try:
                answer = await connection.announce(envelope)
                if answer is None:
                    if not await asyncio.to_thread(record.let_go, self._store, notice):
                        return  # another process did
                    answer = await connection.hand_over(data)
                    await self._settle(notice, answer)
                    return
            finally:
                await connection.close()
            why = _words(answer)
            if decide(answer).verdict is Verdict.REFUSED:
                await self._give_up(notice, NoticeStatus.WAITING, why)
                return
        await self._put_off(notice, NoticeStatus.WAITING, why)

    async def _settle(self, notice: Notice, answer: Answer) -> None:
        """Record what a server said to a notice that left whole."""
        said = _words(answer)
        match decide(answer).verdict:
            case Verdict.ACCEPTED:
                logger.info("%s was told: %s", notice.email, notice.key)
                status = NoticeStatus.ACCEPTED
            case Verdict.UNCERTAIN:
                logger.warning("%s may not have been told: %s (%s)", notice.email, notice.key, said)
                status = NoticeStatus.UNCERTAIN
            case Verdict.REFUSED:
                await self._give_up(notice, NoticeStatus.UNCERTAIN, said)
                return
            case _:
                await self._put_off(notice, NoticeStatus.UNCERTAIN, said)
                return
        await asyncio.to_thread(record.settle, self._store, notice, status, said)

    async def _put_off(self, notice: Notice, status: NoticeStatus, why: str) -> None:
        now, tried = self._clock(), notice.attempts + 1
        due = next_attempt(tried, now=now, policy=self._policy, jitter=0)
        if due is None:
            await self._give_up(notice, status, why)
            return
        logger.warning("%s is to be told again later: %s (%s)", notice.email, notice.key, why)
        await asyncio.to_thread(record.put_off, self._store, notice, status, due, why)

    async def _give_up(self, notice: Notice, status: NoticeStatus, why: str) -> None:
        logger.error("%s cannot be told: %s (%s)", notice.email, notice.key, why)
        await asyncio.to_thread(record.put_off, self._store, notice, status, None, why)


def _words(answer: Answer) -> str:
    return str(answer)[:REPLY_LENGTH]
