"""Where a page has its pictures from: the addresses in its attributes and its styles."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import tinycss2

from digest.rendering.lint.page import Element, Page, Token

_BY_SRC = frozenset({"img", "input", "source", "v:fill", "v:image", "v:imagedata"})
_HOLD_RULES = frozenset({"media", "supports"})
# The commas within an address, of data: say, part nothing: those behind it do.
_CANDIDATE = re.compile(r"(\S*[^\s,])(?:,|\s+[^,]*(?:,|$)|$)")


class Picture(NamedTuple):
    """The address of a picture, how it is written, and where."""

    address: str
    written: str
    place: str


def pictures(page: Page) -> Iterator[Picture]:
    """Every picture of a page, also of those that only Outlook for Windows sees."""
    for element in page.elements:
        for name, address in _of_attributes(element):
            yield Picture(address, f'{name}="{address[:60]}"', element.place)
        for node in element.declarations:
            if node.type == "declaration":
                yield from _of_style(node.value, element.place)
    for sheet in page.sheets:
        nodes = tinycss2.parse_stylesheet(sheet.css, skip_comments=True, skip_whitespace=True)
        for node in _rules(nodes):
            line = f"line {sheet.line + node.source_line - 1}"
            text = tinycss2.serialize(node.prelude).strip()
            yield from _of_style(node.content, f"{line}: {text} {{…}}")


def _of_attributes(element: Element) -> Iterator[tuple[str, str]]:
    source = element.get("src")
    if element.tag == "img" or (source is not None and element.tag in _BY_SRC):
        yield "src", source or ""
    for name in ("background", "poster"):
        address = element.get(name)
        if address is not None:
            yield name, address
    for address in _CANDIDATE.findall(element.get("srcset") or ""):
        yield "srcset", address


def _rules(nodes: Iterable[Token]) -> Iterator[Token]:
    """The rules of a sheet that style something; those on fonts and imports hold no picture."""
    for node in nodes:
        if node.type == "qualified-rule":
            yield node
        elif node.type == "at-rule" and node.content and node.lower_at_keyword in _HOLD_RULES:
            yield from _rules(tinycss2.parse_rule_list(node.content, skip_whitespace=True))


def _of_style(tokens: Iterable[Token], place: str) -> Iterator[Picture]:
    for address in _addresses(tokens):
        if not address.startswith("#"):  # a part of the page itself, or Word's #default#VML
            yield Picture(address, f"url({address[:60]})", place)


def _addresses(tokens: Iterable[Token], *, within: str = "") -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "url":
                yield str(token.value).strip()
            case "string" if within == "url" or within.endswith("image-set"):
                yield str(token.value).strip()
            case "function":
                yield from _addresses(token.arguments, within=token.lower_name)
            case "() block" | "[] block" | "{} block":
                yield from _addresses(token.content)
