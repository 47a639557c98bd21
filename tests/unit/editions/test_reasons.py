"""Factors in the words that people read."""

import pytest

from digest.editions.reasons import said
from digest.store.document import Factor


@pytest.mark.parametrize(
    ("factor", "value", "times", "words"),
    [
        ("priority", 3, 1e9, "priority +3 (counts more than all else)"),
        ("priority", -2, 1e-6, "priority -2 (counts against all else)"),
        ("priority", 3, 8.0, "priority +3 (×8)"),
        ("priority", 900, 2.0**20, "priority +900 (counts more than all else)"),
        ("no headline", 1, 1e-30, "no headline (counts against all else)"),
        ("hours behind", 2.5, 0.93034, "2.5 h behind the freshest (×0.93)"),
        ("complete", 0, 0.05, "a headline alone (×0.05)"),
        ("pinned", 1, 1.0, "pinned by the editor"),
    ],
)
def test_a_factor_is_said_with_its_weight(factor: str, value: float, times: float, words: str):
    assert said([Factor(factor=factor, value=value, times=times)]) == words
    assert said(["1 h old", Factor(factor=factor, value=value, times=times)]) == f"1 h old, {words}"
