"""The clerk: group commits, nothing forgotten while the database is away."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from digest.delivery.clerk import Clerk
from digest.delivery.ledger import Claim, Outcome
from digest.delivery.transitions import Skip, skipped
from digest.errors import StoreError, StoreUnreachableError

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)


def claim(number: int) -> Claim:
    until = NOW + timedelta(minutes=5)
    return Claim(number, 1, 0, until, number, f"r{number}@example.org", "", None, NOW)


def outcome(number: int) -> Outcome:
    return Outcome(claim(number), skipped(Skip.ADDRESS, attempts=0, now=NOW))


class FakeLedger:
    """Hands out numbered claims, up to `left`; keeps what it was told; may fail first."""

    def __init__(self, left: int = 1000) -> None:
        self.left = left
        self.commits: list[tuple[list[int], int]] = []
        self.failures: list[Exception] = []
        self.gate = threading.Event()
        self.gate.set()

    def exchange(self, outcomes, wanted: int, _now: datetime) -> list[Claim]:
        assert self.gate.wait(10)
        if self.failures:
            raise self.failures.pop(0)
        self.commits.append(([each.claim.delivery_id for each in outcomes], wanted))
        given = [claim(self.left - n) for n in range(min(wanted, self.left))]
        self.left -= len(given)
        return given


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def clerk(ledger: FakeLedger):
    clerk = Clerk(ledger, lambda: NOW)  # type: ignore[arg-type]  # stands in for it
    yield clerk
    clerk.close()


async def test_what_is_asked_during_a_commit_shares_the_next(clerk: Clerk, ledger: FakeLedger):
    ledger.gate.clear()
    first = asyncio.create_task(clerk.exchange(None))
    await asyncio.sleep(0)
    rest = [asyncio.create_task(clerk.exchange(outcome(n))) for n in range(1, 20)]
    await asyncio.sleep(0)
    ledger.gate.set()
    claims = await asyncio.gather(first, *rest)
    assert len({each.delivery_id for each in claims if each}) == 20
    assert ledger.commits == [([], 1), (list(range(1, 20)), 19)]


async def test_recording_alone_claims_nothing(clerk: Clerk, ledger: FakeLedger):
    assert await clerk.exchange(outcome(7), more=False) is None
    assert ledger.commits == [([7], 0)]


async def test_after_stop_outcomes_are_recorded_and_nothing_is_claimed(
    clerk: Clerk, ledger: FakeLedger
):
    clerk.stop()
    assert await clerk.exchange(outcome(7)) is None
    assert ledger.commits == [([7], 0)]


async def test_the_last_claims_go_to_those_who_asked_first(clerk: Clerk, ledger: FakeLedger):
    ledger.left = 1
    first, second = await asyncio.gather(clerk.exchange(None), clerk.exchange(None))
    assert first is not None
    assert second is None


async def test_a_database_that_is_away_forgets_nothing(
    clerk: Clerk, ledger: FakeLedger, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("digest.delivery.clerk._PATIENCE", 0)
    ledger.failures = [StoreUnreachableError(url="x", why="gone")] * 3
    assert await clerk.exchange(outcome(7)) is not None
    assert ledger.commits == [([7], 1)]


async def test_another_failure_reaches_everybody_who_asked(clerk: Clerk, ledger: FakeLedger):
    ledger.failures = [StoreError(detail="disk full")]
    ends = await asyncio.gather(
        clerk.exchange(outcome(1)), clerk.exchange(None), return_exceptions=True
    )
    assert [type(end) for end in ends] == [StoreError, StoreError]
    assert await clerk.exchange(None) is not None
