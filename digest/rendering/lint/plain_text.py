"""The text part: for terminals, watches and whoever prefers letters."""

import re
from collections.abc import Collection

from digest.rendering.lint.rules import Findings
from digest.rendering.plain import WIDTH, width

_EMPTY = re.compile(r"(?<!\S)(\(\s*\)|\[\s*\]|<\s*>|\{\s*\})")
_ADDRESS = re.compile(r"https?://[^\s<>]+")


def check_text(text: str, images: Collection[str], found: Findings) -> None:
    """All rules on the text part; `images` are the addresses of the pictures in the page."""
    if not text.strip():
        found.add("text-missing", "no text", "the text part")
    for number, line in enumerate(text.splitlines(), 1):
        place = f"line {number} of the text: {line[:60]}"
        if width(line) > WIDTH and width(line) - _longest_word(line) > WIDTH // 2:
            found.add("text-width", "a line of more than 72 columns", place)
        if any(address in images for address in _ADDRESS.findall(line)):
            found.add("text-images", "the address of a picture", place)
        if empty := _EMPTY.search(line):
            found.add("text-brackets", f"empty brackets {empty[1]}", place)


def _longest_word(line: str) -> int:
    """The columns of the longest word that cannot be broken, as one of wide characters can."""
    widths = [width(word) for word in line.split() if width(word) <= len(word)]
    return max(widths, default=0)
