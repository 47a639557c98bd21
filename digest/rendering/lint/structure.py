"""How a page is built: its language, headings, tables, links and images."""

import re
from collections.abc import Iterator
from itertools import pairwise

from digest.rendering.lint.addresses import inner_host, is_whole
from digest.rendering.lint.page import Element, Node, Page
from digest.rendering.lint.pictures import pictures
from digest.rendering.lint.rules import Findings

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ACTIVE = ("script", "iframe", "frame", "object", "embed", "applet")
_SAYS_NOTHING = frozenset(
    {"click here", "click", "here", "link", "more", "read more", "this", "this link", "continue"}
)


def check_structure(page: Page, found: Findings) -> None:
    """All rules on how a page is built."""
    _check_frame(page, found)
    _check_headings(page, found)
    _check_tables(page, found)
    for link in page.named("a", "area"):
        _check_link(page, link, found)
    for image in page.named("img"):
        _check_image(page, image, found)
    for element in page.elements:
        _check_activity(element, found)
    _check_addresses(page, found)


def _check_frame(page: Page, found: Findings) -> None:
    html = next(iter(page.named("html")), None)
    if html is None or not html.get("lang"):
        found.add("html-lang", "no lang", "the html element")
    if html is None or html.get("dir") not in {"ltr", "rtl"}:
        found.add("html-dir", "no dir", "the html element")
    if not any((title.node.text or "").strip() for title in page.named("title")):
        found.add("html-title", "no title", "the head")


def _check_headings(page: Page, found: Findings) -> None:
    headings = [each for each in page.named(*_HEADINGS) if not page.is_hidden(each)]
    firsts = [heading for heading in headings if heading.tag == "h1"]
    if len(firsts) != 1:
        place = firsts[1].place if firsts else "the body"
        found.add("heading-one", f"{len(firsts) or 'no'} h1", place)
    for heading in headings:
        if not _words(page, heading):
            found.add("heading-order", f"an empty {heading.tag}", heading.place)
    for before, heading in pairwise(headings):
        if int(heading.tag[1]) > int(before.tag[1]) + 1:
            found.add("heading-order", f"{heading.tag} after {before.tag}", heading.place)


def _check_activity(element: Element, found: Findings) -> None:
    if element.tag in _ACTIVE:
        found.add("script", f"the element {element.tag}", element.place)
    if element.tag == "meta" and (element.get("http-equiv") or "").lower() == "refresh":
        found.add("script", "a meta that leads to another page", element.place)
    for name in element.node.attrib:
        if re.fullmatch(r"on[a-z]+|ping", name):
            found.add("script", f"the attribute {name}", element.place)


def _check_tables(page: Page, found: Findings) -> None:
    filled = {(_table_of(cell), cell.tag) for cell in page.named("th", "td") if _words(page, cell)}
    for table in page.named("table"):
        is_data = {(table.node, "th"), (table.node, "td")} <= filled
        if not is_data and table.get("role") not in {"presentation", "none"}:
            found.add("table-role", "a table without a role", table.place)


def _table_of(cell: Element) -> Node:
    """The table that a cell is of, and not one around that."""
    return next(cell.node.iterancestors("table"), None)


def _check_link(page: Page, link: Element, found: Findings) -> None:
    target = link.get("href")
    if target is None and link.get("name"):  # the end of a link, not its beginning
        return
    if not is_whole(target or ""):
        found.add("link-target", f'href="{(target or "")[:60]}"', link.place)
    words = " ".join(_words(page, link).split())
    decoration = link.get("aria-hidden") == "true" and link.get("tabindex") == "-1"
    if not words and not decoration and not page.is_hidden(link):
        found.add("link-text", "a link without words", link.place)
    elif _bare(words) in _SAYS_NOTHING:
        found.add("link-text", f'"{words}" does not say where it goes', link.place)


def _bare(words: str) -> str:
    """The words alone: "Click here!" and "READ MORE »" say no more than without their marks."""
    return " ".join(re.findall(r"\w+", words.casefold()))


def _check_image(page: Page, image: Element, found: Findings) -> None:
    if image.get("alt") is None:
        found.add("image-alt", "an image without alt", image.place)
    if not re.fullmatch(r"\d+", image.get("width") or ""):
        found.add("image-size", "no width in pixels", image.place)
    if image.style("height") != "auto" and not re.fullmatch(r"\d+", image.get("height") or ""):
        found.add("image-size", "no height", image.place)
    if page.is_hidden(image) or any(_is_dot(image, side) for side in ("width", "height")):
        found.add("image-seen", "an image that nobody sees", image.place)


def _check_addresses(page: Page, found: Findings) -> None:
    for element in page.elements:
        _check_host(element.get("href") or "", element.place, found)
    for picture in pictures(page):
        if not is_whole(picture.address) or not picture.address.lower().startswith("https:"):
            found.add("image-source", picture.written, picture.place)
        _check_host(picture.address, picture.place, found)


def _check_host(address: str, place: str, found: Findings) -> None:
    if host := inner_host(address):
        found.add("host-public", f"the host {host[:60]}", place)


def _is_dot(image: Element, side: str) -> bool:
    """Whether a side takes a pixel or none, as pictures do that only tell who reads."""
    sizes = (image.get(side) or "", image.style(side))
    return any(re.fullmatch(r"0*[01](\.\d*)?(px)?", size) for size in sizes)


def _words(page: Page, element: Element) -> str:
    """What is read out: its text, and what its images tell."""
    return "".join(_spoken(page, element)).strip()


def _spoken(page: Page, element: Element) -> Iterator[str]:
    hidden: set[Node] = set()
    for node in element.node.iter():
        inner = page.of.get(node)  # none of comments
        around = None if node is element.node else node.getparent()
        if around in hidden or (inner and inner.style("display") == "none"):
            hidden.add(node)
        elif inner:
            yield node.text or ""
            yield inner.get("aria-label") or ""
            yield (inner.get("alt") or "") if inner.tag == "img" else ""
        if around is not None and around not in hidden:
            yield node.tail or ""
