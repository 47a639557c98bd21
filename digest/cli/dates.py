"""Dates as they are typed at the command line."""

from datetime import date

import typer


def read_day(text: str | None) -> date | None:
    """The date that was typed, if one was."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f'"{text}" is no date: write 2026-03-03') from error
