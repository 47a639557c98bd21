"""The database's thread: it waits for a database that is gone, and says so once."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from digest.delivery.database import DatabaseThread
from digest.errors import StoreError, StoreUnreachableError


class Gone:
    """A question to a database that is there when it was asked so often."""

    def __init__(self, times: int, why: str = "it is gone") -> None:
        self.left = times
        self.why = why

    def __call__(self, answer: int) -> int:
        if self.left:
            self.left -= 1
            raise StoreUnreachableError(url="x", why=self.why)
        return answer


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseThread]:
    monkeypatch.setattr("digest.delivery.database._PATIENCE", 0)
    database = DatabaseThread()
    yield database
    database.close()


async def test_who_waits_for_it_is_told_once_for_all(
    database: DatabaseThread, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    gone = Gone(20)
    assert await asyncio.gather(*(database.run(gone, n) for n in range(10))) == list(range(10))
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "it is gone" in caplog.messages[0]


async def test_another_reason_and_another_outage_are_told(
    database: DatabaseThread, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING)
    await asyncio.gather(database.run(Gone(1), 1), database.run(Gone(1, "it starts"), 2))
    await database.run(Gone(1), 3)
    assert [words.partition("(")[2].partition(")")[0] for words in caplog.messages] == [
        "it is gone",
        "it starts",
        "it is gone",
    ]


async def test_who_has_no_time_waits_for_nothing(database: DatabaseThread):
    database.hurry()
    with pytest.raises(StoreUnreachableError):
        await database.run(Gone(1), 1)


async def test_another_failure_is_waited_for_by_nobody(database: DatabaseThread):
    def fail() -> None:
        raise StoreError(detail="disk I/O error")

    with pytest.raises(StoreError, match="disk I/O error"):
        await database.run(fail)
