"""Instants as article files write them."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from digest.text import one_line

# The first printed newspaper; and a year ahead is no embargo any more.
EARLIEST = datetime(1605, 1, 1, tzinfo=UTC)
FURTHEST_AHEAD = timedelta(days=366)

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
# "World » Ukraine | October 21, 2024, Monday // 13:08"; the weekday may be missing.
_DATELINE = re.compile(
    r"(?P<section>[^|]+?)\s*\|\s*(?P<month>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})"
    r"(?:\s*,?\s*[A-Za-z]{3,9}\.?)?\s*(?://|,|\s)\s*(?P<hour>\d{1,2})[:.](?P<minute>\d{2})"
)


def dateline(line: str, zone: ZoneInfo) -> tuple[str, datetime] | None:
    """The section path and the instant of a dateline; None where the line is none.

    Raises:
        ValueError: it has a dateline's form, and no day or time that exists.
    """
    # Runs of spaces made one first: the pattern's time would grow with the cube of their length.
    line = " ".join(line.split())
    match = _DATELINE.fullmatch(line)
    if match is None:
        return None
    name = match["month"].lower()
    month = next((n for n, full in enumerate(_MONTHS, 1) if full.startswith(name)), None)
    if month is None:
        raise ValueError(f'"{match["month"]}" is no month: write its English name')
    year, day, hour, minute = (int(match[part]) for part in ("year", "day", "hour", "minute"))
    try:
        moment = datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        shown = one_line(line, 160)
        raise ValueError(f'"{shown}" names no day and time there is: {error}') from error
    return match["section"], moment


def instant(text: str, zone: ZoneInfo) -> datetime:
    """An ISO 8601 instant in UTC; one without offset is taken as local time in `zone`.

    Raises:
        ValueError: it is none; the message says what to write.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        example = "2026-03-03T07:00:00+02:00"
        raise ValueError(f'"{text[:60]}" is no ISO 8601 instant: write it as {example}') from error


def plausible(moment: datetime, now: datetime) -> datetime:
    """The moment itself. One a little ahead is an embargo, and waits for its edition's cut-off.

    Raises:
        ValueError: no newspaper was, or will be, published then.
    """
    if moment > now + FURTHEST_AHEAD:
        raise ValueError(f"{moment:%Y-%m-%d} is more than a year ahead: correct the date")
    if moment < EARLIEST:
        raise ValueError(f"{moment.date().isoformat()} is before any newspaper: correct the date")
    return moment
