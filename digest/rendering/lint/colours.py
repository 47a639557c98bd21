"""The colours that text has from the style attributes around it."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import tinycss2
from tinycss2 import color3

from digest.contrast import LEGIBLE, contrast
from digest.rendering.lint.page import Audience, Element, Node, Page
from digest.rendering.lint.rules import Findings


class Dress(NamedTuple):
    """What a stretch of text inherits: colours as "#rrggbb", None where nothing sets them."""

    colour: str | None = None
    ground: str | None = None
    sized: bool = False

    @property
    def missing(self) -> str:
        """What is not set, in words."""
        parts = (("colour", self.colour), ("ground", self.ground), ("size", self.sized))
        return ", ".join(name for name, value in parts if not value)


class Text(NamedTuple):
    """A stretch of text that readers see."""

    text: str
    element: Element
    dress: Dress


def texts(page: Page) -> Iterator[Text]:
    """All text in view, with what it inherits below the body, which some clients drop."""
    for body in page.named("body"):
        yield from _within(page, body.node, Dress())


def _within(page: Page, node: Node, dress: Dress) -> Iterator[Text]:
    element = page.of[node]
    if node.text and node.text.strip():
        yield Text(node.text.strip(), element, dress)
    for child in node:
        inner = page.of.get(child)
        visible = (
            inner and inner.tag not in {"style", "script"} and inner.style("display") != "none"
        )
        if inner and visible and inner.audience is not Audience.WORD:
            yield from _within(page, child, _dressed(inner, dress))
        if child.tail and child.tail.strip():
            yield Text(child.tail.strip(), element, dress)


def _dressed(element: Element, around: Dress) -> Dress:
    colour, ground, sized = around
    if element.tag == "a":  # which clients colour their own way
        colour = None
    colour = _hex(element.style("color")) or colour
    ground = (
        _hex(element.style("background-color"))
        or _hex(element.style("background"))
        or _hex(element.get("bgcolor") or "")
        or ground
    )
    sized = sized or bool(element.style("font-size") or element.style("font"))
    return Dress(colour, ground, sized)


@lru_cache(maxsize=256)
def _hex(value: str) -> str | None:
    """The first opaque colour of a value."""
    for token in tinycss2.parse_component_value_list(value, skip_comments=True):
        colour = color3.parse_color(token)
        if isinstance(colour, color3.RGBA) and colour.alpha == 1:
            channels = (colour.red, colour.green, colour.blue)
            return "#" + bytes(round(255 * channel) for channel in channels).hex()
    return None


def check_colours(page: Page, found: Findings) -> None:
    """Text must stand out from its ground, by the style attributes alone."""
    for text in texts(page):
        if text.dress.missing:
            found.add("text-dressed", f"text without {text.dress.missing}", text.element.place)
        colour, ground = text.dress.colour, text.dress.ground
        if colour and ground and (ratio := contrast(colour, ground)) < LEGIBLE:
            found.add("contrast", f"{colour} on {ground} has {ratio:.1f}", text.element.place)
