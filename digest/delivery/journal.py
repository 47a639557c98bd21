"""What a sender has begun and heard since its last commit, in a file that outlives a kill.

Rows are claimed and settled hundreds at a time. Were the database all that is known of a killed
sender, each of its claims might have left or not. So a line in its journal says which message is
about to pass the final dot, and another what the server answered. Lines go to the system at once,
which keeps them when the process is killed; they are not forced to the disk, and so are no proof
after a power cut: see `Told.whole`.
"""

import errno
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from digest.delivery.replies import Answer, Stage
from digest.errors import JournalError

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_ENDING = ".journal"
_SEAL = b"sealed\n"
# Host, process, and edition with its mark: see `owner`. A host's name may have underscores itself.
_NAME = re.compile(r"(.+)_(\d+)_(\d+\.[0-9a-f]+)" + re.escape(_ENDING))


class Hold(NamedTuple):
    """One claim of one row: a later claim of the row has another fence."""

    delivery_id: int
    fence: int


class SealedError(Exception):
    """This sender's claims were given up for lost: it may send nothing more under them."""


@dataclass
class Told:
    """What a journal tells of a sender's claims.

    `whole` says that nothing can be missing: the machine has been up ever since. Then a claim that
    was not begun was not sent.
    """

    whole: bool
    begun: set[Hold] = field(default_factory=set)
    heard: dict[Hold, Answer] = field(default_factory=dict)

    def untouched(self, hold: Hold) -> bool:
        """Whether it is sure that the message never left."""
        return self.whole and hold not in self.begun


class Journal:
    """The journal that one sender writes.

    Lines are appended, each at one go, and so they have one order: what stands before the seal that
    another sender put was begun, and whoever finds that its line stands after it begins nothing.

    Raises:
        JournalError: the folder or the file cannot be written.
    """

    def __init__(self, folder: Path, owner: str) -> None:
        self._path = folder / _name(owner)
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND
            self._file = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise JournalError(path=self._path, why=error.strerror) from error
        self._size = 0
        self._cut_off = False
        self._heard: list[bytes] = []
        try:
            self._write(f"boot {_boot()}\n".encode("ascii"))
        except JournalError:
            self.close(settled=True)  # nothing stands in it
            raise

    def begin(self, hold: Hold) -> None:
        """Say that the message of a claim is about to leave.

        Raises:
            SealedError: it must not.
            JournalError: the line cannot be written, and so the message must not leave.
        """
        self._write(b"".join((*self._heard, b"begun %d %d\n" % hold)))
        self._heard.clear()
        if os.lseek(self._file, 0, os.SEEK_CUR) != self._size:
            raise SealedError

    def heard(self, hold: Hold, answer: Answer) -> None:
        """Say what the server answered, before another message begins.

        A connection that heard an answer begins the next message: so at any time there is at most
        one answer of each that the file lacks.
        """
        line = json.dumps(["heard", *hold, answer.stage.name, answer.code, answer.text])
        self._heard.append(line.encode("ascii") + b"\n")

    def close(self, *, settled: bool) -> None:
        """End the journal; `settled` says that the database knows all that stands in it."""
        if not settled:
            with suppress(JournalError):
                self._write(b"".join(self._heard))
        os.close(self._file)
        if settled:
            self._path.unlink(missing_ok=True)

    def _write(self, line: bytes) -> None:
        if self._cut_off:
            # The disk was full in the middle of a line: this one is not to go on with it.
            line = b"\n" + line
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise JournalError(path=self._path, why=error.strerror) from error
        self._size += written
        self._cut_off = written < len(line)
        if self._cut_off:
            raise JournalError(path=self._path, why=os.strerror(errno.ENOSPC))


def seal(folder: Path, owner: str, *, dead: bool = False) -> Told:
    """End another sender's journal, so that it begins nothing more, and read what it tells.

    `dead` says that it surely lives no more: then the journal has ended, also where a full disk has
    no room for the seal.
    """
    try:
        file = os.open(folder / _name(owner), os.O_RDWR | os.O_APPEND)
    except OSError:
        return Told(whole=False)
    try:
        with suppress(OSError):  # of a full disk: who only sleeps may then begin what it has not
            os.write(file, b"\n" + _SEAL)
        text = os.pread(file, os.fstat(file).st_size, 0)
    finally:
        os.close(file)
    before, sealed, _ = text.partition(b"\n" + _SEAL)
    lines = (before + b"\n").splitlines(keepends=True)
    told = Told(whole=(dead or bool(sealed)) and lines[0] == f"boot {_boot()}\n".encode("ascii"))
    for line in lines:
        _read(line, told)
    return told


def forget(folder: Path, owner: str) -> None:
    """Remove a dead sender's journal: the database knows all that stood in it."""
    (folder / _name(owner)).unlink(missing_ok=True)


def owners(folder: Path) -> list[str]:
    """The senders that have a journal."""
    names = (_NAME.fullmatch(path.name) for path in sorted(folder.glob(f"*{_ENDING}")))
    return [":".join(name.groups()) for name in names if name]


def _read(line: bytes, told: Told) -> None:
    """Take in a line; one that was cut off by a kill says nothing, and nothing came of it."""
    with suppress(ValueError, TypeError, KeyError):
        if line.startswith(b"begun "):
            told.begun.add(Hold(*map(int, line.split()[1:])))
        elif line.startswith(b"["):
            _, number, fence, stage, code, text = json.loads(line)
            told.heard[Hold(number, fence)] = Answer(Stage[stage], code, text)


def _name(owner: str) -> str:
    # A colon is no letter for a file everywhere.
    return owner.replace(":", "_") + _ENDING


@cache
def _boot() -> str:
    """What names the time since this machine was started; made up where the system has no name."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return f"unknown {os.getpid()}"
