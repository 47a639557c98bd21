"""The worker: sends whatever edition's sending has begun, until it is complete."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from functools import partial

from sqlmodel import select

from digest.bootstrap import App
from digest.delivery import Tally, send_edition, settle_cancelled
from digest.editions.life import find_edition
from digest.errors import (
    DigestError,
    EditionEndedError,
    EditionPausedError,
    ServerUnreachableError,
    StoreError,
)
from digest.notices import Notifier
from digest.store.models import Edition, EditionStatus

LOOK_EVERY = 1.0
"""Seconds between two looks for editions to send: another process may have begun or resumed one."""

RETRY_AFTER = 60.0
"""Seconds until an edition that could not be sent on is taken up again."""

# The edition itself says so, or what fails is what would take down that it failed.
_ACCOUNTED_FOR = (EditionEndedError, EditionPausedError, ServerUnreachableError, StoreError)

logger = logging.getLogger(__name__)


class Worker:
    """Sends editions in the background of a running program."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stop = asyncio.Event()
        self._wake = asyncio.Event()
        self._sending: dict[int, asyncio.Task[None]] = {}
        self._telling: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look for editions at once."""
        self._wake.set()

    def stop(self) -> None:
        """Try no further messages; `run` returns when those in flight are recorded."""
        self._stop.set()
        self._wake.set()

    async def run(self) -> None:
        """Send until `stop`."""
        while not self._stop.is_set():
            for edition in await asyncio.to_thread(self._to_be_sent):
                if edition not in self._sending:
                    task = asyncio.create_task(self._send(edition))
                    self._sending[edition] = task
                    task.add_done_callback(partial(self._forget, edition))
            if self._telling is None or self._telling.done():
                self._telling = asyncio.create_task(tell_desk(self._app, self._stop))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_EVERY)
            self._wake.clear()
        await asyncio.gather(*self._sending.values())
        if self._telling:
            await self._telling

    def _forget(self, edition: int, _task: asyncio.Task[None]) -> None:
        del self._sending[edition]

    def _to_be_sent(self) -> list[int]:
        query = select(Edition.id).where(Edition.status == EditionStatus.SENDING)
        try:
            settle_cancelled(self._app.store, self._app.settings.journal_folder, self._app.clock())
            with self._app.store.read() as session:
                return [number for number in session.exec(query) if number is not None]
        except DigestError as error:
            logger.error("editions could not be looked for: %s", error)  # noqa: TRY400 - in words
        except Exception:
            # A mistake of ours is said with its place, and ends neither this worker nor others.
            logger.exception("editions could not be looked for")
        return []

    async def _send(self, edition: int) -> None:
        try:
            account = await send_edition(self._app.store, self._app.press, edition, stop=self._stop)
        except DigestError as error:
            logger.error("edition %s: %s", edition, error)  # noqa: TRY400 - said in words
            if not isinstance(error, _ACCOUNTED_FOR):
                await self._fail(edition, str(error))
            if isinstance(error, EditionPausedError | EditionEndedError):
                return  # it is looked for again once somebody has resumed it
        except Exception as error:
            logger.exception("edition %s could not be sent", edition)
            await self._fail(edition, f"a mistake of the program's: {error!r}")
        else:
            logger.info("edition %s: %s", edition, account.said())
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), RETRY_AFTER)

    async def _fail(self, edition: int, why: str) -> None:
        """Let the desk know that an edition is stuck."""
        try:
            await asyncio.to_thread(self._tell_failure, edition, why)
        except StoreError as error:
            logger.error("the desk could not be told: %s", error)  # noqa: TRY400 - said in words

    def _tell_failure(self, edition: int, why: str) -> None:
        with self._app.store.read() as session:
            row = find_edition(session, edition)
        self._app.desk.failed(row.newsletter, row.date, why)


def _looked_at_editions(app: App) -> Notifier:
    app.desk.look_at_editions()
    return app.desk


async def tell_desk(app: App, stop: asyncio.Event) -> None:
    """Take down what the desk should hear of, and send it; what fails is logged, and no more."""
    try:
        desk = await asyncio.to_thread(_looked_at_editions, app)
        await desk.send(stop)
    except DigestError as error:
        logger.error("the desk could not be told: %s", error)  # noqa: TRY400 - said in words
    except Exception:
        logger.exception("the desk could not be told")


async def send_until_done(
    app: App, edition_id: int, *, at_once: bool, on_progress: Callable[[Tally], None] | None
) -> tuple[Tally, str]:
    """Send one edition until it is done or paused, or SIGINT or SIGTERM says to stop.

    Returns:
        The account, and the edition's status.
    """
    stop = asyncio.Event()
    stop_on_signals(stop)
    try:
        account = await send_edition(
            app.store, app.press, edition_id, stop=stop, on_progress=on_progress, at_once=at_once
        )
    finally:
        await tell_desk(app, stop)
    with app.store.read() as session:
        return account, find_edition(session, edition_id).status


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set `stop` at the first SIGINT or SIGTERM.

    A second one does what signals do by default: who presses twice means it.
    """
    loop = asyncio.get_running_loop()

    def first() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, first)
