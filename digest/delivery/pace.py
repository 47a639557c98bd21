"""How fast mail may leave: a token bucket for each server and each destination. Pure.

A bucket fills at its rate up to what it holds, and each message takes a token. Buckets are rows in
the database, filled and emptied in the transaction that claims: so they hold through restarts, and
for all senders together.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from digest.config import WarmUp

FIRST_HOLD = timedelta(minutes=1)
"""How long a destination that asks us to slow down is left alone; twice as long each next time."""
LONGEST_HOLD = timedelta(hours=1)
FIRST_REST = timedelta(seconds=1)
"""The same for a server: all mail waits for it, and it may just have been asked too fast."""
LONGEST_REST = timedelta(minutes=5)

# A bucket holds what comes in during this time, and a token at least: longer than a sender takes
# from one claiming to the next, so that none runs over.
_BURST = 1.0
_DAY = timedelta(days=1)
# So far may the clocks of two senders be apart. One that is further behind has been set right.
_SKEW = timedelta(minutes=1)


@dataclass
class Bucket:
    """What is left to take, as it was at an instant; with it what was learned of its owner."""

    tokens: float = 0.0
    at: datetime | None = None
    held_until: datetime | None = None
    setbacks: int = 0
    day: date | None = None
    sent: int = 0

    def fill(self, rate: float | None, now: datetime) -> None:
        """Put in what came since; a new bucket is full."""
        if self.at and now < self.at <= now + _SKEW:
            # Another sender's clock is ahead: were this to go back, its seconds would come twice.
            return
        if rate is not None:
            most = max(rate * _BURST, 1.0)
            passed = (now - self.at).total_seconds() if self.at else _BURST + 1 / rate
            self.tokens = min(self.tokens + max(passed, 0.0) * rate, most)
        else:
            self.tokens = 0.0
        self.at = now

    def room(self, rate: float | None, warm_up: WarmUp | None, now: datetime) -> int | None:
        """How many messages may leave now; None for any number. `fill` comes first."""
        if self.held_until and self.held_until > now:
            return 0
        rooms = []
        if rate is not None:
            rooms.append(int(self.tokens))
        if warm_up:
            rooms.append(max(warm_up.allowance(self._today(now)) - self._sent_today(now), 0))
        return min(rooms, default=None)

    def take(self, count: int, now: datetime) -> None:
        """Let some leave, or take some back; more than there is room for is owed."""
        self.tokens -= count
        self.sent = max(self._sent_today(now) + count, 0)
        self.day = self._today(now)

    def next_at(self, rate: float | None, warm_up: WarmUp | None, now: datetime) -> datetime:
        """When the next message may leave, of a bucket that has no room for it now."""
        if self.held_until and self.held_until > now:
            return self.held_until
        today = self._today(now)
        if warm_up and self._sent_today(now) >= warm_up.allowance(today):
            return datetime.combine(today + _DAY, datetime.min.time(), UTC)
        if rate is None or self.tokens >= 1:
            return now
        return max(self.at or now, now) + timedelta(seconds=(1 - self.tokens) / rate)

    def hold(self, now: datetime, first: timedelta, longest: timedelta) -> None:
        """Leave its owner alone for a while: they asked to be."""
        if self.held_until is None or self.held_until <= now:
            self.held_until = now + min(first * 2 ** min(self.setbacks, 10), longest)
            self.setbacks += 1

    def welcome(self) -> None:
        """It takes our mail again."""
        self.setbacks, self.held_until = 0, None

    def _sent_today(self, now: datetime) -> int:
        return self.sent if self.day == self._today(now) else 0

    def _today(self, now: datetime) -> date:
        """The day of UTC; tomorrow where another sender's clock has come to it already."""
        day = now.astimezone(UTC).date()
        return self.day if self.day == day + _DAY else day
