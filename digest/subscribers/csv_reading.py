"""CSV files as spreadsheets save them: told apart, checked, and read a line at a time."""

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from digest.errors import CannotReadError, CsvUnreadableError, UsageError
from digest.subscribers.csv_cells import COLUMNS, unguard
from digest.text import one_line

# A quoted cell may go on over this many lines; more of them means that a quote was not closed.
_MOST_LINES = 10
_LONGEST_LINE = 1_000_000
_UNCLOSED = "unexpected end of data"
_STRAY_QUOTE = "a quote stands within a cell: double it, and put quotes round the cell"
_WORDS = {
    _UNCLOSED: "a quote is not closed",
    "field larger than field limit (131072)": "a cell is longer than 131,072 characters",
}


@dataclass(frozen=True)
class CsvRow:
    """A line of the file, its first being 1: cells by column, or what is wrong with it."""

    line: int
    cells: dict[str, str] = field(default_factory=dict)
    problem: str = ""


class SubscribersCsv:
    """A file that is known to be readable and to have an `email` column.

    Raises:
        CannotReadError: it cannot be opened.
        CsvUnreadableError: it is no such file, with the remedy.
    """

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self.path = path
        try:
            self.encoding = encoding or _encoding(path)
            _check_encoding(path, self.encoding)
            with path.open(encoding=self.encoding, newline="") as file:
                header = file.readline()
        except OSError as error:
            raise CannotReadError(path=path, why=error.strerror) from error
        self._delimiter = "\t" if "\t" in header and "," not in header else ","
        self.columns = self._read_header(header)

    @property
    def ignored(self) -> list[str]:
        """The columns that mean nothing here."""
        return [column for column in self.columns if column and column not in COLUMNS]

    def __iter__(self) -> Iterator[CsvRow]:
        with self.path.open(encoding=self.encoding, newline="") as file:
            for line, cells, problem in _records(enumerate(file, 1), self._delimiter):
                if line > 1 and (problem or any(cells)):
                    yield self._row(line, cells, problem)

    def _row(self, line: int, cells: list[str], problem: str) -> CsvRow:
        if not problem and len(cells) > len(self.columns):
            problem = (
                f"it has {len(cells)} cells and the first line names {len(self.columns)} columns: "
                "put quotes round a cell with a comma in it"
            )
        named = dict(zip(self.columns, map(unguard, cells), strict=False))
        return CsvRow(line, {column: named.get(column, "") for column in COLUMNS}, problem)

    def _read_header(self, header: str) -> list[str]:
        cells, problem = _parse(header, self._delimiter)
        columns = [one_line(cell).casefold() for cell in cells]
        if "\0" in header:
            raise self._unreadable("it looks like UTF-16: say --encoding utf-16-le or utf-16-be")
        if problem:
            raise self._unreadable(f"in its first line {_WORDS.get(problem, _STRAY_QUOTE)}")
        if "email" not in columns and ";" in header:
            raise self._unreadable(
                "its cells are parted by semicolons, which part several values within a cell: "
                "save it with commas or tabs"
            )
        if "email" not in columns:
            found = one_line(", ".join(columns), 100) or "nothing"
            raise self._unreadable(
                f'its first line must name the columns, "email" among them; it has {found}'
            )
        twice = [column for column in COLUMNS if columns.count(column) > 1]
        if twice:
            raise self._unreadable(f'it has two columns "{twice[0]}": remove one')
        return columns

    def _unreadable(self, why: str) -> CsvUnreadableError:
        return CsvUnreadableError(path=self.path, why=why)


def _encoding(path: Path) -> str:
    """UTF-16 where the file's mark says so; else UTF-8, with a mark or without."""
    with path.open("rb") as file:
        mark = file.read(2)
    return "utf-16" if mark in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig"


def _check_encoding(path: Path, encoding: str) -> None:
    """Read the whole file once, in lines of bounded length, before anything of it is imported."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        "".encode(encoding)
    except LookupError as error:
        known = "utf-8, utf-16, latin-1 or windows-1251"
        why = f'"{one_line(encoding, 40)}" is no encoding of text: use one such as {known}'
        raise UsageError(detail=why) from error
    if bad := _first_bad_line(path, decoder):
        name = "UTF-8" if encoding == "utf-8-sig" else encoding
        why = (
            f"line {bad} is not {name}: save the file as UTF-8, "
            "or say what it is in, such as --encoding latin-1"
        )
        raise CsvUnreadableError(path=path, why=why)


def _first_bad_line(path: Path, decoder: codecs.IncrementalDecoder) -> int | None:
    with path.open("rb") as file:
        lines = iter(lambda: file.readline(_LONGEST_LINE), b"")
        for number, line in enumerate(chain(lines, [b""]), 1):
            if len(line) == _LONGEST_LINE:
                why = f"line {number} is longer than {_LONGEST_LINE:,} bytes: save it as CSV"
                raise CsvUnreadableError(path=path, why=why)
            try:
                decoder.decode(line, final=not line)
            except UnicodeDecodeError:
                return number
    return None


def _records(
    lines: Iterator[tuple[int, str]], delimiter: str
) -> Iterator[tuple[int, list[str], str]]:
    """Each record's first line, its cells, and what is wrong with it.

    A quoted cell may hold line breaks. Where its quote is never closed only that line is lost, not
    all that follow.
    """
    ahead: deque[tuple[int, str]] = deque()
    while True:
        number, text = ahead.popleft() if ahead else next(lines, (0, ""))
        if not number:
            return
        cells, problem = _parse(text, delimiter)
        joined, used, still = text, 0, problem
        while still == _UNCLOSED and used < _MOST_LINES:
            if used == len(ahead):
                following = next(lines, None)
                if following is None:
                    break
                ahead.append(following)
            joined += ahead[used][1]
            used += 1
            cells, still = _parse(joined, delimiter)
        if still:
            cells, _ = _parse(text, delimiter, strict=False)
            yield number, cells, _WORDS.get(problem, _STRAY_QUOTE)
            continue
        for _ in range(used):
            ahead.popleft()
        yield number, cells, ""


def _parse(text: str, delimiter: str, *, strict: bool = True) -> tuple[list[str], str]:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=strict), []), ""
    except csv.Error as error:
        return [], str(error)
