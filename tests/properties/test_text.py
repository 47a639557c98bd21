"""Whatever comes in, what is shown is safe on its line, and cleaning twice changes nothing."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from digest.text import clean_text, one_line

anything = st.text(st.characters())


@given(anything)
def test_cleaning_twice_changes_nothing(text: str):
    clean = clean_text(text)
    assert clean_text(clean) == clean


@given(anything)
def test_clean_text_can_be_stored_anywhere(text: str):
    clean = clean_text(text)
    clean.encode("utf-8")
    controls = {char for char in clean if unicodedata.category(char) == "Cc"}
    assert controls <= {"\n", "\t"}


@given(anything, st.integers(2, 80))
def test_a_line_has_no_breaks_and_keeps_its_limit(text: str, limit: int):
    line = one_line(text, limit)
    assert len(line.splitlines()) <= 1
    assert len(line) <= limit
    assert one_line(line, limit) == line
