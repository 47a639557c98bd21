"""Transfer encodings of a text with blanks: what stands fast is encoded once, values are put in.

No encoded line begins with a dot, so that none wants stuffing (RFC 5321 section 4.5.2) and the
bytes on the wire are the bytes of the message.
"""

import binascii
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from digest.rendering import Slot, measure, transferred

BOUNDARY = "=_digest"
"""Between the parts of a mail. "=_" stands in neither quoted-printable nor base64 (RFC 2045 section
6.7), and `Ascii` takes no line that could be one of these: so no text can end a part."""
_END = f"\r\n--{BOUNDARY}--\r\n".encode("ascii")

LINE = 76
"""Octets of an encoded line, its line break not counted (RFC 2045 sections 6.7 and 6.8)."""

_SOFT = b"=\r\n"
_DOTTED = re.compile(rb"^\.[^\r\n]*", re.MULTILINE)
# A value that stands for itself on a line of its own, such as a token or most addresses.
_SAFE = re.compile(r"(?!\.)[!-<>-~](?:[ -<>-~]{0,73}[!-<>-~])?")
_TRIPLES = LINE // 4 * 3


def quoted(text: str) -> bytes:
    """Text as quoted-printable that ends at the end of a line.

    A soft line break stands after text that ends elsewhere: so texts encoded apart decode, once
    joined, to the joined text.
    """
    if _SAFE.fullmatch(text):
        return text.encode("ascii") + _SOFT
    plain = _lines(text).encode("utf-8", "replace")
    encoded = binascii.b2a_qp(plain, istext=True).replace(b"\n", b"\r\n")
    encoded = _DOTTED.sub(lambda match: _without_dot(match[0]), encoded)
    last = len(encoded) - encoded.rfind(b"\n") - 1
    if not last:
        return encoded
    if last >= LINE:
        # Only a line that ends in a plain character is ever so long: no escape is torn apart.
        encoded = encoded[:-1] + _SOFT + _without_dot(encoded[-1:])
    return encoded + _SOFT


# Most values stand in both parts of a mail alike.
_quoted_value = lru_cache(maxsize=256)(quoted)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_dot(line: bytes) -> bytes:
    if not line.startswith(b"."):
        return line
    encoded = b"=2E" + line[1:]
    if len(encoded) <= LINE:
        return encoded
    return b"=2E" + _SOFT + _without_dot(line[1:])


class Quoted:
    """A text in quoted-printable: right for texts that are mostly ASCII."""

    name = "quoted-printable"

    def __init__(self, pieces: Sequence[str | Slot]) -> None:
        self._pieces = [piece if isinstance(piece, Slot) else quoted(piece) for piece in pieces]
        self.size = sum(len(piece) for piece in self._pieces if isinstance(piece, bytes))

    def fill(self, values: Mapping[Slot, str]) -> list[bytes]:
        """The encoded text with `values` in its blanks, in pieces."""
        encoded = {slot: _quoted_value(value) for slot, value in values.items()}
        return [encoded[p] if isinstance(p, Slot) else p for p in self._pieces]


class Base64:
    """A text in base64: right for Cyrillic, Greek, Arabic, where each letter is two octets.

    Base64 takes octets by threes. How many of a stretch's first octets complete the three that
    a value before it began depends on the value's length: each stretch is encoded once for each
    of the three cases, when a value first asks for it.
    """

    name = "base64"

    def __init__(self, pieces: Sequence[str | Slot]) -> None:
        self._pieces = [p if isinstance(p, Slot) else _Stretch(_octets(p)) for p in pieces]
        octets = sum(len(p.octets) for p in self._pieces if isinstance(p, _Stretch))
        self.size = (octets + 2) // 3 * 4 * (LINE + 2) // LINE

    def fill(self, values: Mapping[Slot, str]) -> list[bytes]:
        """The encoded text with `values` in its blanks, in pieces."""
        octets = {slot: _octets(value) for slot, value in values.items()}
        lines: list[bytes] = []
        rest = b""
        for piece in self._pieces:
            if isinstance(piece, Slot):
                rest += octets[piece]
                continue
            first, middle, end = piece.after(-len(rest) % 3)
            rest += first
            if len(rest) % 3 == 0:
                lines += (_base64(rest), middle)
                rest = end
        lines.append(_base64(rest))
        return lines


class _Stretch:
    """Octets between two blanks."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self._cut: dict[int, tuple[bytes, bytes, bytes]] = {}

    def after(self, used: int) -> tuple[bytes, bytes, bytes]:
        """The first `used` octets, the threes after them, encoded, and the octets left over."""
        if used not in self._cut:
            end = used + max(len(self.octets) - used, 0) // 3 * 3
            middle = _base64(self.octets[used:end])
            self._cut[used] = self.octets[:used], middle, self.octets[end:]
        return self._cut[used]


def _octets(text: str) -> bytes:
    return _lines(text).replace("\n", "\r\n").encode("utf-8", "replace")


def _base64(octets: bytes) -> bytes:
    if len(octets) <= _TRIPLES:
        return binascii.b2a_base64(octets, newline=False) + b"\r\n" if octets else b""
    starts = range(0, len(octets), _TRIPLES)
    lines = (binascii.b2a_base64(octets[n : n + _TRIPLES], newline=False) for n in starts)
    return b"".join(line + b"\r\n" for line in lines)


class Ascii:
    """HTML as it is, with references for what is beyond ASCII: right for Latin scripts.

    It takes no octet for "=", of which attributes are full, nor for soft line breaks.
    """

    name = "7bit"

    def __init__(self, pieces: Sequence[str | Slot]) -> None:
        self._pieces = [piece if isinstance(piece, Slot) else _referred(piece) for piece in pieces]
        self.size = sum(len(piece) for piece in self._pieces if isinstance(piece, bytes))

    @staticmethod
    def takes(pieces: Sequence[str | Slot]) -> bool:
        """Whether HTML can be sent so: in lines short enough, with references where they are read.

        A line may have 998 octets (RFC 5321 section 4.5.3.1.6), and an address is of any length.
        """
        page = "\n" + "".join(_WIDEST.get(piece, piece) for piece in pieces)
        if not page.isascii() and (
            _CONTROL.search(page) or not all(map(str.isascii, _SHEET.findall(page)))
        ):
            return False
        lines = _referred(page).split(b"\r\n")
        return (
            Slot.EMAIL not in pieces
            and max(map(len, lines)) <= _LONGEST
            # A value at the beginning of a line may begin with a dot, and what follows one, too;
            # and "--" may be the boundary.
            and not any(line.startswith((b"@@", b"--")) for line in lines)
            and not any(piece.startswith(".") for piece in _first(pieces))
        )

    def fill(self, values: Mapping[Slot, str]) -> list[bytes]:
        """The encoded text with `values` in its blanks, in pieces."""
        encoded = {slot: _referred(value) for slot, value in values.items()}
        return [encoded[p] if isinstance(p, Slot) else p for p in self._pieces]


_LONGEST = 998
# The widest that values are: a token, and a date in references.
_WIDEST: dict[str, str] = {Slot.TOKEN: "@" * 64, Slot.SINCE: "@" * 350}
_SHEET = re.compile(r"<style\b.*?</style", re.DOTALL | re.IGNORECASE)
# HTML reads references to these as other characters (WHATWG HTML, section 13.2.5.80).
_CONTROL = re.compile("[\x80-\x9f]")


def _first(pieces: Sequence[str]) -> Iterator[str]:
    """The pieces that stand at the beginning of a line, whatever the values are."""
    last = "\n"
    for piece in pieces:
        if last.endswith("\n"):
            yield piece
        last = piece or last


def _referred(text: str) -> bytes:
    """HTML in ASCII; a space keeps dots from the beginnings of lines."""
    plain = _lines(text).replace("\n.", "\n .").replace("\n", "\r\n")
    return plain.encode("ascii", "xmlcharrefreplace")


def shortest(pieces: Sequence[str | Slot]) -> Quoted | Base64:
    """The text in the encoding that makes it shorter."""
    return _shorter(pieces, *transferred(*measure(_text_of(pieces))))


def shortest_markup(pieces: Sequence[str | Slot]) -> Ascii | Quoted | Base64:
    """The HTML in the encoding that makes it shortest."""
    text = _text_of(pieces)
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    in_ascii = len(text) + text.count("\n") + beyond * (_REFERENCE - 1)
    in_others = transferred(*measure(text))
    if in_ascii < min(in_others) and Ascii.takes(pieces):
        return Ascii(pieces)
    return _shorter(pieces, *in_others)


def _shorter(pieces: Sequence[str | Slot], in_quoted: int, in_base64: int) -> Quoted | Base64:
    # Counted, not tried: to encode takes most of what it takes to prepare a mail.
    return Base64(pieces) if in_base64 < in_quoted else Quoted(pieces)


_REFERENCE = len("&#1234;")


def _text_of(pieces: Sequence[str | Slot]) -> str:
    return "".join(piece for piece in pieces if not isinstance(piece, Slot))


def alternative(
    text: Quoted | Base64, markup: Ascii | Quoted | Base64, values: Mapping[Slot, str]
) -> tuple[bytes, ...]:
    """The body of a multipart/alternative, in pieces, with `values` in the blanks of both parts."""
    return (
        _part_head("text/plain", text.name),
        *text.fill(values),
        b"\r\n",
        _part_head("text/html", markup.name),
        *markup.fill({slot: html.escape(value) for slot, value in values.items()}),
        _END,
    )


@lru_cache(maxsize=4)
def _part_head(kind: str, encoding: str) -> bytes:
    return (
        f"--{BOUNDARY}\r\n"
        f"Content-Type: {kind}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode("ascii")
