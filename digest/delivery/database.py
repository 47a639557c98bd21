"""The one thread in which a sender asks the database, while its messages go out in another."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from digest.errors import StoreUnreachableError

T = TypeVar("T")

_log = logging.getLogger(__name__)
_PATIENCE = 1.0
"""Seconds between two tries to reach a database that is gone."""


class DatabaseThread:
    """Runs functions one after another, and again until the database is there."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._hurried = False
        self._said = ""

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """What a function returns.

        A database that is gone is waited for: nothing that is to be recorded is forgotten.

        Raises:
            StoreUnreachableError: the database is gone, and there is no time to wait.
        """
        loop = asyncio.get_running_loop()
        while True:
            try:
                result = await loop.run_in_executor(self._pool, function, *arguments)
            except StoreUnreachableError as error:
                if self._hurried:
                    raise
                self._say(str(error))
                await asyncio.sleep(_PATIENCE)
            else:
                if self._said:
                    self._said = ""
                    _log.info("the database is back")
                return result

    def _say(self, words: str) -> None:
        """Warn, though not for each connection that waits, nor for each try."""
        if words != self._said:
            self._said = words
            _log.warning("%s", words)

    def hurry(self) -> None:
        """From now on, wait for no database."""
        self._hurried = True

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=True)
