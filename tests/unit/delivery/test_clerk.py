"""The clerk: claims from a stock, outcomes together, nothing lost while the database is away."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.delivery.clerk import Clerk
from digest.delivery.database import DatabaseThread
from digest.delivery.journal import Journal
from digest.delivery.ledger import Claim, Handout, Order, Outcome
from digest.delivery.transitions import Skip, skipped
from digest.errors import StoreError, StoreUnreachableError

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
SERVER, OTHER = "mail.example.org:25", "other.example.org:25"


def claim(number: int, destination: str = "example.org", server: str = SERVER) -> Claim:
    until = NOW + timedelta(minutes=5)
    email = f"r{number}@{destination}"
    return Claim(number, 1, 0, server, until, number, email, destination, "", None, NOW)


def outcome(of: Claim) -> Outcome:
    return Outcome(of, skipped(Skip.ADDRESS, attempts=0, now=NOW))


class FakeLedger:
    """Hands out numbered claims, up to `left`; keeps what it was told; may fail first."""

    def __init__(self, left: int = 1000) -> None:
        self.left = left
        self.again: datetime | None = None
        self.sending = True
        self.recorded: list[int] = []
        self.orders: list[Order] = []
        self.failures: list[Exception] = []
        self.gate = threading.Event()
        self.gate.set()
        self.given_back = 0
        self.looked = 0
        self.asked = threading.Event()

    def exchange(self, outcomes, order: Order, _now: datetime) -> Handout:
        assert self.gate.wait(10)
        if self.failures:
            raise self.failures.pop(0)
        self.recorded += [each.claim.delivery_id for each in outcomes if not each.unused]
        self.left += sum(each.unused for each in outcomes)
        self.orders.append(order)
        if len(self.orders) > 2:
            self.asked.set()
        handout = Handout(self.sending)
        if not self.sending:
            return handout
        for server, wanted in order.wanted.items():
            given = [claim(self.left - n, server=server) for n in range(min(wanted, self.left))]
            self.left -= len(given)
            handout.claims[server] = given
            if len(given) < wanted:
                handout.again[server] = self.again
        return handout

    def give_back(self) -> None:
        self.given_back += 1

    def is_stale(self, _claim: Claim, _now: datetime) -> bool:
        return True

    def renew(self, _claim: Claim, _now: datetime) -> None:
        self.looked += 1
        if self.looked == 1:
            time.sleep(0.1)


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def weights() -> dict[str, float]:
    return {SERVER: 1.0}


@pytest.fixture
async def clerk(
    ledger: FakeLedger, weights: dict[str, float], tmp_path: Path
) -> AsyncIterator[Clerk]:
    database = DatabaseThread()
    journal = Journal(tmp_path / "journals", "host:1:1.x")
    crowded = {"small.example": 2}
    clerk = Clerk(database, ledger, journal, lambda: NOW, weights, crowded)  # type: ignore[arg-type]  # stands in for it
    clerk.start()
    yield clerk
    database.close()


async def test_everybody_gets_another_claim(clerk: Clerk):
    claims = await asyncio.gather(*(clerk.take(SERVER) for _ in range(20)))
    assert len({each.delivery_id for each in claims if each}) == 20
    for each in claims:
        assert each is not None
        clerk.settle(outcome(each))
    await clerk.close()


async def test_what_is_settled_during_a_commit_shares_the_next(clerk: Clerk, ledger: FakeLedger):
    claims = [await clerk.take(SERVER) for _ in range(20)]
    ledger.gate.clear()
    for each in claims:
        assert each is not None
        clerk.settle(outcome(each))
    commits = len(ledger.orders)
    ledger.gate.set()
    await clerk.close()
    assert sorted(ledger.recorded) == sorted(each.delivery_id for each in claims if each)
    assert len(ledger.orders) <= commits + 2
    assert ledger.given_back == 1


async def test_the_stock_grows_with_what_is_taken(clerk: Clerk, ledger: FakeLedger):
    for _ in range(300):
        each = await clerk.take(SERVER)
        assert each is not None
        clerk.settle(outcome(each))
    wanted = [order.wanted[SERVER] for order in ledger.orders if order.wanted]
    assert wanted[0] == 1
    assert max(wanted) <= 500
    assert len(wanted) < 100
    await clerk.close()


async def test_after_stop_outcomes_are_recorded_and_nothing_is_claimed(
    clerk: Clerk, ledger: FakeLedger
):
    each = await clerk.take(SERVER)
    assert each is not None
    clerk.stop()
    assert await clerk.take(SERVER) is None
    clerk.settle(outcome(each))
    await clerk.close()
    assert ledger.recorded == [each.delivery_id]


async def test_the_last_claim_goes_to_whoever_asked_first(clerk: Clerk, ledger: FakeLedger):
    ledger.left = 1
    first, second = await asyncio.gather(clerk.take(SERVER), clerk.take(SERVER))
    assert first is not None
    assert second is None
    clerk.settle(outcome(first))
    await clerk.close()


async def test_what_is_due_soon_is_waited_for(clerk: Clerk, ledger: FakeLedger):
    ledger.left, ledger.again = 0, NOW - timedelta(seconds=1)
    taking = asyncio.create_task(clerk.take(SERVER))
    assert await asyncio.to_thread(ledger.asked.wait, 10)
    assert not taking.done()
    ledger.left = 1
    last = await taking
    assert last is not None
    clerk.settle(outcome(last))
    await clerk.close()


async def test_an_edition_that_is_paused_elsewhere_gives_nothing_more(
    clerk: Clerk, ledger: FakeLedger
):
    ledger.sending = False
    assert await clerk.take(SERVER) is None
    await clerk.close()


async def test_a_database_that_is_away_forgets_nothing(
    clerk: Clerk, ledger: FakeLedger, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("digest.delivery.database._PATIENCE", 0)
    each = await clerk.take(SERVER)
    assert each is not None
    ledger.failures = [StoreUnreachableError(url="x", why="gone")] * 3
    clerk.settle(outcome(each))
    await clerk.close()
    assert ledger.recorded == [each.delivery_id]


async def test_another_failure_reaches_everybody_who_asks(clerk: Clerk, ledger: FakeLedger):
    ledger.failures = [StoreError(detail="disk full")]
    ends = await asyncio.gather(clerk.take(SERVER), clerk.take(SERVER), return_exceptions=True)
    assert [type(end) for end in ends] == [StoreError, StoreError]
    with pytest.raises(StoreError):
        await clerk.close()


async def test_a_crowded_destination_is_told_to_the_ledger(clerk: Clerk, ledger: FakeLedger):
    each = await clerk.take(SERVER)
    assert each is not None
    clerk.settle(outcome(each))
    assert ledger.orders[0].rooms == {"small.example": 2}
    await clerk.close()


@pytest.mark.parametrize("weights", [{SERVER: 3.0, OTHER: 1.0}])
async def test_servers_get_their_share(clerk: Clerk, weights: dict[str, float]):
    got = dict.fromkeys(weights, 0)

    async def work(server: str) -> None:
        while each := await clerk.take(server):
            got[server] += 1
            clerk.settle(outcome(each))
            await asyncio.sleep(0)

    await asyncio.gather(*(work(server) for server in weights))
    assert sum(got.values()) == 1000
    assert 2.0 < got[SERVER] / got[OTHER] < 4.0
    await clerk.close()


@pytest.mark.parametrize("weights", [{SERVER: 1.0, OTHER: 1.0}])
async def test_the_stock_of_who_leaves_is_handed_out_anew(clerk: Clerk, ledger: FakeLedger):
    ledger.left = 30
    first = await clerk.take(SERVER)
    assert first is not None
    clerk.settle(outcome(first))
    clerk.leave(SERVER)
    assert await clerk.take(SERVER) is None
    rest = 0
    while each := await clerk.take(OTHER):
        rest += 1
        clerk.settle(outcome(each))
    assert rest == 29
    await clerk.close()


async def test_a_look_that_took_long_is_taken_again(
    clerk: Clerk, ledger: FakeLedger, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("digest.delivery.clerk.MARGIN", 0.05)
    assert await clerk.recheck(claim(1)) is None
    assert ledger.looked == 2
    await clerk.close()
