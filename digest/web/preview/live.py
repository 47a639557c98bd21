"""What the preview keeps between requests: the configuration in force, and what was rendered."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session

from digest.bootstrap import App
from digest.config import Newsletter
from digest.errors import DigestError
from digest.web.preview.look import Look, look_at, version_of

_LOOKS = 8
_TOLD = 16


@dataclass(frozen=True)
class Told:
    """What became of a test: the address, whether the server took it, and what it said."""

    to: str
    accepted: bool
    reply: str


class Live:
    """The program on its configuration file as it is now, or as it last was in order.

    `problem` says what is wrong with the file since. `token` is in every form of this run.
    """

    def __init__(self, program: App) -> None:
        self.token = secrets.token_urlsafe(24)
        self.problem = ""
        self.pages = program.templates.ours
        self._first = self._app = program
        self._renewals = 0
        self._file = _state_of(program)
        self._looks: OrderedDict[tuple[str, date, str], Look] = OrderedDict()
        self._told: OrderedDict[str, Told] = OrderedDict()
        self._changing, self._looking = Lock(), Lock()

    @property
    def app(self) -> App:
        """The program, wired anew when its file has changed."""
        with self._changing:
            file = _state_of(self._app)
            # What is wrong can be in another file that this one names: it is tried each time.
            if file != self._file or self.problem:
                self._renew()
                self._file = file
        return self._app

    def _renew(self) -> None:
        before = self._app
        try:
            self._app = before.renewed()
            self._renewals += 1
            self.problem = ""
        except DigestError as error:
            self.problem = str(error)
            return
        if before is not self._first and before.store is not self._app.store:
            before.close()

    @property
    def changed(self) -> bool:
        """Whether the configuration is another than the program began with."""
        return self._app is not self._first

    def version(self, session: Session, app: App, newsletter: Newsletter, day: date) -> str:
        """A word that changes with all that is shown but the reader, and with the program's run."""
        own = (self.token, self._renewals, self.problem)
        return version_of(session, app, newsletter, day, *own)

    def look(self, session: Session, app: App, newsletter: Newsletter, day: date) -> Look:
        """The edition of a day; composed and rendered once, until anything changes.

        Raises:
            NoEditionThatDayError: the newsletter's zone has no such date.
        """
        key = newsletter.slug, day, self.version(session, app, newsletter, day)
        with self._looking:
            if key not in self._looks:
                self._looks[key] = look_at(session, app, newsletter, day)
                _trim(self._looks, _LOOKS)
            self._looks.move_to_end(key)
            return self._looks[key]

    def tell(self, told: Told) -> str:
        """Keep what became of a test; gives the name that it is found by."""
        name = secrets.token_urlsafe(8)
        self._told[name] = told
        _trim(self._told, _TOLD)
        return name

    def told(self, name: str) -> Told | None:
        """What became of a test; None where it was too long ago."""
        return self._told.get(name)


def _live(request: Request) -> Live:
    live: Live = request.app.state.preview
    return live


Desk = Annotated[Live, Depends(_live)]


def _state_of(app: App) -> tuple[int, int, int] | None:
    """What changes when the configuration file is written, or replaced by another."""
    if app.path is None:
        return None
    try:
        facts = app.path.stat()
    except OSError:
        return 0, 0, 0
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _trim(
    kept: OrderedDict[str, Told] | OrderedDict[tuple[str, date, str], Look], most: int
) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
