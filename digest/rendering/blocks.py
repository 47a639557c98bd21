"""Blocks: a rendered page cut into pieces, of which each reader gets those in their scopes.

While templates run, marks stand in their output: comments where a block begins and ends, and words
where a value of the reader's will go. All carry a nonce that the document cannot hold.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup
from pydantic import BaseModel, ConfigDict

from digest.errors import TemplateBrokenError
from digest.rendering.furniture import reader_language

# A part belongs to the block around it; all other blocks are named in full.
PARTS = frozenset({"rule", "teaser", "related", "fold", "rest"})
BLOCKS = frozenset(
    {"personal", "shortened", "contents", "line", "lead", "top", "section", "story"}
    | {"briefs", "brief"}
)


class Slot(StrEnum):
    """What differs from subscriber to subscriber within one choice of sections."""

    TOKEN = "token"  # noqa: S105 - the name of a place, not a secret
    EMAIL = "email"
    SINCE = "since"


class Piece(NamedTuple):
    """A stretch of the page, or a hole in it that is filled later.

    `scope` names the block that it belongs to: `""` is in every mail, `story 14 2` with the story
    14 under the heading 2, `story 14 2 teaser` with that story's teaser. `size` is its length in
    bytes as it is, `quoted` in quoted-printable without soft line breaks.
    """

    scope: str
    text: str
    hole: str
    size: int
    quoted: int


class StoryFacts(NamedTuple):
    """What a choice needs to know of a story; `homes` are numbers of headings, its own first."""

    placement: str
    heading: str
    sections: tuple[str, ...]
    homes: tuple[int, ...]
    headline: str
    articles: int
    words: int


class Size(NamedTuple):
    """Bytes of both parts of a mail, as they are and in quoted-printable."""

    html: int = 0
    html_quoted: int = 0
    text: int = 0
    text_quoted: int = 0


class RenderedEdition(BaseModel):
    """An edition rendered once, from which every reader's mail is spliced.

    `links` are the addresses that the text's footnotes tell, by the number in their holes.
    `language` is its furniture's. `translations` has the same edition with its furniture in the
    other languages of its readers. `instead` says what was wrong with the publisher's own templates
    where ours were used in their place.
    """

    model_config = ConfigDict(frozen=True)

    language: str
    translations: dict[str, "RenderedEdition"] = {}
    headings: tuple[str, ...]
    stories: tuple[StoryFacts, ...]
    subject: tuple[Piece, ...]
    html: tuple[Piece, ...]
    text: tuple[Piece, ...]
    links: tuple[str, ...] = ()
    instead: str = ""

    def for_reader(self, language: str | None) -> "RenderedEdition":
        """The edition in a reader's language; where it was not rendered in that, as it is."""
        return self.translations.get(reader_language(language, self.language), self)

    @cached_property
    def sizes(self) -> dict[str, Size]:
        """The size of each scope."""
        sums: dict[str, list[int]] = {}
        for first, pieces in ((0, self.html), (2, self.text)):
            for piece in pieces:
                entry = sums.setdefault(piece.scope, [0, 0, 0, 0])
                entry[first] += piece.size
                entry[first + 1] += piece.quoted
        return {scope: Size(*entry) for scope, entry in sums.items()}


class Marks:
    """The marks that templates set, and the cutting of what they made."""

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce
        self._links: dict[str, int] = {}
        self._mark = re.compile(rf"<!--{nonce} ?([^>]*?)-->|{nonce}_([a-z]+(?:-\d+)?)_")

    def block(self, name: str, *keys: int, caller: Callable[[], str]) -> str:
        """Put marks around lines of a template: see docs/reference/templates.md."""
        if name not in BLOCKS | PARTS:
            known = ", ".join(sorted(BLOCKS | PARTS))
            raise ValueError(f'there is no block "{name}", only {known}')
        if not all(type(key) is int for key in keys):
            raise ValueError(f'the keys of the block "{name}" are numbers, such as story.number')
        body = caller()
        scope = " ".join([name, *map(str, keys)])
        marked = f"<!--{self._nonce} {scope}-->{body}<!--{self._nonce}-->"
        return Markup(marked) if hasattr(body, "__html__") else marked  # noqa: S704 - was escaped

    def hole(self, name: str) -> str:
        """Mark the place of a value that a template cannot know yet."""
        known = CHOSEN | set(Slot)
        kind, dash, number = name.partition("-")
        if kind not in known:
            raise ValueError(f'there is no hole "{name}", only {", ".join(sorted(known))}')
        if (kind == "articles") != bool(dash and number.isdecimal()):
            raise ValueError(f'"{name}" is no hole: a number stands behind "articles-" alone')
        return f"{self._nonce}_{name}_"

    @property
    def links(self) -> tuple[str, ...]:
        """The addresses of all footnotes so far."""
        return tuple(self._links)

    def note(self, url: str) -> str:
        """Mark the place of a footnote's number; its address is told at the next `hole("notes")`.

        Numbers are given when a mail is spliced, so that each reader's run from 1.
        """
        if not url:
            return ""
        return f"{self._nonce}_note-{self._links.setdefault(url, len(self._links))}_"

    def misplaced(self, page: str, comments: Iterable[str]) -> str:
        """The name of the first block that begins where there is no comment; empty if none does.

        Args:
            page: HTML as the templates made it.
            comments: all that a parser finds in it.
        """
        begun = [scope for scope, _ in self._mark.findall(page) if scope]
        start = f"{self._nonce} "
        found = (text.removeprefix(start) for text in comments if text.startswith(start))
        lost = (scope for scope in begun if scope != next(found, None))
        return next(lost, "").partition(" ")[0]

    def cut(self, page: str, path: Path) -> tuple[Piece, ...]:
        """The pieces of a page, in its order.

        Raises:
            TemplateBrokenError: a mark is no longer what it was; the page was made of `path`.
        """
        pieces = tuple(_joined(self._cut(page)))
        if any(self._nonce in piece.text.lower() for piece in pieces):
            why = "a hole or a block goes through a filter: none works on what is filled in later"
            raise TemplateBrokenError(place=path, why=why)
        return pieces

    def _cut(self, page: str) -> Iterator[Piece]:
        scopes = [""]
        place = 0
        links = self.links
        for mark in self._mark.finditer(page):
            if mark.start() > place:
                yield _piece(scopes[-1], page[place : mark.start()])
            place = mark.end()
            scope, hole = mark.groups()
            if hole is not None:
                yield Piece(scopes[-1], "", hole.replace("-", " "), *_room(hole, links))
            elif scope:
                scopes.append(f"{scopes[-1]} {scope}" if scope in PARTS else scope)
            elif len(scopes) > 1:
                scopes.pop()
        if place < len(page):
            yield _piece("", page[place:])


# What a subscriber's value may take: in bytes, and quoted, where other alphabets grow threefold.
# The values that depend on the choice are known, and counted, when it is spliced.
_SLOTS = {"token": (64, 64), "email": (254, 500), "since": (50, 120)}
CHOSEN = {"counts", "preheader", "headline", "articles", "more", "notes"}
_WIDEST_NOTE = "[9999]"
_PLAIN = bytes(byte for byte in range(32, 127) if byte != ord("=")) + b"\r\n"


def measure(text: str) -> tuple[int, int]:
    """The bytes of a text with mail's line ends: as they are, and in quoted-printable."""
    data = text.replace("\n", "\r\n").encode()
    return len(data), len(data) + 2 * len(data.translate(None, _PLAIN))


def transferred(plain: int, quoted: int) -> tuple[int, int]:
    """The bytes of a measured text in quoted-printable and in base64, all line breaks included."""
    return quoted + 3 * (quoted // 73 + 1), (plain + 2) // 3 * 4 * 78 // 76 + 2


def _room(hole: str, links: Sequence[str]) -> tuple[int, int]:
    """What is set aside for what will stand in a hole."""
    kind, _, number = hole.partition("-")
    if kind == "note":
        return measure(f"{_WIDEST_NOTE}{_WIDEST_NOTE} {links[int(number)]}\n\n")
    return _SLOTS.get(hole, (0, 0))


def _piece(scope: str, text: str) -> Piece:
    return Piece(scope, text, "", *measure(text))


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces, with neighbours of one scope made one: pages have fewer seams than marks."""
    last: Piece | None = None
    for piece in pieces:
        if last and not last.hole and not piece.hole and last.scope == piece.scope:
            last = _piece(last.scope, last.text + piece.text)
            continue
        if last:
            yield last
        last = piece
    if last:
        yield last
