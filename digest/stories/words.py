"""Text to terms, in any script: words where a script parts them, else runs of characters."""

import html
import re
import unicodedata
from functools import cache
from operator import add

import numpy as np
from numpy.typing import NDArray

# Words that begin alike this far are taken for forms of one word. That serves every language
# that inflects at the end, without a rule for any.
STEM_CHARACTERS = 7

# Feeds leave tags and entities in text. What a script or a comment holds is not for readers; a
# CDATA section is. The bound keeps a lone "<" from searching far.
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|<!\[CDATA\[|\]\]>"
    r"|<[a-z/!?][^<>]{0,500}>",
    re.IGNORECASE | re.DOTALL,
)

# Python refuses to read a number of thousands of digits; no character has one of eight.
_NO_NUMBER = re.compile(r"&#\d{8,};?")

# What readers of a language leave out or write either way: Latin, Greek and Cyrillic accents
# (capitals lose them in Greek), Hebrew points, Arabic vowel signs and the stretching tatweel,
# soft hyphens, joiners, marks of direction, and what chooses between the looks of a symbol.
_OPTIONAL = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640"
    "\u064b-\u065f\u0670\u00ad\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20d0-\u20f0"
    "\ufe00-\ufe0f\ufeff]+"
)

# Letters that Unicode keeps apart and readers do not: the Turkish dotless i, and the alefs, yas
# and kafs of Arabic and Persian with the feminine ending; the apostrophe that counts as a letter.
_ALIKE = {"ı": "i", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ʼ": " "}

# Scripts that write words without spaces: South-east Asian ones, whose words are longer, and
# Chinese and Japanese. Korean has spaces, but endings on every noun, so it is cut as they are.
_SOUTH_EAST = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\ua9e0-\ua9ff\uaa60-\uaa7f"
_EAST = (
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\U00020000-\U0003ffff"
)
_UNPARTED = re.compile(f"[{_SOUTH_EAST}]+|[{_EAST}]+")
_RUN = re.compile(f"{_UNPARTED.pattern}|[^\\s{_SOUTH_EAST}{_EAST}]+")
_FIRST_UNPARTED, _FIRST_OF_EAST = 0x0E00, "\u3005"

# The Arabic article and what is written together with it, before a word that is long enough.
_ARTICLE = re.compile(r"(?<!\S)(?:[وفبك]?ال|لل)(?=\S{3})")
_ALEF_LAM = "ال"

# After these a capital may be that of a sentence; a quotation begins with one as well.
_STOPS = frozenset('.!?…:;"”“„»«()[]|•·*–—-')
# Above this share of its words a text is taken to be written in capitals as a whole. German,
# where nouns have one, stays well below.
_MOSTLY = 0.6

# In the table below: a letter that is left out, and one that this table does not suffice for.
_NOTHING, _HARD = 0x0000, 0xFFFF

_ASCII = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}


class _Letters(dict[int, str]):
    """What `str.translate` is to make of each letter that is decomposed and composed anew."""

    def __missing__(self, code: int) -> str:
        letter = _ALIKE.get(chr(code), chr(code))
        digit = unicodedata.decimal(letter, None)
        if digit is not None:
            letter = str(digit)
        # Python leaves combining marks out of the letters, such as the vowels of Hindi.
        elif not letter.isalnum() and unicodedata.category(letter)[0] != "M":
            letter = " "
        self[code] = letter
        return letter


# Lines are kept, for who folds several texts at once.
_letters = _Letters({ord("\n"): "\n"})


def _fold(text: str) -> str:
    # The first decomposition serves casefold, which may compose anew: hence the second.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", _OPTIONAL.sub("", folded)).translate(_letters)


@cache
def _table() -> NDArray[np.uint16]:
    """The fold of each character of one UTF-16 unit: a letter, `_NOTHING` or `_HARD`."""
    # What may melt into one with the character before it: accents, and the letters of Hangul.
    composing = {*map(chr, range(0x1161, 0x1176)), *map(chr, range(0x11A8, 0x11C3))}
    for code in range(0x10000):
        match unicodedata.decomposition(chr(code)).split():
            case [first, second] if not first.startswith("<"):
                composing.add(chr(int(second, 16)))
    table = np.arange(0x10000, dtype=np.uint16)
    table[:0x20] = ord(" ")
    table[0xD800:0xE000] = _HARD
    table[0xE000:0xF900] = ord(" ")
    # Between these are Han, Yi and Hangul, which fold to themselves.
    bounds = [
        (0x20, 0x3400),
        (0x4DC0, 0x4E00),
        (0xA48D, 0xAC00),
        (0xD7A4, 0xD800),
        (0xF900, 0x10000),
    ]
    rest = [code for start, end in bounds for code in range(start, end)]
    for code, folded in zip(rest, _fold("\n".join(map(chr, rest))).split("\n"), strict=True):
        if not folded:
            table[code] = _NOTHING
        elif folded.isspace():
            table[code] = ord(" ")
        elif len(folded) > 1 or folded in composing or folded > "\uffff":
            table[code] = _HARD
        else:
            table[code] = ord(folded)
    table[ord("ß")] = ord("ß")
    return table


def terms(text: str) -> list[str]:
    """The terms of a text in order: its words, folded so that spellings of one word agree.

    Case, accents and width are gone. Turkish dotted and dotless i fall together, German ß is ss,
    the Greek final sigma is a sigma, the forms of the Arabic alef are one, and an Arabic word is
    without its article. Where a script does not part words: each pair of neighbouring characters
    (Chinese, Japanese and Korean), each three (Thai, Lao, Khmer, Burmese).
    """
    text = _plain(text)
    if text.isascii():
        return text.translate(_ASCII).split()
    # A table over all characters at once: a quarter of the time that `str.translate` takes.
    units = _table().take(np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16))
    last = units.max()
    if last == _HARD:
        folded = _fold(text)
        last = ord(max(folded, default=" "))
    else:
        folded = units.tobytes().decode("utf-16-le").replace("\0", "").replace("ß", "ss")
    if _ALEF_LAM in folded:
        folded = _ARTICLE.sub("", folded)
    return folded.split() if last < _FIRST_UNPARTED else _in_pieces(folded)


def _plain(text: str) -> str:
    """The text without the tags and entities that feeds leave in it."""
    if "<" in text:
        text = _MARKUP.sub(" ", text)
    if "&" in text:
        # What was escaped as a whole shows its tags only now.
        text = _MARKUP.sub(" ", html.unescape(_NO_NUMBER.sub(" ", text)))
    return text


def _in_pieces(folded: str) -> list[str]:
    """Words as they are, and runs of scripts that do not part them as overlapping pieces."""
    pieces: list[str] = []
    for run in _RUN.findall(folded):
        if not _UNPARTED.match(run):
            pieces.append(run)
            continue
        longer = map(add, run, run[1:])
        pieces.extend(
            list(longer if run[0] >= _FIRST_OF_EAST else map(add, longer, run[2:])) or [run]
        )
    return pieces


def names(text: str) -> list[str]:
    """The folded words of a text that are written as names are, in order.

    These are words with a capital that does not come from the sentence's beginning, and words
    all in capitals. Where most words have a capital, as in some headlines, only the latter tell
    anything; where most are all in capitals, nothing does. So German gives its nouns, and a
    script without case gives none.
    """
    # An apostrophe parts what belongs to a name from what does not: l'Élysée, İzmir'de.
    words = _plain(text).replace("’", " ").replace("'", " ").split()
    capital = [place for place, word in enumerate(words) if word[0].istitle()]
    found = [words[place] for place in capital if words[place].isupper()]
    if len(found) > _MOSTLY * len(words):
        return []
    if len(capital) <= _MOSTLY * len(words):
        found = [
            words[place]
            for place in capital
            if (place and words[place - 1][-1] not in _STOPS) or words[place].isupper()
        ]
    return [term for term in terms(" ".join(found)) if len(term) > 1]
