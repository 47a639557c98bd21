"""The colours and sizes that text has, from the style attributes around it and from the sheets."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import tinycss2
from tinycss2 import color3

from digest.contrast import LEGIBLE, contrast
from digest.rendering.lint.cascade import Scene, Styles, cascade
from digest.rendering.lint.page import Audience, Element, Node, Page
from digest.rendering.lint.rules import Findings

_LEAST = 10
"""Pixels: smaller text is not there to be read."""
_UNSAID = 16.0
"""Pixels that browsers write in where nothing else is said."""
_PIXELS = {"px": 1.0, "pt": 4 / 3, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "rem": _UNSAID}


class Dress(NamedTuple):
    """What a stretch of text inherits: colours as "#rrggbb", pixels; None where nothing sets it."""

    colour: str | None = None
    ground: str | None = None
    size: float | None = None

    @property
    def missing(self) -> str:
        """What is not set, in words."""
        parts = (("colour", self.colour), ("ground", self.ground), ("size", self.size))
        return ", ".join(name for name, value in parts if value is None)


class Text(NamedTuple):
    """A stretch of text that readers see."""

    text: str
    element: Element
    dress: Dress


def texts(page: Page, styles: Styles) -> Iterator[Text]:
    """All text in view, with what it inherits below the body, which some clients drop."""
    for body in page.named("body"):
        dresses: dict[Node, Dress] = {}
        for node in body.node.iter():
            around = dresses.get(node.getparent())
            if node is body.node or (around is not None and _in_view(page.of.get(node), styles)):
                dresses[node] = _dressed(page.of[node], around, styles) if around else Dress()
            if node in dresses and (node.text or "").strip():
                yield Text(node.text.strip(), page.of[node], dresses[node])
            if around is not None and (node.tail or "").strip():
                yield Text(node.tail.strip(), page.of[node.getparent()], around)


def _in_view(element: Element | None, styles: Styles) -> bool:
    """Whether readers see what it holds; None stands for a comment."""
    return (
        element is not None
        and element.tag not in {"style", "script"}
        and element.audience is not Audience.WORD
        and styles[element.node].get("display") != "none"
    )


def _dressed(element: Element, around: Dress, styles: Styles) -> Dress:
    own = styles[element.node]
    ground = _over(own.get("background-color", ""), around.ground) or around.ground
    inherited = None if element.tag == "a" else around.colour  # clients colour links their own way
    colour = _over(own.get("color", ""), ground) or inherited
    return Dress(colour, ground, _size(own.get("font-size", ""), around.size))


@lru_cache(maxsize=1024)
def _over(value: str, ground: str | None) -> str | None:
    """The first colour of a value as it is seen on a ground; None where that is not known."""
    for token in tinycss2.parse_component_value_list(value, skip_comments=True):
        colour = color3.parse_color(token)
        if not isinstance(colour, color3.RGBA) or (colour.alpha < 1 and ground is None):
            continue
        below = bytes.fromhex((ground or "#000000")[1:])
        channels = zip((colour.red, colour.green, colour.blue), below, strict=True)
        mixed = (255 * own * colour.alpha + under * (1 - colour.alpha) for own, under in channels)
        return "#" + bytes(round(channel) for channel in mixed).hex()
    return None


@lru_cache(maxsize=1024)
def _size(value: str, around: float | None) -> float | None:
    """The pixels of a font-size, or of the size in a font."""
    for token in tinycss2.parse_component_value_list(value, skip_comments=True):
        match token.type:
            case "dimension" if token.lower_unit in _PIXELS:
                return float(token.value * _PIXELS[token.lower_unit])
            case "dimension" | "percentage":
                share = token.value if token.type == "dimension" else token.value / 100
                return float(share * (_UNSAID if around is None else around))
            case "number" if token.value == 0:
                return 0.0
    return (around or _UNSAID) if value else around


def check_colours(page: Page, found: Findings) -> None:
    """Text must stand out from its ground and be of a size to read, in every scene."""
    told: set[tuple[Node, str, str]] = set()
    for scene in Scene:
        here: set[tuple[Node, str, str]] = set()
        for text in texts(page, cascade(page, scene)):
            if scene is Scene.BARE and text.dress.missing:
                what = f"text without {text.dress.missing}"
                found.add("text-dressed", what, text.element.place)
            for rule, what in _faults(text.dress):
                fault = (text.element.node, rule, what)
                here.add(fault)
                if fault not in told:
                    found.add(rule, f"{what}{scene.value}", text.element.place)
        told |= here


def _faults(dress: Dress) -> Iterator[tuple[str, str]]:
    colour, ground, size = dress
    if colour and ground and (ratio := contrast(colour, ground)) < LEGIBLE:
        yield "contrast", f"{colour} on {ground} has {ratio:.1f}"
    if size is not None and size < _LEAST:
        yield "text-size", f"text of {size:g} px"
