"""Strings from outside, made safe to show on one line or to keep as running text."""

import re
import unicodedata
from functools import lru_cache

_KEPT_CONTROLS = {"\n", "\t"}
# Joiners and marks that languages need stay (ZWNJ, ZWJ, LRM, RLM); bidirectional overrides and
# isolates that could turn a neighbour's text round go, as do invisible fillers.
_KEPT_FORMATS = {"\u200c", "\u200d", "\u200e", "\u200f"}
# Marks on letters, of all scripts and of those where they can be piled up over other lines. No
# language needs more than five on one letter (Hebrew of the Bible does).
_MARKS = (
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06ed\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_MARK = re.compile(_MARKS)
_PILED = re.compile(f"({_MARKS}{{5}}){_MARKS}+")
_MARK_OF = {"ltr": "\u200e", "rtl": "\u200f"}
_STRONG = {"L": "ltr", "R": "rtl", "AL": "rtl"}


@lru_cache(maxsize=4096)
def _is_kept(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cc":
        return character in _KEPT_CONTROLS
    if category == "Cf":
        return character in _KEPT_FORMATS or "\U000e0020" <= character <= "\U000e007f"
    return category != "Cs"


def clean_text(text: str) -> str:
    r"""Text without control characters, stray surrogates and text-direction overrides, in NFC.

    Of marks that pile up on a letter five stay: more would lie over other lines. Line breaks are
    kept, as `\n`; runs of other spaces are kept as they are.
    """
    if text.isprintable():  # no line breaks, nothing of the categories that go
        return _unpiled(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    if not text.isascii():
        text = _unpiled(text.encode("utf-8", "replace").decode())
        text = text.replace("\u2029", "\n\n").replace("\x85", "\n")
    # A text has few different characters: each is judged once.
    unwanted = {ord(character): None for character in set(text) if not _is_kept(character)}
    return text.translate(unwanted) if unwanted else text


def _unpiled(text: str) -> str:
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    # Of six characters in a row every sixth is one: few texts need a closer look.
    return _PILED.sub(r"\1", text) if _MARK.search(text[::6]) else text


def kept_apart(text: str, direction: str) -> str:
    """The text, with an invisible mark at an end of the other direction.

    A plain line takes its direction from its first letter, and figures theirs from the letter
    before them (Unicode Standard Annex 9, rules P2 and W7).

    Args:
        text: stands at the beginning of a line or within, with more after it.
        direction: of that line, `ltr` or `rtl`.
    """
    kinds = [_STRONG.get(unicodedata.bidirectional(character)) for character in text]
    strong = [kind for kind in kinds if kind] or [direction]
    first, last = (
        "" if kind == direction else _MARK_OF[direction] for kind in (strong[0], strong[-1])
    )
    return f"{first}{text}{last}"


def one_line(text: str, limit: int | None = None) -> str:
    """Clean text on a single line, cut at a word before `limit` characters with an ellipsis."""
    line = " ".join(clean_text(text).split())
    if limit is None or len(line) <= limit:
        return line
    cut = line[: limit - 1]
    head, _, _ = cut.rpartition(" ")
    return (head if len(head) > limit // 2 else cut).rstrip(" ,;:-–—") + "…"


def tag_key(tag: str) -> str:
    """What two spellings of one tag share: normalised (NFKC), case-folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", tag).casefold().split())
