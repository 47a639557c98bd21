"""Plain text for people: wrapped by the width that a terminal gives each character."""

import unicodedata
from collections.abc import Iterator

WIDTH = 72


def width(text: str) -> int:
    """How many columns the text takes: wide East Asian characters take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrap(text: str, indent: str = "", columns: int = WIDTH) -> str:
    """The text in lines of at most `columns`, each begun with `indent`.

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
    return "\n".join(indent + line for line in lines)


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
