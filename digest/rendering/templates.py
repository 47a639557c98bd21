"""Templates: a publisher's folder goes before ours, file by file, in Jinja2's sandbox."""

import os
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.sandbox import MAX_RANGE, SandboxedEnvironment
from pydantic import BaseModel

from digest.errors import CannotReadError, TemplateBrokenError, TemplateMissingError
from digest.rendering.plain import wrap


class OutOfTimeError(Exception):
    """A template takes longer than it may."""


class TemplateUnboundedError(TemplateBrokenError):
    """{place}: {why}: correct it, or remove your copy to use the one that ships."""


FileState = tuple[tuple[str, int, int], ...]
"""Each file and folder with the time of its last change, in nanoseconds, and its size."""


def state_of(folders: Iterable[Path]) -> FileState:
    """What tells whether anything in the folders was changed, added or removed.

    A file that was put back may be older than the others: so it is no matter which is the newest.
    """
    found = []
    for path in (path for folder in folders for path in _within(folder)):
        try:
            facts = path.stat()
        except OSError:  # it has just been removed
            continue
        found.append((str(path), facts.st_mtime_ns, facts.st_size))
    return tuple(sorted(found))


def _within(folder: Path) -> Iterator[Path]:
    """The folder, those in it, and all their files; behind links, too, each folder once."""
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield Path(place)
        yield from (Path(place, name) for name in files)


# Classes of what templates see, such as EditionView for `edition`.
_VIEW = re.compile("(View|Facts)$")
# What an expression in a template can raise.
_TEMPLATES_OWN = (
    *(OutOfTimeError, MemoryError),
    *(TemplateError, ArithmeticError, AttributeError, LookupError),
    *(RuntimeError, TypeError, ValueError),
)


class _Unknown(StrictUndefined):
    """A variable that there is none of, told in the words of docs/reference/templates.md."""

    @property
    def _undefined_message(self) -> str:
        name, thing = self._undefined_name, type(self._undefined_obj)
        if self._undefined_obj is None:
            return f"'{name}' of nothing (ask with {{% if %}} whether there is something)"
        if not thing.__module__.startswith("digest."):
            return super()._undefined_message
        return f"'{_VIEW.sub('', thing.__name__).lower()}' has no '{name}'"


class _FirstFolder(FileSystemLoader):
    """Notices, too, when a folder that goes before another gets a file of the same name."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        try:
            source, path, unchanged = super().get_source(environment, template)
        except UnicodeDecodeError as error:
            line = len(error.object[: error.start + 1].splitlines())
            file = self.first(template) or template
            why = "it is not in UTF-8"
            raise TemplateBrokenError(place=f"{file}, line {line}", why=why) from error

        def still_first() -> bool:
            return self.first(template) == Path(path) and unchanged()

        return source, path, still_first

    def first(self, template: str) -> Path | None:
        """The file that a template comes from."""
        files = (Path(folder) / template for folder in self.searchpath)
        return next((file for file in files if file.is_file()), None)


class _Sandbox(SandboxedEnvironment):
    """Jinja2's, without what could be reached through objects that do more than they show."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """No attribute of classes and of pydantic's models, which open files and unpickle."""
        if isinstance(obj, (type, BaseModel)):
            return False
        return super().is_safe_attribute(obj, attr, value)


class Templates:
    """The templates in `folders`, of which the first that has a file wins.

    Changed files are read anew. In `.html` every value is escaped, in other files none is.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self._files = _FirstFolder(self.folders)
        # Ours alone are trusted: the preview's see the settings as they are.
        sandbox = _Sandbox if self.own else SandboxedEnvironment
        self._environment = sandbox(
            loader=self._files,
            autoescape=select_autoescape(["html"], default=False),
            undefined=_Unknown,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["wrap"] = wrap

    def __reduce__(self) -> tuple[Callable[..., "Templates"], tuple[tuple[Path, ...]]]:
        # What was parsed stays behind.
        return _handed_over, (self.folders,)

    @property
    def own(self) -> tuple[Path, ...]:
        """The publisher's folders; the last of all is ours."""
        return self.folders[:-1]

    @property
    def ours(self) -> "Templates":
        """Without the publisher's."""
        return Templates(self.folders[-1:])

    def path_of(self, name: str) -> Path:
        """The file that a template is read from."""
        return self._files.first(name) or Path(name)

    def render(self, name: str, **context: object) -> str:
        """The text that the template makes of its variables.

        Raises:
            TemplateMissingError: no folder has it, or one that it extends or imports.
            TemplateBrokenError: it cannot be parsed, or fails on these variables.
            CannotReadError: a file of them cannot be opened.
        """
        try:
            return self._environment.get_template(name).render(context)
        except TemplateNotFound as error:
            folders = " or ".join(str(folder) for folder in self.folders)
            if error.name == name:
                raise TemplateMissingError(name=name, folders=folders) from None
            self._blame(error, name, f"it uses {error.name}, which is not in {folders}")
        except TemplateSyntaxError as error:
            path = error.filename or error.name or name
            why = (error.message or "it cannot be parsed").rstrip(".")
            raise TemplateBrokenError(place=f"{path}, line {error.lineno}", why=why) from None
        except OSError as error:
            raise CannotReadError(path=error.filename or name, why=error.strerror) from None
        except _TEMPLATES_OWN as error:
            self._blame(error, name, _in_words(error))

    def _blame(self, error: Exception, name: str, why: str) -> NoReturn:
        """Raise the error with the last of our templates' lines that it came through."""
        unbounded = isinstance(error, OutOfTimeError | MemoryError)
        kind = TemplateUnboundedError if unbounded else TemplateBrokenError
        frames = traceback.extract_tb(error.__traceback__)  # Jinja2 writes its lines into it
        for frame in reversed(frames):
            if any(Path(frame.filename).is_relative_to(folder) for folder in self.folders):
                raise kind(place=f"{frame.filename}, line {frame.lineno}", why=why) from error
        # What is the same for all mails fails when it is parsed, before any line is run.
        raise kind(place=self.path_of(name), why=why) from error


@lru_cache(maxsize=4)
def _handed_over(folders: tuple[Path, ...]) -> Templates:
    """The templates in a process that gets one piece of work after another: parsed once."""
    return Templates(folders)


def _in_words(error: Exception) -> str:
    """What is wrong, to somebody who does not know Python."""
    match error:
        case RecursionError():
            return "it uses itself over and over"
        case MemoryError():
            return "it needs more memory than a mail may"
        case OverflowError():
            return f"a range is longer than {MAX_RANGE:,}, or a number too large"
    return str(error).rstrip(".")
