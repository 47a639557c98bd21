"""Plain text for people: wrapped by the width that a terminal gives each character."""

import re
import unicodedata
from collections.abc import Iterator

WIDTH = 72
_SPACE_AT_END = re.compile(r"[ \t]+(?=\n)")
# Where the number of a footnote will stand: `blocks.Marks.note`, with the nonce of `viewer.nonce`.
_NOTE = re.compile("x[a-z2-7]{13}_note-[0-9]+_")


def trimmed(text: str) -> str:
    """The text without spaces and tabs before its line breaks."""
    return _SPACE_AT_END.sub("", text)


def width(text: str) -> int:
    """How many columns the text takes: wide East Asian characters take two, marks none."""
    text = _NOTE.sub("[99]", text)
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrap(text: str, indent: str = "", columns: int = WIDTH, first: str | None = None) -> str:
    """The text in lines of at most `columns`, each begun with `indent`, but the first with `first`.

    A line breaks at a space, and between wide characters, which are written without spaces. A
    longer word (an address, say) keeps a line of its own.
    """
    lines: list[str] = []
    line, used = "", 0
    room = columns - len(indent)
    for piece in _pieces(text):
        needed = width(piece)
        if line and used + needed - piece.endswith(" ") > room:
            lines.append(line.rstrip())
            line, used = "", 0
        line += piece
        used += needed
    lines.append(line.rstrip())
    begins = [indent if first is None else first, *[indent] * len(lines)]
    return "\n".join(begin + line for begin, line in zip(begins, lines, strict=False))


def _pieces(text: str) -> Iterator[str]:
    """Words with the space behind them; of words in wide characters, each character."""
    for word in text.split():
        if word.isascii():
            yield word + " "
            continue
        start = 0
        for place, character in enumerate(word):
            if place > start and unicodedata.east_asian_width(character) in "WF":
                yield word[start:place]
                start = place
        yield word[start:] + " "
