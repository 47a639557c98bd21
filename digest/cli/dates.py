"""Dates as they are typed at the command line."""

from datetime import date

import typer

from digest.editions.calendar import FIRST_DAY, LAST_DAY

_OPTION = "--date"


def read_day(text: str | None) -> date | None:
    """The date that was typed after `--date`, if one was."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        why = f'"{text}" is no date: write it like 2026-03-03'
        raise typer.BadParameter(why, param_hint=_OPTION) from error
    if not FIRST_DAY <= day <= LAST_DAY:
        why = f"{text} is no day of news: choose one from {FIRST_DAY} on"
        raise typer.BadParameter(why, param_hint=_OPTION)
    return day
