"""Dates as they are typed at the command line."""

from datetime import date

import typer

from digest.editions.calendar import FIRST_DAY, LAST_DAY


def read_day(text: str | None) -> date | None:
    """The date that was typed, if one was."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f'"{text}" is no date: write 2026-03-03') from error
    if not FIRST_DAY <= day <= LAST_DAY:
        raise typer.BadParameter(f"{text} is no day of news: choose one from {FIRST_DAY} on")
    return day
