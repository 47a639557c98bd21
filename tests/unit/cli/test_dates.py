"""Dates as they are typed."""

from datetime import date

import pytest
import typer

from digest.cli.dates import read_day


def test_dates():
    assert read_day("2026-03-03") == date(2026, 3, 3)
    assert read_day(None) is None


@pytest.mark.parametrize("text", ["soon", "0001-01-01", "9999-12-31"])
def test_what_is_no_day_of_news(text: str):
    with pytest.raises(typer.BadParameter, match=text):
        read_day(text)
