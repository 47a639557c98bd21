"""What elements look like: by their attributes alone, and with the sheets that some clients keep.

Of the cascade (https://www.w3.org/TR/css-cascade-4/) this is what a mail needs. Sheets within a
media query are taken to hold whatever its width, and selectors that cannot be read are left to the
rules on support.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from itertools import product
from typing import Any

import tinycss2

from digest.rendering.lint.page import Audience, Element, Node, Page, Token, value_text

Styles = Mapping[Node, Mapping[str, str]]
"""Of each element the values of `color`, `background-color`, `font-size` and `display`."""

_PROPERTIES = {
    **{name: name for name in ("color", "background-color", "font-size", "display")},
    "background": "background-color",
    "font": "font-size",
}
_SCHEME = re.compile(r"prefers-color-scheme\s*:\s*(\w+)")
_LEGACY = re.compile(r"[0-9a-fA-F]{6}")
_INLINE = (1, 0, 0, 0)
_Weight = tuple[int, ...]


class Scene(Enum):
    """A way that a mail is looked at; the value is how findings speak of it."""

    BARE = ""
    LIGHT = ", with the style elements"
    DARK = ", in the dark"


def cascade(page: Page, scene: Scene) -> Styles:
    """What the elements of a page look like in a scene."""
    weights: dict[tuple[Node, str], _Weight] = {}
    styles: dict[Node, dict[str, str]] = defaultdict(dict)
    for node, name, weight, value in _said(page, scene):
        if weight >= weights.get((node, name), weight):
            weights[node, name] = weight
            styles[node][name] = value
    return styles


def _said(page: Page, scene: Scene) -> Iterator[tuple[Node, str, _Weight, str]]:
    """Whatever says something of an element's looks, with its weight; of equals the last wins."""
    for element in page.elements:
        for name, value in _attributes(element):
            yield element.node, name, (-1,), value
        for name, important, value in _declared(element.declarations):
            yield element.node, name, (2 * important, *_INLINE), value
    if scene is Scene.BARE:
        return
    for prelude, declarations in _rules(page, scene):
        for matches, specificity in _selectors(prelude):
            for node, (name, important, value) in product(matches(page.root), declarations):
                yield node, name, (2 * important, 0, *specificity), value


def _attributes(element: Element) -> Iterator[tuple[str, str]]:
    """What attributes of old say of colours, where a # may be left out."""
    name = {"font": "color", "body": "text"}.get(element.tag)
    for attribute, style in ((name, "color"), ("bgcolor", "background-color")):
        value = element.get(attribute) if attribute else None
        if value:
            yield style, f"#{value}" if _LEGACY.fullmatch(value) else value


def _declared(declarations: Iterable[Token]) -> list[tuple[str, bool, str]]:
    return [
        (_PROPERTIES[each.lower_name], each.important, value_text(each))
        for each in declarations
        if each.type == "declaration" and each.lower_name in _PROPERTIES
    ]


def _rules(page: Page, scene: Scene) -> Iterator[tuple[str, list[tuple[str, bool, str]]]]:
    """The rules of a page's sheets that hold in a scene, and say something of looks."""
    for sheet in page.sheets:
        if sheet.audience is Audience.WORD:
            continue
        for node in tinycss2.parse_stylesheet(sheet.css, skip_whitespace=True):
            inner = [node]
            if node.type == "at-rule" and node.lower_at_keyword == "media" and node.content:
                schemes = _SCHEME.findall(tinycss2.serialize(node.prelude).lower())
                if set(schemes) <= {scene.name.lower()}:
                    inner = tinycss2.parse_rule_list(node.content, skip_whitespace=True)
            for rule in inner:
                if rule.type == "qualified-rule":
                    content = tinycss2.parse_blocks_contents(rule.content)
                    if declarations := _declared(content):
                        yield tinycss2.serialize(rule.prelude), declarations


@lru_cache(maxsize=512)
def _selectors(prelude: str) -> tuple[tuple[Any, tuple[int, int, int]], ...]:
    """What finds the elements of each selector, and how much it weighs."""
    # Both are slow to import, and most of the program needs neither.
    import cssselect  # noqa: PLC0415
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415

    translator = cssselect.HTMLTranslator()
    try:
        return tuple(
            (etree.XPath(translator.selector_to_xpath(each)), each.specificity())
            for each in cssselect.parse(prelude)
            if each.pseudo_element is None
        )
    except cssselect.SelectorError:
        return ()
