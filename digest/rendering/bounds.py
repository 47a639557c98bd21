"""A publisher's own templates at work, in a process whose time and memory are limited.

Jinja2's sandbox keeps a template from reaching what is none of its business, but not from looping
for ever or filling the memory: here that ends the child process, and is told with the line.
"""

import logging
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any, TypeVar

from digest.errors import DigestError, TemplateBrokenError
from digest.rendering.templates import Templates

CPU_SECONDS = 20
"""An edition of 500 stories takes some 3, that of an ordinary day a tenth of that."""
MEMORY_BYTES = 1024 * 1024 * 1024
_WALL_SECONDS = 300  # a busy machine may be slow; the limit on the processor's time comes first

Made = TypeVar("Made")

_log = logging.getLogger(__name__)


def bounded(work: Callable[..., Made], templates: Templates) -> Made:
    """What `work(templates=templates)` gives; in a child process, unless all templates are ours.

    Args:
        work: a function of a module, or a `functools.partial` of one: both it and what it gives are
            handed over pickled.
        templates: what it works with.

    Raises:
        TemplateBrokenError: it takes more time or memory than the templates of a mail may.
        DigestError: whatever `work` raises.
    """
    if not templates.own:
        return work(templates=templates)
    command = [
        sys.executable,
        "-P",  # what lies in the folder that we are started in is none of our modules
        "-m",
        "digest.rendering.bounded_child",
        str(CPU_SECONDS),
        str(MEMORY_BYTES),
    ]
    asked = pickle.dumps(partial(work, templates=templates))
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, input=asked, capture_output=True, timeout=_WALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _beyond(templates, f"they take longer than {_WALL_SECONDS} seconds") from error
    if done.returncode < 0:
        raise _beyond(templates, f"they take more than {CPU_SECONDS} seconds, or too much memory")
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise _beyond(templates, last[0] if last else "they failed without a word")
    made: Any = pickle.loads(done.stdout)  # noqa: S301 - from our own child
    if isinstance(made, DigestError):
        raise made
    answer: Made = made
    return answer


class Tried:
    """Templates for work that many wait for, as readers do for a page of ours on the web.

    A child process for each would take too long. So what the publisher's templates make is made
    apart once, and again after each change of them; if that goes well, in this process from then
    on. If they ever fail, ours stand in until they are changed.
    """

    def __init__(self, templates: Templates) -> None:
        self._templates, self._ours = templates, templates.ours
        self._fit: dict[tuple[str, float], bool] = {}
        self._trial = Lock()

    def render(self, name: str, work: Callable[..., Made]) -> Made:
        """What `work(templates=templates)` gives; `name` tells one kind of work from another.

        Raises:
            DigestError: whatever `work` raises with our templates.
        """
        if not self._templates.own:
            return work(templates=self._templates)
        key = name, self._templates.changed()
        if key not in self._fit:
            with self._trial:  # others who came for the same wait for how it goes
                if key not in self._fit:
                    self._attempt(key, partial(bounded, work))
        if self._fit[key]:
            made = self._attempt(key, work)
            if made is not None:
                return made
        return work(templates=self._ours)

    def _attempt(self, key: tuple[str, float], work: Callable[..., Made]) -> Made | None:
        try:
            made = work(templates=self._templates)
        except DigestError as error:
            _log.error("your own templates failed, and ours are used instead: %s", error)
            self._fit[key] = False
            return None
        self._fit[key] = True
        return made


def _beyond(templates: Templates, why: str) -> TemplateBrokenError:
    folders = " and ".join(str(folder) for folder in templates.own)
    return TemplateBrokenError(path=folders, line="?", why=why)
