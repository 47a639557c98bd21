"""Which features of HTML and CSS a page uses, where, and for whom."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import tinycss2

from digest.rendering.lint import css
from digest.rendering.lint.facts import facts
from digest.rendering.lint.page import Audience, Element, Page, Sheet, Token


class Use(NamedTuple):
    """A feature in use: by its name in caniemail or, where nobody tested it, as it is written.

    `element` is None in style elements, `declaration` where the feature is not one of CSS.
    """

    feature: str
    place: str
    audience: Audience
    element: Element | None = None
    declaration: Token = None
    selector: str = ""


class Broken(NamedTuple):
    """CSS that cannot be read."""

    why: str
    place: str


_OLDEST = frozenset(
    {"html", "head", "meta", "title", "a", "b", "i", "u", "s", "em", "br", "center", "font", "sub"}
    | {"sup", "big", "tt", "q", "cite", "kbd", "samp", "var"}
)
"""Elements that nobody tests, because every client has had them from its first day."""

_ELEMENTS = {
    **dict.fromkeys(
        ("tr", "td", "th", "tbody", "thead", "tfoot", "caption", "col", "colgroup"), "html-table"
    ),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "html-h1-h6"),
    **dict.fromkeys(("ul", "ol", "li", "dl", "dt", "dd"), "html-lists"),
    **dict.fromkeys(("article", "aside", "details", "figcaption", "figure"), "html-semantics"),
    **dict.fromkeys(("footer", "header", "main", "mark", "nav"), "html-semantics"),
    **dict.fromkeys(("section", "summary", "time"), "html-semantics"),
    **dict.fromkeys(("map", "area"), "html-image-maps"),
    **dict.fromkeys(("embed", "param"), "html-object"),
}
_TYPED = ("input", "button")
_FOR_WORD = frozenset({"xml", "noscript"})
_FORMATS = {"jpeg": "jpg", "tif": "tiff", "heic": "heif", "m4v": "mp4"}
_ATTRIBUTES = {
    **dict.fromkeys(("srcset", "sizes"), "html-srcset"),
    "inert": "css-inert-attribute",
    "loading": "html-loading-attribute",
}


def used(page: Page) -> Iterator[Use | Broken]:
    """Every use of a feature."""
    if page.source.lstrip()[:9].lower() == "<!doctype":
        yield Use("html-doctype", "line 1", Audience.ALL)
    if page.comments:
        yield Use("html-comments", "the page", Audience.ALL)
    for element in page.elements:
        if element.audience is Audience.WORD and _is_words_own(element.tag):
            continue
        for feature in {*_of_element(element), *_of_attributes(element)}:
            yield Use(feature, element.place, element.audience, element)
        yield from _declared(element.declarations, element.place, element.audience, element)
    for sheet in page.sheets:
        yield from _of_sheet(sheet)


def _is_words_own(tag: str) -> bool:
    return ":" in tag or tag in _FOR_WORD


def _of_element(element: Element) -> Iterator[str]:
    tag = element.tag
    slug = _ELEMENTS.get(tag, f"html-{tag}")
    if tag in _TYPED:
        slug = f"html-{tag}-{(element.get('type') or 'text').lower()}"
    if slug in facts().features:
        yield slug
    elif tag not in _OLDEST:
        yield f"the element {tag}"
    if tag == "meta" and element.get("name") == "color-scheme":
        yield "html-meta-color-scheme"


def _of_attributes(element: Element) -> Iterator[str]:
    for name in element.node.attrib:
        slug = _ATTRIBUTES.get(name, f"html-{name}")
        if slug in facts().features and slug not in {"html-style", "html-span", "html-abbr"}:
            yield slug
        elif name.startswith("aria-"):
            yield f"the attribute {name}"
    target = element.get("href") or ""
    if element.tag == "a" and target.startswith("#"):
        yield "html-anchor-links"
    if element.tag == "a" and target.lower().startswith("mailto:"):
        yield "html-mailto-links"
    if element.tag == "img":
        yield from _format(element.get("src") or "")


def _format(source: str) -> Iterator[str]:
    """The feature that a picture's format is, where its address tells."""
    if source.startswith("data:"):
        yield "image-base64"
        return
    try:
        ending = re.search(r"\.(\w+)$", urlsplit(source).path)
    except ValueError:
        return
    name = ending[1].lower() if ending else ""
    slug = f"image-{_FORMATS.get(name, name)}"
    if slug in facts().features:
        yield slug


def _declared(
    nodes: Iterable[Token],
    place: str,
    audience: Audience,
    element: Element | None = None,
    selector: str = "",
) -> Iterator[Use | Broken]:
    for node in nodes:
        if node.type == "declaration":
            for feature in set(css.declared(node)):
                yield Use(feature, place, audience, element, node, selector)
        elif node.type == "error":
            yield Broken(node.message, place)
        elif node.type in {"qualified-rule", "at-rule"}:
            yield Use("css-nesting", place, audience, element, None, selector)


def _of_sheet(sheet: Sheet) -> Iterator[Use | Broken]:
    nodes = tinycss2.parse_stylesheet(sheet.css, skip_whitespace=True)
    yield from _rules(nodes, sheet)


def _rules(nodes: Iterable[Token], sheet: Sheet) -> Iterator[Use | Broken]:
    for node in nodes:
        line = f"line {sheet.line + node.source_line - 1}"
        match node.type:
            case "qualified-rule":
                text = tinycss2.serialize(node.prelude).strip()
                place = f"{line}: {text} {{…}}"
                for feature in set(css.selected(node.prelude)):
                    yield Use(feature, place, sheet.audience, selector=text)
                inner = tinycss2.parse_blocks_contents(
                    node.content, skip_comments=True, skip_whitespace=True
                )
                yield from _declared(inner, place, sheet.audience, None, text)
            case "at-rule":
                place = f"{line}: @{node.at_keyword}{tinycss2.serialize(node.prelude)}".rstrip()
                for feature in set(css.at_rule(node)):
                    yield Use(feature, place, sheet.audience, selector=place)
                yield from _within(node, sheet, place)
            case "comment":
                yield Use("css-comments", line, sheet.audience)
            case "error":
                yield Broken(node.message, line)


def _within(node: Token, sheet: Sheet, place: str) -> Iterator[Use | Broken]:
    """What stands in the block of an at-rule that holds rules."""
    if node.content is None or node.lower_at_keyword not in {"media", "supports"}:
        return
    within = tinycss2.parse_rule_list(node.content, skip_whitespace=True)
    if any(each.type == "at-rule" for each in within):
        yield Use("an at-rule within another", place, sheet.audience)
    yield from _rules(within, sheet)
