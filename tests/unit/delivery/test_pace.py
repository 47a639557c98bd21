"""Buckets: never more than the rate and a burst, whatever is asked when and by whose clock."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import WarmUp
from digest.delivery.pace import FIRST_HOLD, LONGEST_HOLD, Bucket

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
TODAY = NOW.date()
RATES = st.floats(0.01, 1000)
# Seconds that pass before each asking, how many it wants, and how far behind its clock is.
ASKINGS = st.lists(
    st.tuples(st.floats(0, 30), st.integers(0, 600), st.floats(0, 50)), min_size=1, max_size=40
)


def ask(bucket: Bucket, rate: float | None, plan: WarmUp | None, most: int, now: datetime) -> int:
    """What a sender does: as many as there is room for."""
    bucket.fill(rate, now)
    room = bucket.room(rate, plan, now)
    count = most if room is None else max(min(most, room), 0)
    bucket.take(count, now)
    return count


@given(rate=RATES, askings=ASKINGS)
def test_no_window_has_more_than_its_time_at_the_rate_and_a_burst(
    rate: float, askings: list[tuple[float, int, float]]
):
    bucket, elapsed = Bucket(), 0.0
    left: list[tuple[float, int]] = []
    for seconds, most, behind in askings:
        elapsed += seconds
        now = NOW + timedelta(seconds=elapsed - behind)
        left.append((elapsed, ask(bucket, rate, None, most, now)))
    for first, (start, _) in enumerate(left):
        for last in range(first, len(left)):
            sent = sum(count for _, count in left[first : last + 1])
            # A clock that was behind when the window began catches up within it.
            behind = askings[first][2]
            window = left[last][0] - start + behind
            assert sent <= rate * window + max(rate, 1) + 0.001


@given(rate=RATES, askings=ASKINGS)
def test_a_bucket_that_was_written_and_read_back_behaves_alike(
    rate: float, askings: list[tuple[float, int, float]]
):
    kept, stored, now = Bucket(), Bucket(), NOW
    for seconds, most, _ in askings:
        now += timedelta(seconds=seconds)
        stored = Bucket(**asdict(stored))
        assert ask(kept, rate, None, most, now) == ask(stored, rate, None, most, now)


@given(rate=RATES, taken=st.integers(0, 1500))
def test_there_is_room_when_it_was_said_to_be_and_none_before(rate: float, taken: int):
    bucket = Bucket()
    bucket.fill(rate, NOW)
    bucket.take(taken, NOW)
    due = bucket.next_at(rate, None, NOW)
    early, late = Bucket(**asdict(bucket)), bucket
    late.fill(rate, due + timedelta(milliseconds=1))
    assert (late.room(rate, None, due) or 0) >= 1
    if due > NOW + timedelta(seconds=0.001):
        before = due - timedelta(seconds=0.001)
        early.fill(rate, before)
        assert early.tokens < 1 + rate * 0.001


def test_a_clock_that_was_set_back_is_believed():
    bucket = Bucket()
    bucket.fill(1, NOW + timedelta(days=400))
    bucket.take(1, NOW + timedelta(days=400))
    bucket.fill(1, NOW)
    assert bucket.next_at(1, None, NOW) == NOW + timedelta(seconds=1)
    bucket.fill(1, NOW + timedelta(seconds=1))
    assert bucket.room(1, None, NOW + timedelta(seconds=1)) == 1


def test_without_a_rate_nothing_is_owed_when_there_is_one_again():
    bucket = Bucket()
    bucket.fill(None, NOW)
    assert bucket.room(None, None, NOW) is None
    bucket.take(100_000, NOW)
    bucket.fill(None, NOW)
    bucket.fill(10, NOW + timedelta(seconds=1))
    assert bucket.room(10, None, NOW + timedelta(seconds=1)) == 10


def test_what_comes_back_may_leave_again():
    plan = WarmUp(start=TODAY, first_day=3, growth=2)
    bucket = Bucket()
    assert ask(bucket, 3, plan, 9, NOW) == 3
    bucket.take(-2, NOW)
    assert ask(bucket, 3, plan, 9, NOW) == 2
    assert bucket.sent == 3


@given(
    first=st.integers(1, 50),
    growth=st.floats(1, 3),
    askings=st.lists(
        st.tuples(st.floats(0, 20), st.integers(0, 60), st.floats(0, 0.01)), max_size=40
    ),
)
def test_no_day_has_more_than_its_allowance(
    first: int, growth: float, askings: list[tuple[float, int, float]]
):
    """Not even when one sender's clock has come to the next day and another's has not."""
    plan = WarmUp(start=TODAY, first_day=first, growth=growth)
    bucket, clock = Bucket(), NOW
    days: dict[date | None, int] = {}
    for hours, most, behind in askings:
        clock += timedelta(hours=hours)
        count = ask(bucket, None, plan, most, clock - timedelta(hours=behind))
        days[bucket.day] = days.get(bucket.day, 0) + count
    for day, sent in days.items():
        assert day is None or sent <= plan.allowance(day)


def test_a_day_without_room_waits_for_midnight():
    plan = WarmUp(start=TODAY, first_day=2, growth=1.5)
    bucket = Bucket()
    assert ask(bucket, None, plan, 5, NOW) == 2
    tomorrow = datetime(2026, 3, 4, tzinfo=UTC)
    assert bucket.next_at(None, plan, NOW) == tomorrow
    assert ask(bucket, None, plan, 5, tomorrow) == 3


@given(st.integers(1, 30))
def test_holds_grow_to_an_hour_and_end_with_a_welcome(times: int):
    bucket, now = Bucket(), NOW
    lengths = []
    for _ in range(times):
        bucket.hold(now, FIRST_HOLD, LONGEST_HOLD)
        until = bucket.held_until
        assert until is not None
        # Another complaint meanwhile makes it no longer.
        bucket.hold(now, FIRST_HOLD, LONGEST_HOLD)
        assert bucket.held_until == until == bucket.next_at(None, None, now)
        assert bucket.room(None, None, now) == 0
        assert bucket.room(None, None, until) is None
        lengths.append(until - now)
        now = until
    assert lengths[0] == FIRST_HOLD
    assert max(lengths) <= LONGEST_HOLD
    for one, next_one in pairwise(lengths):
        assert next_one == min(one * 2, LONGEST_HOLD)
    bucket.welcome()
    assert bucket.room(None, None, now) is None
    bucket.hold(now, FIRST_HOLD, LONGEST_HOLD)
    assert bucket.held_until == now + FIRST_HOLD


@pytest.mark.parametrize(("day", "allowed"), [(-5, 4), (0, 4), (1, 6), (2, 9), (100_000, 10**9)])
def test_the_allowance_grows_day_by_day(day: int, allowed: int):
    plan = WarmUp(start=TODAY, first_day=4, growth=1.5)
    assert plan.allowance(TODAY + timedelta(days=day)) == allowed
