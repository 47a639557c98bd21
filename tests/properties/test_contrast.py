"""Contrast: the formula's own examples, and what holds of every pair of colours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.contrast import LEGIBLE, contrast, legible_shade

colours = st.binary(min_size=3, max_size=3).map(lambda channels: "#" + channels.hex())


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#ff0000", "#ffffff", 3.998),
        ("#777777", "#ffffff", 4.478),  # the grey that just fails, and the next one that passes
        ("#767676", "#ffffff", 4.542),
        ("#0000ff", "#000000", 2.444),
    ],
)
def test_known_ratios(one: str, other: str, ratio: float):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.001)


@given(colours, colours)
def test_any_two_colours_have_one_ratio(one: str, other: str):
    ratio = contrast(one, other)
    assert ratio == contrast(other, one)
    assert 1 <= ratio <= 21
    assert contrast(one, one) == 1


@given(colours, colours)
def test_a_shade_is_legible_and_a_legible_colour_is_left_alone(colour: str, ground: str):
    shade = legible_shade(colour, ground)
    assert contrast(shade, ground) >= LEGIBLE
    if contrast(colour, ground) >= LEGIBLE:
        assert shade == colour
