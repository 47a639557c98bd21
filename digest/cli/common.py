"""What the commands share: the program, `--json`, and how results and errors are said."""

import contextlib
import errno
import io
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.errors import OutputLostError
from digest.text import clean_text

if TYPE_CHECKING:
    from digest.bootstrap import App

_STDOUT = 1

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def one_command() -> typer.Typer:
    """What holds a command that is a noun by itself, such as `digest run`."""
    return typer.Typer(add_completion=False, rich_markup_mode=None)


@dataclass
class Invocation:
    """What `digest [--config PATH]` was called with."""

    config: Path | None = None
    _app: "App | None" = field(default=None, repr=False)

    @property
    def app(self) -> "App":
        """The program on the configuration named, made when a command first asks for it."""
        if self._app is None:
            from digest.bootstrap import App

            self._app = App.from_file(self.config)
        return self._app

    def close(self) -> None:
        """Give back what the command opened."""
        if self._app is not None:
            self._app.close()


def program(context: typer.Context) -> "App":
    """The program, from within a command."""
    invocation: Invocation = context.ensure_object(Invocation)
    return invocation.app


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


class _Output(io.FileIO):
    """Standard output that says in words that it cannot be written, whoever writes to it."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            drop_output()
            why = "it is closed" if error.errno == errno.EBADF else error.strerror
            raise OutputLostError(why=why) from error


def watch_output() -> None:
    """From here on, whatever is written to standard output arrives or ends the program.

    Writing raises OutputLostError where it is closed, or its disk is full.
    """
    was = sys.stdout
    if was is not sys.__stdout__:  # whoever put their own in its place hears of it themselves
        return
    if was is None:
        # Its number must not go to a file that is opened later: what is said would land there.
        os.dup2(os.open(os.devnull, os.O_RDONLY), _STDOUT)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(_STDOUT, "w", closefd=False)),
        encoding=was.encoding if was else "utf-8",
        errors=was.errors if was else None,
        line_buffering=was.line_buffering if isinstance(was, io.TextIOWrapper) else False,
    )


def drop_output() -> None:
    """Let what is left of standard output go nowhere: the program's end would fail on it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)


def say(data: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Report a result on standard output: as one JSON document, or as lines for a person."""
    if as_json:
        text = json.dumps(data, ensure_ascii=False, default=_plain, indent=2)
        typer.echo(text.encode("utf-8", "replace").decode())
    else:
        for line in lines:
            # What came from outside may hold a terminal's commands, or what cannot be encoded.
            typer.echo(clean_text(line))


def many(number: int, one: str, more: str = "") -> str:
    """A number of things, named as it asks for: "1 story", "2 stories"; `more` is the plural."""
    return f"{number} {one if number == 1 else more or one + 's'}"


def note(text: str) -> None:
    """Say something on standard error: progress, or what went wrong."""
    if sys.stderr is None:  # closed by who called us; print would take standard output instead
        return
    with contextlib.suppress(OSError):  # there is nowhere left to say that it cannot be said
        print(clean_text(text), file=sys.stderr, flush=True)  # noqa: T201 - typer.echo has no flush


def done_in_part(*, complete: bool) -> None:
    """End with status 1 unless everything was done."""
    if not complete:
        raise typer.Exit(1)
