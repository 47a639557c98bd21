"""Header fields as bytes: folded, encoded, and made so that nothing from outside can end one."""

import base64
import re
from datetime import UTC, datetime
from email.charset import Charset
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache

from digest.text import one_line

_LINE = 76
# Printable ASCII without what a parser would read as an encoded word (RFC 2047 section 2).
_PLAIN = re.compile(r"(?!.*=\?)[ -~]*")
_BARE_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")

_UTF8 = Charset("utf-8")


def field(name: str, value: bytes) -> bytes:
    """One header field; a value that would end it is a programming error."""
    broken = b"\n" in value or b"\r" in value
    if b"\x00" in value or (broken and not _only_folds(value)):
        raise ValueError(f"the value of {name} would end its header")
    return name.encode("ascii") + b": " + value + b"\r\n"


def _only_folds(value: bytes) -> bool:
    folds = value.count(b"\r\n ") + value.count(b"\r\n\t")
    return value.count(b"\n") == folds and value.count(b"\r") == folds


def date(now: datetime) -> bytes:
    """The field that says when a mail was written, in whole seconds."""
    return _date(int(now.timestamp()))


# An edition's mails are many in a second.
@lru_cache(maxsize=2)
def _date(seconds: int) -> bytes:
    return field("Date", format_datetime(datetime.fromtimestamp(seconds, UTC)).encode("ascii"))


def unstructured(name: str, text: str) -> bytes:
    """The field for free text, such as a subject; encoded where RFC 2047 wants it.

    Text that looks like an encoded word is encoded once more: some parsers decode a subject and
    put the result, line breaks and all, where the header was.
    """
    line = one_line(text)
    if _PLAIN.fullmatch(line) and len(name) + 2 + len(line) <= _LINE:
        return field(name, line.encode("ascii"))
    return field(name, _encoded(line, name))


def phrase(name: str, display: str, address: str, limit: int | None = None) -> bytes:
    """The field for an address (RFC 5322 section 3.4), with `limit` characters of a name at most.

    Without a display name the address stands alone.
    """
    line = one_line(display, limit) if display else ""
    return _named(name, line, f"<{address}>") if line else field(name, address.encode("utf-8"))


def list_field(name: str, display: str, bracketed: str) -> bytes:
    """The field for a display name and what stands in angle brackets after it (RFC 2919)."""
    line = one_line(display)
    return _named(name, line, bracketed) if line else field(name, bracketed.encode("utf-8"))


def _named(name: str, line: str, bracketed: str) -> bytes:
    tail = bracketed.encode("utf-8")
    if _PLAIN.fullmatch(line) and len(name) + 4 + len(line) <= _LINE:
        bare = _BARE_PHRASE.fullmatch(line)
        quoted = line if bare else '"' + re.sub(r'(["\\])', r"\\\1", line) + '"'
        head = quoted.encode("ascii")
    else:
        head = _encoded(line, name)
    last = len(head) - head.rfind(b"\n")
    return field(name, head + (b" " if last + len(tail) < _LINE else b"\r\n ") + tail)


def _encoded(line: str, name: str) -> bytes:
    # Most names fit in one encoded word. `Header` would come to the same, but looks at them again
    # for each letter, for the place at which to fold.
    octets = line.encode("utf-8")
    if 2 * len(octets) >= 3 * len(line):
        # Base64 is the shorter of the two, and there is no need to count.
        word = f"=?utf-8?b?{base64.b64encode(octets).decode('ascii')}?="
    else:
        word = _UTF8.header_encode(line)
    if len(name) + 2 + len(word) <= _LINE:
        return word.encode("ascii")
    words = Header(line, charset="utf-8", header_name=name, maxlinelen=_LINE)
    return words.encode(linesep="\r\n").encode("ascii")
