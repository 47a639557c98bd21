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

# A bucket holds what comes in during this time, and a token at least: longer than a sender takes
# from one claiming to the next, so that none runs over.
_BURST = 1.0
_DAY = timedelta(days=1)


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
        if rate is not None:
            most = max(rate * _BURST, 1.0)
            passed = (now - self.at).total_seconds() if self.at else _BURST + 1 / rate
            self.tokens = min(self.tokens + max(passed, 0.0) * rate, most)
        self.at = now

    def room(self, rate: float | None, warm_up: WarmUp | None, now: datetime) -> int | None:
        """How many messages may leave now; None for any number. `fill` comes first."""
        if self.held_until and self.held_until > now:
            return 0
        rooms = []
        if rate is not None:
            rooms.append(int(self.tokens))
        if warm_up:
            rooms.append(max(warm_up.allowance(_day(now)) - self._sent_on(_day(now)), 0))
        return min(rooms, default=None)

    def take(self, count: int, now: datetime) -> None:
        """Let some leave; more than there is room for is owed."""
        self.tokens -= count
        self.sent = self._sent_on(_day(now)) + count
        self.day = _day(now)

    def next_at(self, rate: float | None, warm_up: WarmUp | None, now: datetime) -> datetime:
        """When the next message may leave, of a bucket that has no room for it now."""
        if self.held_until and self.held_until > now:
            return self.held_until
        if warm_up and self._sent_on(_day(now)) >= warm_up.allowance(_day(now)):
            return datetime.combine(_day(now) + _DAY, datetime.min.time(), UTC)
        if rate is None or self.tokens >= 1:
            return now
        return now + timedelta(seconds=(1 - self.tokens) / rate)

    def hold(self, now: datetime) -> None:
        """Leave the destination alone for a while: it asked to be."""
        if self.held_until is None or self.held_until <= now:
            self.held_until = now + min(FIRST_HOLD * 2 ** min(self.setbacks, 10), LONGEST_HOLD)
            self.setbacks += 1

    def welcome(self) -> None:
        """It takes our mail again."""
        self.setbacks, self.held_until = 0, None

    def _sent_on(self, day: date) -> int:
        return self.sent if self.day == day else 0


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()
