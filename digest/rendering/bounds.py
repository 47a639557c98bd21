"""A publisher's own templates at work, in a process whose time and memory are limited.

Jinja2's sandbox keeps a template from reaching what is none of its business, but not from looping
for ever or filling the memory: here that ends the child process, and is told with the line.
"""

import logging
import pickle
import select
import struct
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import IO, Any, Self, TypeVar

from digest.errors import DigestError
from digest.rendering.templates import FileState, Templates, TemplateUnboundedError, state_of

CPU_SECONDS = 20
"""An edition of 500 stories takes some 3, that of an ordinary day a tenth of that."""
PAGE_SECONDS = 5
"""A page on the web takes some hundredths, and other readers wait for it."""
MEMORY_BYTES = 1024 * 1024 * 1024
ANSWER_BYTES = 64 * 1024 * 1024
"""The blocks of an edition of 500 stories take some 3 MB."""
ASKED = struct.Struct(">Qd")
"""The head of what a child is asked: the bytes that follow, the seconds that the work may take."""
ANSWERED = struct.Struct(">Q")
"""The head of its answer: the bytes that follow."""
_WALL_SECONDS = 300  # a busy machine may be slow; the limit on the processor's time comes first

Made = TypeVar("Made")

_log = logging.getLogger(__name__)


def bounded(work: Callable[..., Made], templates: Templates) -> Made:
    """What `work(templates=templates)` gives; in a child process, unless all templates are ours.

    Args:
        work: a function of a module, or a `functools.partial` of one: both it and what it gives are
            handed over pickled.
        templates: what it works with. `KeptApart` keep one child for all work; others begin one
            each time, which takes most of a second.

    Raises:
        TemplateUnboundedError: it takes more time or memory than the templates of a mail may.
        DigestError: whatever `work` raises.
    """
    if not templates.own:
        return work(templates=templates)
    if isinstance(templates, KeptApart):
        return templates.make(work)
    with KeptApart(templates) as kept:
        return kept.make(work)


class KeptApart(Templates):
    """The same templates with a child of their own: for many pieces of work, one after another.

    The child begins with the first piece, and again after one that went beyond its limits, which
    hold for each piece alone. It ends with the `with` block, or when nobody has this any more.
    For one thread at a time.
    """

    def __init__(self, templates: Templates, seconds: float | None = None) -> None:
        super().__init__(templates.folders)
        self._seconds = seconds
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def make(self, work: Callable[..., Made]) -> Made:
        """What `work(templates=...)` gives, as `bounded` says."""
        asked = pickle.dumps(partial(work, templates=self))
        seconds = self._seconds or CPU_SECONDS
        made: Any = None
        try:
            if self._child is None or not self._child.lives:
                self._end()
                self._child = _Child()
            made = pickle.loads(self._child.ask(asked, seconds))  # noqa: S301 - from our child
        except _FailedError as error:
            folders = " and ".join(str(folder) for folder in self.own)
            made = TemplateUnboundedError(place=folders, why=str(error))
        finally:
            # Also after Ctrl-C: what it would still answer is for a question of before.
            if made is None or isinstance(made, TemplateUnboundedError):
                self._end()
        if isinstance(made, DigestError):
            raise made
        answer: Made = made
        return answer

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


class _FailedError(Exception):
    """The child gave no answer, or one that is of no use."""


class _Child:
    """A process that runs `bounded_child`."""

    def __init__(self) -> None:
        command = [
            sys.executable,
            "-P",  # what lies in the folder that we are started in is none of our modules
            "-m",
            "digest.rendering.bounded_child",
            str(MEMORY_BYTES),
        ]
        # A file, for nobody reads along: a full pipe would stop the child.
        self._last_words = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._last_words
        )
        self.end = weakref.finalize(self, _end, self._process, self._last_words)

    @property
    def lives(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, asked: bytes, seconds: float) -> bytes:
        """Its answer, which may take so many seconds of the processor's time.

        Raises:
            _FailedError: there is none, or it is too large.
        """
        questions, answers = self._process.stdin, self._process.stdout
        assert questions is not None  # noqa: S101 - both are pipes
        assert answers is not None  # noqa: S101
        try:
            questions.write(ASKED.pack(len(asked), seconds) + asked)
            questions.flush()
        except BrokenPipeError:
            raise _FailedError(self._why_it_ended(seconds)) from None
        ready = select.poll()
        ready.register(answers, select.POLLIN)
        if not ready.poll(_WALL_SECONDS * 1000):
            raise _FailedError(f"they take longer than {_WALL_SECONDS} seconds")
        head = answers.read(ANSWERED.size)
        if len(head) == ANSWERED.size:
            (length,) = ANSWERED.unpack(head)
            if length > ANSWER_BYTES:
                raise _FailedError(
                    f"what they make takes {length:,} bytes, and may take {ANSWER_BYTES:,}"
                )
            answer = answers.read(length)
            if len(answer) == length:
                return answer
        raise _FailedError(self._why_it_ended(seconds))

    def _why_it_ended(self, seconds: float) -> str:
        if self._process.wait() < 0:
            return f"they take more than {seconds:g} seconds, or too much memory"
        self._last_words.seek(0)
        said = self._last_words.read().decode("utf-8", "replace").strip().splitlines()
        return said[-1] if said else "they failed without a word"


def _end(process: subprocess.Popen[bytes], last_words: IO[bytes]) -> None:
    process.kill()
    with process, last_words:  # waits for it, and closes all that it was spoken to by
        pass


class Tried:
    """Templates for work that many wait for, as readers do for a page of ours on the web.

    A child process for each would take too long to begin: one is kept for all. Where the
    publisher's templates fail, ours stand in for that one piece of work. Those that went beyond
    their limits are not tried again until a file of theirs is changed: each time would cost
    everybody that wait.
    """

    def __init__(self, templates: Templates) -> None:
        self._templates, self._ours = templates, templates.ours
        self._kept = KeptApart(templates, PAGE_SECONDS)
        self._state: FileState = ()
        self._told: set[tuple[str, ...]] = set()
        self._unbounded: set[str] = set()
        self._one_at_a_time = Lock()

    def render(self, name: str, work: Callable[..., Made]) -> Made:
        """What `work(templates=templates)` gives; `name` tells one kind of work from another.

        Raises:
            DigestError: whatever `work` raises with our templates.
        """
        if not self._templates.own:
            return work(templates=self._templates)
        with self._one_at_a_time:  # whoever waited for what does not end is not to try it, too
            state = state_of(self._templates.own)
            if state != self._state:
                self._state, self._told, self._unbounded = state, set(), set()
            if name not in self._unbounded:
                try:
                    return self._kept.make(work)
                except DigestError as error:
                    self._note(name, error)
        return work(templates=self._ours)

    def _note(self, name: str, error: DigestError) -> None:
        """Tell what failed, once for each place of a page until the templates are changed."""
        if isinstance(error, TemplateUnboundedError):
            self._unbounded.add(name)
        place = name, *(str(error.facts.get(fact)) for fact in ("place", "path"))
        if place not in self._told:
            self._told.add(place)
            _log.error("your own templates failed, and ours are used instead: %s", error)
