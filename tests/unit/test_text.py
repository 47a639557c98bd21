"""Strings from outside, made safe."""

import pytest

from digest.text import clean_text, kept_apart, one_line


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain", "plain"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\x00b\x07c\x1b[31m", "abc[31m"),
        ("tab\tstays", "tab\tstays"),
        ("\u202eevil\u202c", "evil"),
        ("\u2067turn\u2069", "turn"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("e\u0301", "é"),
        ("half \ud83d here", "half ? here"),
        ("next\x85line", "next\nline"),
        ("pile" + "\u0310" * 40 + "d", "pile" + "\u0310" * 5 + "d"),
        ("שָּׁ֑", "שָּׁ֑"),
    ],
)
def test_text_is_cleaned(text: str, clean: str):
    assert clean_text(text) == clean


@pytest.mark.parametrize(
    ("text", "direction", "apart"),
    [
        ("World", "ltr", "World"),
        ("World » آسيا", "ltr", "World » آسيا\u200e"),
        ("آسيا 7", "ltr", "\u200eآسيا 7\u200e"),
        ("آسيا", "rtl", "آسيا"),
        ("World", "rtl", "\u200fWorld\u200f"),
        ("EUR آسيا", "rtl", "\u200fEUR آسيا"),
        ("2026", "rtl", "2026"),
        ("", "ltr", ""),
    ],
)
def test_a_text_of_the_other_direction_turns_nothing_round(text, direction, apart):
    assert kept_apart(text, direction) == apart


def test_a_line_is_one_line():
    assert one_line(" Subject\r\nBcc:  all\u2029more ") == "Subject Bcc: all more"


@pytest.mark.parametrize(
    ("limit", "cut"),
    [(40, "The parliament sat, until dawn"), (21, "The parliament sat…"), (9, "The parl…")],
)
def test_a_long_line_is_cut_at_a_word(limit: int, cut: str):
    assert one_line("The parliament sat, until dawn", limit) == cut
