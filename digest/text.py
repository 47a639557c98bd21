"""Strings from outside, made safe to show on one line or to keep as running text."""

import unicodedata
from functools import lru_cache

_KEPT_CONTROLS = {"\n", "\t"}
# Joiners and marks that languages need stay (ZWNJ, ZWJ, LRM, RLM); bidirectional overrides and
# isolates that could turn a neighbour's text round go, as do invisible fillers.
_KEPT_FORMATS = {"\u200c", "\u200d", "\u200e", "\u200f"}


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

    Line breaks are kept, as `\n`; runs of other spaces are kept as they are.
    """
    if text.isprintable():  # no line breaks, nothing of the categories that go
        return unicodedata.normalize("NFC", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
        text = text.replace("\u2029", "\n\n").replace("\x85", "\n")
    # A text has few different characters: each is judged once.
    unwanted = {ord(character): None for character in set(text) if not _is_kept(character)}
    return text.translate(unwanted) if unwanted else text


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
