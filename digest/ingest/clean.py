"""Text and HTML from outside, made safe: nothing of it acts, and titles stay on their line."""

import email.errors
import html
import re
from collections.abc import Sequence
from email.header import decode_header, make_header
from html.parser import HTMLParser
from urllib.parse import urljoin

import nh3

from digest.sections import join_path, split_path
from digest.text import clean_text, one_line

TITLE_LIMIT, TEASER_LIMIT, BODY_LIMIT, NAME_LIMIT, NAMES_LIMIT = 500, 2_000, 200_000, 100, 50
SECTION_DEPTH, LANGUAGE_LIMIT = 6, 35

_KEPT = {"a", "blockquote", "br", "em", "h2", "h3", "h4", "li", "ol", "p", "strong", "ul"}
# These do not survive, but where they stood a line ends.
_BREAKING = {"article", "dd", "div", "dl", "dt", "figcaption", "figure", "footer", "h1", "h5", "h6"}
_BREAKING |= {"header", "hr", "main", "pre", "section", "table", "td", "th", "tr"}
_DROPPED = {"script", "style", "template", "textarea", "iframe", "noscript", "title", "svg", "math"}
# The sanitiser's time grows with the square of the nesting; no article has so many tags.
_TAGS_LIMIT = 5_000
_LOOKS_LIKE_HTML = re.compile(
    r"</[a-zA-Z][a-zA-Z0-9]*\s*>|<(?:br|p|img|hr|div|a|b|i|ul|ol|script|style)\b[^<>]*>",
    re.IGNORECASE,
)
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’»)]*\s+(?=[\"“‘«(]?[^\Wa-z_])")


def line(text: str, limit: int = NAME_LIMIT) -> str:
    """Text on one line, harmless in a mail's header.

    RFC 2047 encoded words are decoded, and what still looks like one is broken up: some versions
    of Python's email package decode an encoded word that they are given as plain text, and with it
    line breaks that begin a header of the attacker's own.
    """
    text = one_line(text[: 4 * limit], limit)
    if "=?" in text:
        text = one_line(_decoded(text), limit).replace("=?", "= ?")
    return text


def _decoded(text: str) -> str:
    try:
        return str(make_header(decode_header(text)))
    except (email.errors.HeaderParseError, LookupError, UnicodeError, ValueError):
        return text


def paragraphs(text: str, limit: int = BODY_LIMIT) -> str:
    """Clean running text: paragraphs parted by an empty line, no stray spaces."""
    text = clean_text(text[:limit])
    parts = (
        "\n".join(" ".join(row.split()) for row in part.strip().split("\n"))
        for part in _BLANK_LINES.split(text)
    )
    return "\n\n".join(part for part in parts if part)


def looks_like_html(text: str) -> bool:
    """Whether text holds tags, so that it is to be read as HTML."""
    return "<" in text and _LOOKS_LIKE_HTML.search(text) is not None


def safe_html(markup: str, base: str = "") -> str:
    """HTML with text, links, lists and headings only; links lead to http and https, if anywhere."""
    return _cleaner(base, _KEPT).clean(_bounded(markup)).strip()


def html_text(markup: str) -> str:
    """The text of HTML, entities decoded, a paragraph for each of its blocks."""
    bounded = _bounded(markup)
    if "<" not in bounded:
        return paragraphs(html.unescape(bounded))
    reader = _TextOf()
    reader.feed(_cleaner("", _KEPT | _BREAKING).clean(bounded))
    reader.close()
    return paragraphs("".join(reader.pieces))


def text_html(text: str) -> str:
    """Clean running text as HTML paragraphs."""
    escaped = (html.escape(part, quote=False) for part in text.split("\n\n") if part)
    return "".join(f"<p>{part}</p>".replace("\n", "<br>") for part in escaped)


def body(content: str, base: str = "") -> tuple[str, str]:
    """The body as clean text and as safe HTML, whichever of the two came in."""
    if looks_like_html(content):
        return html_text(content), safe_html(content, base)
    text = paragraphs(content)
    return text, text_html(text)


def teaser(content: str) -> str:
    """A teaser on one line, whether text or HTML came in."""
    text = html_text(content) if looks_like_html(content) else content
    return line(text, TEASER_LIMIT)


def names(values: list[str]) -> tuple[str, ...]:
    """Tags or authors: each on one line, each once whatever its case, in their order."""
    found: dict[str, str] = {}
    for value in values[: 4 * NAMES_LIMIT]:
        name = line(value)
        if name:
            found.setdefault(name.casefold(), name)
    return tuple(found.values())[:NAMES_LIMIT]


def section(path: str | Sequence[str]) -> tuple[str, ...]:
    """The parts of a section path, each on one line; at most six deep."""
    written = path if isinstance(path, str) else join_path(path)
    parts = (line(part) for part in split_path(written))
    return tuple(part for part in parts if part)[:SECTION_DEPTH]


def language(tag: str) -> str:
    """A language tag (RFC 5646) in small letters, or nothing where it is none."""
    tag = tag.strip()
    return (
        tag.replace("_", "-").lower()
        if len(tag) <= LANGUAGE_LIMIT and _LANGUAGE.fullmatch(tag)
        else ""
    )


def first_sentences(text: str, at_least: int = 60, at_most: int = 300) -> str:
    """The beginning of a body as a teaser: whole sentences until there is enough of it."""
    opening = one_line(text[: 4 * at_most].split("\n\n", maxsplit=1)[0])
    for end in _SENTENCE_END.finditer(opening):
        if end.end() > at_most:
            break
        if end.start() >= at_least:
            return opening[: end.end()].rstrip()
    return one_line(opening, at_most)


def _bounded(markup: str) -> str:
    markup = clean_text(markup[: 4 * BODY_LIMIT])
    if markup.count("<") <= _TAGS_LIMIT:
        return markup
    return "<".join(markup.split("<", _TAGS_LIMIT)[:_TAGS_LIMIT])


def _cleaner(base: str, tags: set[str]) -> nh3.Cleaner:
    def absolute(_tag: str, attribute: str, value: str) -> str | None:
        if attribute != "href":
            return value
        try:
            address = urljoin(base, value.strip())
        except ValueError:
            return None
        return address if address.lower().startswith(("http://", "https://")) else None

    return nh3.Cleaner(
        tags=tags,
        clean_content_tags=_DROPPED,
        attributes={"a": {"href"}},
        attribute_filter=absolute,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    )


class _TextOf(HTMLParser):
    """Collects the text of HTML that the sanitiser wrote, and therefore wrote well."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base class passes it
        if tag == "br":
            self.pieces.append("\n")
        elif tag == "li":
            self.pieces.append("\n\n– ")
        elif tag not in {"a", "em", "strong"}:
            self.pieces.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"a", "em", "strong", "br"}:
            self.pieces.append("\n\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(" ".join(re.split(r"\s+", data)))
