"""`digest stories`: grouping by itself on a file, without a database; and what is kept in ours."""

import codecs
import errno
import gzip
import json
import os
import sys
import time
import zlib
from collections.abc import Container, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, TypedDict, cast
from zoneinfo import ZoneInfo

import typer

from digest.cli import desk
from digest.cli.common import Json, done_in_part, many, note, say
from digest.cli.constraints import read_constraints
from digest.errors import CannotReadError, CannotWriteError
from digest.ingest.dates import instant, plausible
from digest.sections import section_key
from digest.stories import NO_HAND, Hand, Item

if TYPE_CHECKING:
    from digest.stories.day import Day

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
app.add_typer(desk.pairs)

_GZIP = b"\x1f\x8b"
# Some editors begin a file, or each file that was joined to one, with the byte order mark.
_MARK = b"\xef\xbb\xbf"
# So much of what came from outside a message shows.
_SHOWN = 40
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_STDIN = Path("-")
_UTC = ZoneInfo("UTC")

# A file has few sections.
_key = lru_cache(section_key)


class Rejected(TypedDict):
    """A line that could not be taken, and why; the reason ends with the remedy."""

    file: str
    line: int
    reason: str


class Added(TypedDict):
    """What a further file brought, and how long it took to take it in."""

    file: str
    articles: int
    seconds: float


@app.callback()
def stories() -> None:
    """Group articles into stories; keep some together or apart."""


@app.command("group")
def group_command(
    path: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="The articles; - for stdin.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the {id, cluster} lines go.")
    ] = None,
    constraints: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl", help='Lines {"together": [id, id]} or {"apart": [id, id]}.'
        ),
    ] = None,
    add: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE.jsonl",
            help="Later articles, added without grouping all anew. May be repeated.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Group the articles of a file: {id, title, body, date, …} lines in, {id, cluster} lines out.

    An article needs an `id` and a `title`, `body` or `teaser`; `section`, `tags`, `priority` and
    `lang` are welcome. `published` may stand for `date`, `language` for `lang`. The file is UTF-8,
    or UTF-16 with its byte order mark, and may be gzipped. Without -o and --json the lines go to
    standard output. A cluster is named by the id of one of its articles.
    """
    began = time.perf_counter()
    output = None if output == _STDIN else output
    later = add or []
    read = [path, *later, *([constraints] if constraints else [])]
    if read.count(_STDIN) > 1:
        raise typer.BadParameter("- is standard input, which is read once: name it once")
    if output is not None and any(_are_one_file(each, output) for each in read):
        raise typer.BadParameter(f"{output} is a file that is read: name another with -o")
    rejected: list[Rejected] = []
    hand = _hand(constraints, rejected) if constraints else NO_HAND
    ids: dict[str, Any] = {}
    items = list(_items(path, ids, rejected))
    target = _open_for_writing(output)
    day = _Growing(items)
    added = [day.add(each, ids, rejected) for each in later]
    clusters = day.clusters(hand)
    cluster_of = {item.id: cluster[0].id for cluster in clusters for item in cluster}
    lines = (json.dumps({"id": ids[item], "cluster": ids[cluster_of[item]]}) for item in ids)
    if target is not None and output is not None:
        _write(lines, target, output)
    result = {
        "articles": len(ids),
        "stories": len(clusters),
        "seconds": round(time.perf_counter() - began, 3),
        "added": added,
        "rejected": rejected,
    }
    for problem in rejected:
        note("{file}:{line}: {reason}".format(**problem))
    strangers = sorted({*chain(*hand.together, *hand.apart)} - ids.keys())
    for absent in strangers:
        # It may be an article of yesterday, through which others are kept together.
        note(f"{constraints}: no article {absent} is in the files read; is the id right?")
    for part in added:
        note(f"{part['file']}: {many(part['articles'], 'article')} added in {part['seconds']} s")
    say(result, lines if target is None else (), as_json=as_json)
    counts = many(len(ids), "article"), many(len(clusters), "story", "stories")
    note(f"{', '.join(counts)}, {result['seconds']} s")
    done_in_part(complete=not rejected and not strangers)


def _hand(path: Path, rejected: list[Rejected]) -> Hand:
    def reject(line: int, reason: str) -> None:
        rejected.append({"file": str(path), "line": line, "reason": reason})

    return read_constraints(path, reject)


class _Growing:
    """The articles of the files read so far, in their stories."""

    def __init__(self, items: list[Item]) -> None:
        # What groups is slow to import; an empty file need not wait for it.
        self._day: Day | None = None
        self._take(items)

    def _take(self, items: list[Item]) -> None:
        if self._day is not None:
            self._day.add(items)
        elif items:
            from digest.stories.day import Day

            self._day = Day(items)

    def add(self, path: Path, ids: dict[str, Any], rejected: list[Rejected]) -> Added:
        """Add the articles of a further file."""
        items = list(_items(path, ids, rejected))
        began = time.perf_counter()
        self._take(items)
        seconds = round(time.perf_counter() - began, 3)
        return {"file": str(path), "articles": len(items), "seconds": seconds}

    def clusters(self, hand: Hand) -> list[list[Item]]:
        """The stories, as the editor wants them."""
        day = self._day
        if day is None:
            return []
        return [[day.items[number] for number in numbers] for numbers in day.groups(hand)]


def _open_for_writing(path: Path | None) -> IO[str] | None:
    if path is None:
        return None
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise CannotWriteError(path=path, why=error.strerror) from error


def _write(lines: Iterable[str], target: IO[str], path: Path) -> None:
    try:
        with target:
            target.writelines(f"{line}\n" for line in lines)
    except BrokenPipeError:
        raise  # /dev/stdout, whose reader went away
    except OSError as error:
        raise CannotWriteError(path=path, why=error.strerror) from error


def _are_one_file(one: Path, other: Path) -> bool:
    try:
        return one.is_file() and one.samefile(other)
    except OSError:
        return False  # the other is not there yet, or cannot be reached, as will be said


def _open_for_reading(path: Path) -> BufferedReader:
    if path != _STDIN:
        return path.open("rb")
    if sys.stdin is None:  # who started this process had closed it
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    # Standard input is buffered bytes too; its declared type says less.
    return cast("BufferedReader", sys.stdin.buffer)


def _lines(path: Path, rejected: list[Rejected]) -> Iterator[tuple[int, bytes]]:
    """The file's lines that hold something, with their numbers."""
    number = 0
    try:
        with _open_for_reading(path) as raw:
            packed = raw.peek(len(_GZIP)).startswith(_GZIP)
            source = gzip.GzipFile(fileobj=raw) if packed else raw
            wide = source.peek(len(_WIDE[0])).startswith(_WIDE)
            for number, line in enumerate(_narrowed(source) if wide else source, start=1):
                if line.strip():
                    yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        why = f"the compressed file is broken ({error}): pack it anew"
        rejected.append({"file": _name(path), "line": number + 1, "reason": why})
    except OSError as error:
        raise CannotReadError(path=path, why=error.strerror) from error


def _narrowed(source: BufferedReader | gzip.GzipFile) -> Iterator[bytes]:
    """The lines of a file in UTF-16, in UTF-8."""
    lines = codecs.getreader("utf-16")(source, "replace")
    return (line.encode("utf-8", "replace") for line in lines)


def _name(path: Path) -> str:
    return "standard input" if path == _STDIN else str(path)


def _items(path: Path, ids: dict[str, Any], rejected: list[Rejected]) -> Iterator[Item]:
    """The articles of the lines that can be taken; `ids` keeps each id as it was written."""
    now = datetime.now(UTC)
    for number, line in _lines(path, rejected):
        try:
            record = json.loads(line.removeprefix(_MARK).decode())
            item = _item(record, ids, now)
        except UnicodeDecodeError:
            why = "not UTF-8: save the file as UTF-8"
        except RecursionError:
            why = "nested too deeply: write the article's fields as texts and lists of texts"
        except json.JSONDecodeError as error:
            why = f"not JSON ({error.msg}): write one article a line, as a JSON object"
        except _LineError as error:
            why = str(error)
        except ValueError:
            # The one thing left that Python's reader refuses.
            why = "not JSON (a number of too many digits): write the number as text"
        else:
            ids[item.id] = record["id"]
            yield item
            continue
        rejected.append({"file": _name(path), "line": number, "reason": why})


class _LineError(ValueError):
    """A line is JSON, but no article."""


def _item(record: object, known: Container[str], now: datetime) -> Item:
    if not isinstance(record, dict):
        raise _LineError("not a JSON object: write one article a line, in braces")
    if record.get("id") in (None, ""):
        raise _LineError("no id: give every article one")
    if not isinstance(record["id"], str) and not _is_whole(record["id"]):
        raise _LineError("id is neither text nor a whole number: write it as text")
    name = str(record["id"])
    if name in known:
        raise _LineError(f'the id "{name[:_SHOWN]}" has come before: give every article its own')
    title, body, teaser = (_text(record, key) for key in ("title", "body", "teaser"))
    if not (title or body or teaser):
        raise _LineError("no title, body or teaser: give every article one of them")
    dated = "date" if _text(record, "date") else "published"
    return Item(
        id=name,
        title=title,
        body=body,
        teaser=teaser,
        published=_moment(dated, _text(record, dated), now),
        section=_key(tuple(_texts(record, "section"))),
        tags=tuple(_texts(record, "tags")),
        language=_language(_text(record, "lang") or _text(record, "language")),
        priority=_number(record, "priority"),
    )


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _LineError(f"{key} is not text: put it in quotation marks, or leave it out")
    return value


def _texts(record: dict[str, Any], key: str) -> list[str]:
    value = record.get(key) or []
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise _LineError(f'{key} is neither text nor a list of texts: write ["{key}", "…"]')
    return value


def _number(record: dict[str, Any], key: str) -> int:
    value = record.get(key)
    if value is None:
        return 0
    if not _is_whole(value):
        raise _LineError(f"{key} is not a whole number: write one, such as 1 or -1")
    return cast("int", value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _language(tag: str) -> str:
    """The tag as `articles import` takes it: what is none declares nothing."""
    from digest.ingest.clean import language

    return language(tag)


def _moment(key: str, text: str, now: datetime) -> datetime | None:
    """A date or a date and time as `articles import` takes it; UTC where it names no offset."""
    if not text:
        return None
    try:
        return plausible(instant(text, _UTC), now)
    except ValueError as error:
        raise _LineError(f"{key}: {error}") from None
