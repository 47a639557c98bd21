"""The calendar of editions: which local date is due, and when. Pure: now is an argument.

A daily edition belongs to a local date, not to a distance in hours. A wall time that a clock
change skips means the first instant after the gap; one that it repeats means the first of the two.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9000, 12, 31)
"""The dates that editions and articles are asked for by; Python's own end too near to reckon."""

# Wider than the widest gap between two editions (a weekly newsletter) and any clock change.
_HORIZON = timedelta(days=16)


@dataclass(frozen=True)
class Schedule:
    """When a newsletter comes out: at a wall time, on some weekdays, in one zone or in several.

    `zones` are those of its readers where each gets it at their own wall time; the edition is then
    composed for the first of them.
    """

    send_at: time
    days: tuple[str, ...]
    zones: tuple[ZoneInfo, ...]

    def cutoff(self, day: date) -> datetime | None:
        """The instant at which the edition of `day` is composed; None where that date is skipped.

        A zone skips a whole date when it changes sides of the date line (Apia, 30 December 2011).
        """
        return min(self._instants(day), default=None)

    def last_wave(self, day: date) -> datetime | None:
        """The instant at which the last of its readers are due; None where the date is skipped."""
        return max(self._instants(day), default=None)

    def _instants(self, day: date) -> Iterator[datetime]:
        instants = (wall_instant(day, self.send_at, zone) for zone in self.zones)
        return (instant for instant in instants if instant is not None)


@dataclass(frozen=True)
class Due:
    """An edition to be: its date, and the instant from which it is due."""

    day: date
    instant: datetime


def wall_instant(day: date, wall: time, zone: ZoneInfo) -> datetime | None:
    """The UTC instant at which clocks in `zone` first show `wall` or later on `day`.

    None where the whole of `day` is skipped there.
    """
    local = datetime.combine(day, wall)
    # PEP 495: fold 0 is the first of two equal wall times; in a gap it counts with the offset
    # before the change, fold 1 with the one after it: the two lie on either side of the change.
    late = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == local:
        return late
    early = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    change = _first_instant_of(late.astimezone(zone).utcoffset(), early, late, zone)
    return change if change.astimezone(zone).date() == day else None


def _first_instant_of(
    offset: timedelta | None, before: datetime, after: datetime, zone: ZoneInfo
) -> datetime:
    """The second at which `zone` changes to `offset`, between two instants around the change."""
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return datetime.fromtimestamp(high, UTC)


def next_due(
    schedule: Schedule, begun: Collection[date], now: datetime, give_up_after: timedelta
) -> Due | None:
    """The earliest edition that is not begun and still worth sending.

    One whose last readers' hour is past by no more than `give_up_after` is due at once: its
    instant lies before `now`. Older ones are given up, and their articles come in the next.

    Args:
        schedule: when the newsletter comes out.
        begun: the dates from `first_candidate` on whose editions were begun, or cancelled.
        now: the present instant.
        give_up_after: how late an edition may be.

    Returns:
        What is due next; None where no date ever fits.
    """
    # After one whose time has come no earlier date is made up for. One that somebody sent or
    # cancelled before its time, for a date in the future, says nothing of the days until then.
    past = [day for day in begun if (cutoff := schedule.cutoff(day)) is None or cutoff <= now]
    first = first_candidate(now, give_up_after)
    if past:
        first = max(first, max(past) + _DAY)
    end = max(first, now.date()) + _HORIZON
    while first <= end:
        if DAYS[first.weekday()] in schedule.days and first not in begun:
            instant, last = schedule.cutoff(first), schedule.last_wave(first)
            if instant is not None and last is not None and last + give_up_after >= now:
                return Due(first, instant)
        first += _DAY
    return None


def missed(
    schedule: Schedule,
    begun: Collection[date],
    now: datetime,
    give_up_after: timedelta,
    since: date,
) -> list[date]:
    """The dates from `since` on whose editions were neither begun nor cancelled, and are given up.

    The other arguments are those of `next_due`.
    """
    days = (since + n * _DAY for n in range((now.date() - since).days + 2))
    return [
        day
        for day in days
        if DAYS[day.weekday()] in schedule.days
        and day not in begun
        and (last := schedule.last_wave(day)) is not None
        and last + give_up_after < now
    ]


def first_candidate(now: datetime, give_up_after: timedelta) -> date:
    """The earliest date whose edition may still be worth sending."""
    # Two days around the present date cover every zone's idea of it.
    return (now - give_up_after).date() - 2 * _DAY


def wave(day: date, wall: time, zone: ZoneInfo, cutoff: datetime) -> datetime:
    """When a reader in `zone` is due: at their wall time on `day`, not before the composition."""
    return max(wall_instant(day, wall, zone) or cutoff, cutoff)


def zones_of(names: Iterable[str | None], fallback: ZoneInfo) -> tuple[ZoneInfo, ...]:
    """The distinct zones of readers, those without one in `fallback`; at least `fallback`."""
    distinct = {name for name in names if name}
    return (fallback, *(ZoneInfo(name) for name in sorted(distinct - {fallback.key})))
