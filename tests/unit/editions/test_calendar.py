"""The calendar: one edition a local day, over every clock change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.calendar import (
    DAYS,
    Due,
    Schedule,
    missed,
    next_due,
    wall_instant,
    wave,
    zones_of,
)

SOFIA = ZoneInfo("Europe/Sofia")
NEW_YORK = ZoneInfo("America/New_York")
CAIRO = ZoneInfo("Africa/Cairo")
APIA = ZoneInfo("Pacific/Apia")
SEVEN = time(7)
LATE = timedelta(hours=6)


def daily(zone: ZoneInfo, wall: time = SEVEN) -> Schedule:
    return Schedule(wall, DAYS, (zone,))


@pytest.mark.parametrize(
    ("zone", "day", "wall", "instant"),
    [
        (SOFIA, date(2026, 3, 3), time(7), "2026-03-03T05:00"),
        # Clocks go from 03:00 to 04:00: 03:30 is not on them; 04:00 is the first instant after.
        (SOFIA, date(2026, 3, 29), time(3, 30), "2026-03-29T01:00"),
        (SOFIA, date(2026, 3, 29), time(4), "2026-03-29T01:00"),
        (SOFIA, date(2026, 3, 29), time(2, 59), "2026-03-29T00:59"),
        # Clocks show 03:30 twice: the first counts.
        (SOFIA, date(2026, 10, 25), time(3, 30), "2026-10-25T00:30"),
        (NEW_YORK, date(2026, 3, 8), time(2, 30), "2026-03-08T07:00"),
        (NEW_YORK, date(2026, 11, 1), time(1, 30), "2026-11-01T05:30"),
        # Cairo changes at midnight: the day begins at 01:00, and 24 April has no 00:30.
        (CAIRO, date(2026, 4, 24), time(0, 30), "2026-04-23T22:00"),
        (CAIRO, date(2026, 10, 29), time(23, 30), "2026-10-29T20:30"),
        # Lord Howe's clocks change by half an hour.
        (ZoneInfo("Australia/Lord_Howe"), date(2026, 10, 4), time(2, 15), "2026-10-03T15:30"),
    ],
)
def test_wall_times_become_instants(zone: ZoneInfo, day: date, wall: time, instant: str):
    assert wall_instant(day, wall, zone) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_a_date_that_a_zone_skipped_has_no_edition():
    assert wall_instant(date(2011, 12, 30), SEVEN, APIA) is None
    due = next_due(daily(APIA), [date(2011, 12, 29)], datetime(2011, 12, 29, 18, tzinfo=UTC), LATE)
    assert due is not None
    assert due.day == date(2011, 12, 31)


def test_what_is_late_is_due_at_once_and_what_is_too_late_is_given_up():
    day, seven = date(2026, 3, 3), datetime(2026, 3, 3, 5, tzinfo=UTC)
    yesterday = [date(2026, 3, 2)]
    for lateness in (timedelta(0), timedelta(hours=3), LATE):
        assert next_due(daily(SOFIA), yesterday, seven + lateness, LATE) == Due(day, seven)
    too_late = seven + LATE + timedelta(seconds=1)
    assert next_due(daily(SOFIA), yesterday, too_late, LATE) == Due(
        date(2026, 3, 4), seven + timedelta(days=1)
    )


def test_an_edition_that_exists_is_not_due_again():
    now = datetime(2026, 3, 3, 5, 1, tzinfo=UTC)
    due = next_due(daily(SOFIA), [date(2026, 3, 3)], now, LATE)
    assert due is not None
    assert due.day == date(2026, 3, 4)


def test_an_edition_of_a_later_date_says_nothing_of_the_days_before_it():
    now, today = datetime(2026, 3, 3, 4, tzinfo=UTC), date(2026, 3, 3)
    begun = [today + timedelta(days=1), date(2027, 3, 3)]
    due = next_due(daily(SOFIA), begun, now, LATE)
    assert due is not None
    assert due.day == today
    due = next_due(daily(SOFIA), [today, *begun], now, LATE)
    assert due is not None
    assert due.day == today + timedelta(days=2)


def test_an_edition_is_not_given_up_while_readers_wait_for_their_hour():
    """One reader on Kiritimati is due 12 hours before Sofia."""
    schedule = Schedule(SEVEN, DAYS, (SOFIA, ZoneInfo("Pacific/Kiritimati")))
    day, seven = date(2026, 3, 3), datetime(2026, 3, 3, 5, tzinfo=UTC)
    far = seven - timedelta(hours=12)
    for lateness in (timedelta(0), timedelta(hours=11), timedelta(hours=18)):
        assert next_due(schedule, [day - timedelta(days=1)], far + lateness, LATE) == Due(day, far)
    due = next_due(schedule, [], far + timedelta(hours=18, seconds=1), LATE)
    assert due is not None
    assert due.day == day + timedelta(days=1)


def test_only_its_weekdays():
    schedule = Schedule(SEVEN, ("sat",), (SOFIA,))
    due = next_due(schedule, [], datetime(2026, 3, 3, 12, tzinfo=UTC), LATE)
    assert due is not None
    assert due.day == date(2026, 3, 7)


def test_readers_of_many_zones_get_waves_of_one_edition():
    tokyo = ZoneInfo("Asia/Tokyo")
    zones = zones_of(["Asia/Tokyo", None, "America/New_York", "Asia/Tokyo"], SOFIA)
    assert zones == (SOFIA, NEW_YORK, tokyo)
    day = date(2026, 3, 3)
    cutoff = Schedule(SEVEN, DAYS, zones).cutoff(day)
    assert cutoff == datetime(2026, 3, 2, 22, tzinfo=UTC)
    assert wave(day, SEVEN, tokyo, cutoff) == cutoff
    assert wave(day, SEVEN, SOFIA, cutoff) == datetime(2026, 3, 3, 5, tzinfo=UTC)
    assert wave(day, SEVEN, NEW_YORK, cutoff) == datetime(2026, 3, 3, 12, tzinfo=UTC)


@given(
    zone=st.timezones().filter(lambda zone: zone.key not in {"Factory", "localtime"}),
    start=st.dates(date(2015, 1, 1), date(2029, 12, 1)),
    wall=st.times().map(lambda wall: wall.replace(second=0, microsecond=0)),
    delay=st.integers(0, 300),
)
def test_one_edition_a_local_day_in_every_zone(zone: ZoneInfo, start: date, wall: time, delay: int):
    """A scheduler that wakes up to five minutes late composes each local date once, in order."""
    now = datetime.combine(start, wall, zone).astimezone(UTC) - timedelta(hours=1)
    days: list[date] = []
    for _ in range(10):
        due = next_due(daily(zone, wall), days, now, timedelta(minutes=30))
        assert due is not None
        now = max(now, due.instant) + timedelta(seconds=delay)
        local = due.instant.astimezone(zone)
        assert local.date() == due.day
        assert local.time().replace(tzinfo=None) >= wall
        days.append(due.day)
    missing = {days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days)} - set(days)
    assert len(set(days)) == len(days)
    assert all(wall_instant(day, wall, zone) is None for day in missing)


def test_missed_is_what_nobody_began_and_what_is_too_late_for_its_last_readers():
    schedule = Schedule(SEVEN, ("mon", "tue", "wed"), (SOFIA, NEW_YORK))
    monday = date(2026, 3, 2)
    # New York's 07:00 is 12:00 UTC; six hours later it is too late.
    just_so = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
    assert missed(schedule, [monday], just_so, LATE, monday) == []
    late = just_so + timedelta(seconds=1)
    assert missed(schedule, [monday], late, LATE, monday) == [date(2026, 3, 3)]
    assert missed(schedule, [], late, LATE, monday) == [monday, date(2026, 3, 3)]
    weekend = datetime(2026, 3, 8, 23, 0, tzinfo=UTC)
    assert missed(schedule, [], weekend, LATE, date(2026, 3, 5)) == []


def test_a_date_that_a_zone_skips_is_not_missed():
    after = datetime(2012, 1, 1, 12, tzinfo=UTC)
    skipped = date(2011, 12, 30)
    found = missed(daily(APIA), [], after, LATE, skipped)
    assert found == [date(2011, 12, 31), date(2012, 1, 1)]
