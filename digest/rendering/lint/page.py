"""A page of a mail as the lint looks at it: its elements with their styles, and its sheets.

What stands in conditional comments is parsed as well, and known as Outlook's, which alone reads it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

import tinycss2

# Any is an element of lxml, or a token of tinycss2: neither has types.
Node = Any
Token = Any

# On whatever condition: old Outlooks took "IE" for theirs, and filters read them all.
_FOR_WORD = re.compile(r"\s*\[if\b[^\]]*\]>(.*)<!\[endif\]\s*", re.DOTALL | re.IGNORECASE)
_NOT_FOR_WORD = re.compile(r"\s*\[if !mso\]><!\s*")
_END = re.compile(r"\s*<!\[endif\]\s*")
_SHOWN_TAG = 60


class Audience(Enum):
    """Who sees a part of a page."""

    ALL = "all"
    WORD = "Outlook for Windows"
    OTHERS = "all but Outlook for Windows"


@dataclass(frozen=True)
class Element:
    """An element, with the declarations of its style attribute."""

    node: Node
    audience: Audience
    first_line: int
    declarations: tuple[Token, ...]

    @property
    def tag(self) -> str:
        """Its name."""
        return str(self.node.tag)

    def get(self, name: str) -> str | None:
        """An attribute; None where there is none."""
        value = self.node.get(name)
        return None if value is None else str(value).strip()

    def style(self, name: str) -> str:
        """The last value that the style attribute gives the property, or nothing."""
        for declaration in reversed(self.declarations):
            if declaration.type == "declaration" and declaration.lower_name == name:
                return value_text(declaration)
        return ""

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        line = self.first_line + (self.node.sourceline or 1) - 1
        attributes = "".join(f' {name}="{value}"' for name, value in self.node.attrib.items())
        tag = f"<{self.tag}{attributes}>"
        return f"line {line}: {tag if len(tag) <= _SHOWN_TAG else tag[:_SHOWN_TAG] + '…'}"


@dataclass(frozen=True)
class Sheet:
    """The text of a style element."""

    css: str
    audience: Audience
    line: int


@dataclass
class Page:
    """A page."""

    source: str
    elements: list[Element] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    comments: int = 0
    root: Node = None

    @cached_property
    def of(self) -> dict[Node, Element]:
        """The element of each node."""
        return {element.node: element for element in self.elements}

    def named(self, *tags: str) -> list[Element]:
        """The elements of these names, without those that only Outlook for Windows sees."""
        return [e for e in self.elements if e.tag in tags and e.audience is not Audience.WORD]

    def around(self, element: Element) -> Iterator[Element]:
        """The elements around one, from the nearest outwards."""
        for node in element.node.iterancestors():
            if node in self.of:
                yield self.of[node]

    def is_hidden(self, element: Element) -> bool:
        """Whether it or one around it is not displayed."""
        here = (element, *self.around(element))
        return any(each.style("display") == "none" for each in here)

    @property
    def has_frame_for_word(self) -> bool:
        """Whether a conditional table gives Outlook for Windows the width that it cannot limit."""
        return any(
            element.audience is Audience.WORD and element.tag == "table" and element.get("width")
            for element in self.elements
        )


def read_page(html: str) -> Page:
    """The page that a client makes of the HTML."""
    page = Page(html)
    page.root = root = _parsed(html) if html.strip() else None
    if root is not None:  # as of a page that is nothing but the beginning of a comment
        before = reversed(list(root.itersiblings(preceding=True)))
        _walk(page, chain(before, root.iter(), root.itersiblings()), 1, Audience.ALL)
    return page


def _parsed(html: str) -> Node:
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415 - a tenth of a second

    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True)
    return etree.fromstring(html.encode("utf-8", "replace"), parser)


def _walk(page: Page, nodes: Iterable[Node], first_line: int, audience: Audience) -> None:
    within = audience
    for node in nodes:
        if callable(node.tag):  # of comments and processing instructions
            text = node.text or ""
            page.comments += 1
            if for_word := _FOR_WORD.fullmatch(text):
                _walk_conditional(page, for_word[1], (node.sourceline or 1) - text.count("\n"))
            elif _NOT_FOR_WORD.fullmatch(text):
                within = Audience.OTHERS
            elif _END.fullmatch(text):
                within = audience
            continue
        style = node.get("style")
        read = declarations(style) if style else ()
        page.elements.append(Element(node, within, first_line, read))
        if node.tag == "style":
            line = first_line + (node.sourceline or 1) - 1
            page.sheets.append(Sheet(node.text or "", within, line))


def _walk_conditional(page: Page, html: str, line: int) -> None:
    if html.strip():
        root = _parsed(f"<div>{html}</div>")
        frame = {root, root.find("body"), root.find(".//div")}
        # From the root, since what closes the div stands beside it.
        _walk(page, (node for node in root.iter() if node not in frame), line, Audience.WORD)


@lru_cache(maxsize=1024)
def declarations(style: str) -> tuple[Token, ...]:
    """The declarations of a style attribute, and the errors among them."""
    return tuple(tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True))


def value_text(declaration: Token) -> str:
    """The value of a declaration, in lower case."""
    return str(tinycss2.serialize(declaration.value)).strip().lower()
