"""How well text of one colour stands out from another (WCAG 2.2, success criterion 1.4.3).

Colours are written "#rrggbb", in sRGB.
"""

LEGIBLE = 4.5
"""The least contrast of text that is not large: https://www.w3.org/TR/WCAG22/#contrast-minimum."""

_STEPS = 100


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 (the same) to 21 (black and white).

    https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def legible_shade(colour: str, ground: str) -> str:
    """The nearest shade of a colour, darker or lighter, that is legible on a ground."""
    end = max("#000000", "#ffffff", key=lambda extreme: contrast(extreme, ground))
    shades = (_mixed(colour, end, step / _STEPS) for step in range(_STEPS + 1))
    # Black or white is legible on every colour: the worse of the two on the worst has 4.58.
    return next(shade for shade in shades if contrast(shade, ground) >= LEGIBLE)


def _luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    red, green, blue = (_linear(value / 255) for value in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB's


def _channels(colour: str) -> bytes:
    return bytes.fromhex(colour.removeprefix("#"))


def _mixed(colour: str, end: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(end), strict=True)
    return "#" + bytes(round(a + (b - a) * share) for a, b in pairs).hex()
