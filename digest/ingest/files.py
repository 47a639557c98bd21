"""Article files: opened, decoded, told apart by what they hold, and read as a stream."""

import codecs
import itertools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import BufferedReader, FileIO
from typing import IO
from zoneinfo import ZoneInfo

from digest.errors import DigestError
from digest.ingest.dates import dateline
from digest.ingest.feeds import Filing, read_feed
from digest.ingest.incoming import Incoming, Rejection
from digest.ingest.jsonl import parse_jsonl
from digest.ingest.page import FIRST_LINE, parse_listing, parse_page

Outcome = Incoming | Rejection

_HEAD = 64 * 1024
_LINE_LIMIT = 4_000_000
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Format(StrEnum):
    """What an article file is; "auto" looks inside."""

    AUTO = "auto"
    PAGE = "page"
    LISTING = "listing"
    JSONL = "jsonl"
    FEED = "feed"


@dataclass(frozen=True)
class Reading:
    """How files are read: the site's zone, the present, and the most that is read at once.

    `declared` are the keys of the sections by which a feed's categories are known.
    """

    zone: ZoneInfo
    now: datetime
    max_bytes: int
    declared: Collection[str] = ()


def read_file(path: str, form: Format, reading: Reading) -> Iterator[Outcome]:
    """The articles of one file, or of standard input as "-"; what cannot be read is rejected."""
    name = "standard input" if path == "-" else path
    try:
        # Standard input is opened anew: a larger buffer shows enough of it to tell what it is.
        raw = FileIO(0, closefd=False) if path == "-" else FileIO(path)
        with BufferedReader(raw, _HEAD) as stream:
            yield from _read(stream, stream.peek(_HEAD)[:_HEAD], name, form, reading)
    except IsADirectoryError:
        yield Rejection(name, None, "this is a folder: name the files in it", unopened=True)
    except OSError as error:
        reason = f"the file cannot be read ({error.strerror}): check the path"
        yield Rejection(name, None, reason, unopened=True)
    except DigestError as error:
        yield Rejection(name, None, str(error))


def _read(
    stream: IO[bytes], head: bytes, name: str, form: Format, reading: Reading
) -> Iterator[Outcome]:
    if form is Format.AUTO:
        form = sniff(head, reading.zone)
    if form is Format.JSONL:
        yield from parse_jsonl(_numbered(stream, head), reading.zone, reading.now, name)
        return
    data = stream.read(reading.max_bytes + 1)
    if len(data) > reading.max_bytes:
        limit = f"{reading.max_bytes:,} bytes"
        yield Rejection(name, None, f"the file is larger than {limit}: see [ingest] max_bytes")
    elif not data.strip():
        yield Rejection(name, None, "the file is empty")
    elif form is Format.FEED:
        filing = Filing(declared=reading.declared)
        yield from read_feed(data, name, reading.now, filing=filing).outcomes()
    else:
        parse = parse_page if form is Format.PAGE else parse_listing
        yield from parse(decoded(data), reading.zone, reading.now, name)


def sniff(head: bytes, zone: ZoneInfo) -> Format:
    """What a file is, by its beginning."""
    text = decoded(head, whole=False).lstrip()
    if text.startswith("<"):
        return Format.FEED
    if text.startswith(("{", "[")):
        return Format.FEED if "jsonfeed.org/version/" in text else Format.JSONL
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines or FIRST_LINE.fullmatch(lines[0]):
        return Format.PAGE
    return Format.LISTING if any(_is_dateline(line, zone) for line in lines) else Format.PAGE


def _is_dateline(line: str, zone: ZoneInfo) -> bool:
    try:
        return dateline(line, zone) is not None
    except ValueError:
        return True


def decoded(data: bytes, *, whole: bool = True) -> str:
    """The text of bytes: as their byte order mark says, or UTF-8, or Windows' Western Latin.

    Where they are not the whole of a file they may end within a character.
    """
    for bom, encoding in _BOMS.items():
        if data.startswith(bom):
            return data.decode(encoding, "replace")
    zeros = data[:1_000].count(0)
    if zeros > len(data[:1_000]) // 4:
        little = data[1:1_000:2].count(0) > data[0:1_000:2].count(0)
        return data.decode("utf-16-le" if little else "utf-16-be", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if not whole and error.start >= len(data) - 3:
            return data[: error.start].decode("utf-8")
        return data.decode("cp1252", "replace")


def _numbered(stream: IO[bytes], head: bytes) -> Iterator[tuple[int, str | ValueError]]:
    """The lines of a file with their numbers, one at a time, none longer than there is room for."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from enumerate(codecs.getreader("utf-16")(stream, "replace"), 1)
        return
    for number in itertools.count(1):
        row = stream.readline(_LINE_LIMIT)
        if not row:
            return
        yield number, _decoded_line(row, stream.readline)


def _decoded_line(row: bytes, more: Callable[[int], bytes]) -> str | ValueError:
    if len(row) == _LINE_LIMIT and not row.endswith(b"\n"):
        while row and not row.endswith(b"\n"):
            row = more(_LINE_LIMIT)
        return ValueError(f"the line is longer than {_LINE_LIMIT:,} bytes: leave its body out")
    try:
        return row.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ValueError("this is not UTF-8, as JSON must be (RFC 8259): save the file as UTF-8")
