"""Cells that no spreadsheet computes, and their way back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.subscribers.csv_cells import guard, unguard


@given(st.text(st.sampled_from("=+-@'; \t\r\na1")) | st.text())
@example("'=1")
@example("a;=1")
def test_a_guarded_cell_comes_back(cell: str):
    assert unguard(guard(cell)) == cell


@given(st.text(st.sampled_from("=+-@'; \t\r\na1")))
def test_no_cell_begins_as_a_formula(cell: str):
    for part in guard(cell).replace("\t", ";").split(";"):
        assert not part.lstrip(" ").startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize(
    ("cell", "guarded"),
    [
        ("=1+1", "'=1+1"),
        (" =1+1", "' =1+1"),
        ("@x@example.org", "'@x@example.org"),
        ("+359 2 123", "'+359 2 123"),
        ("a;=1+1", "a;'=1+1"),
        ("＝1", "'＝1"),
        ("a@example.org", "a@example.org"),
        ("O'Neil - Sons", "O'Neil - Sons"),
        ("", ""),
    ],
)
def test_only_what_looks_like_a_formula_is_guarded(cell: str, guarded: str):
    assert guard(cell) == guarded


def test_a_long_cell_costs_no_more_than_its_length():
    # Many seconds, were time to grow with its square.
    cell = "\t'" * 500_000
    assert len(unguard(cell)) == 500_001
