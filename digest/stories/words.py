"""Text to terms, in any script: words where a script parts them, else runs of characters."""

import html
import re
import unicodedata
from functools import cache
from itertools import groupby

# Feeds leave tags and entities in text. The bound keeps a lone "<" from searching far.
_MARKUP = re.compile(r"<[A-Za-z/!][^<>]{0,500}>")

# What readers of a language leave out or write either way: Latin, Greek and Cyrillic accents
# (capitals lose them in Greek), Hebrew points, Arabic vowel signs and the stretching tatweel,
# soft hyphens, joiners and marks of direction.
_OPTIONAL = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640"
    "\u064b-\u065f\u0670\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
)

# Scripts that write words without spaces. South-east Asian words are longer than Chinese ones.
_SOUTH_EAST = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\ua9e0-\ua9ff\uaa60-\uaa7f"
_HAN_KANA = "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_SPACELESS = re.compile(f"[{_SOUTH_EAST}]+|[{_HAN_KANA}]+")
_FIRST_HAN_KANA = "\u3005"

_LONGEST_TERM = 40


@cache
def _word() -> re.Pattern[str]:
    r"""A word: `\w` and the combining marks that Python leaves out of it, as vowels in Hindi."""
    marks = [code for code in range(0x0300, 0xFFFF) if unicodedata.category(chr(code))[0] == "M"]
    runs = [
        [code for _, code in run]
        for _, run in groupby(enumerate(marks), lambda pair: pair[1] - pair[0])
    ]
    ranges = "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in runs)
    return re.compile(rf"[\w{ranges}]{{2,{_LONGEST_TERM}}}")


_ASCII_WORD = re.compile(rf"[a-z0-9]{{2,{_LONGEST_TERM}}}")


def fold(text: str) -> str:
    """Text in which spellings of one word agree: case, accents and width are gone.

    Turkish dotted and dotless i fall together, German ß is ss, the Greek final sigma is a sigma.
    """
    if text.isascii():
        return text.lower()
    # The first decomposition serves casefold, which may compose anew: hence the second.
    folded = unicodedata.normalize("NFKD", text).casefold().replace("ı", "i")
    return unicodedata.normalize("NFC", _OPTIONAL.sub("", unicodedata.normalize("NFKD", folded)))


def terms(text: str) -> list[str]:
    """The terms of a text in order: folded words of two characters or more.

    Where a script does not part words: each pair of neighbouring characters (Chinese and
    Japanese), each three (Thai, Lao, Khmer, Burmese).
    """
    if "<" in text:
        text = _MARKUP.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    folded = fold(text)
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    return _word().findall(_SPACELESS.sub(_in_pieces, folded))


def _in_pieces(match: re.Match[str]) -> str:
    run = match.group()
    size = 2 if run[0] >= _FIRST_HAN_KANA else 3
    pieces = [run[start : start + size] for start in range(max(1, len(run) - size + 1))]
    return f" {' '.join(pieces)} "
