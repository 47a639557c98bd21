"""The process in which a publisher's own templates run: pickled work in, what it made out.

Run as `python -m digest.rendering.bounded_child MEMORY_BYTES`. It is asked and answers in frames: a
length (and, when it is asked, the seconds of the processor's time that the work may take), then so
many bytes of pickle. It ends when nobody asks any more, and after work that went beyond its limits.
"""

import math
import pickle
import resource
import signal
import sys
import time
from typing import BinaryIO, NoReturn

from digest.errors import DigestError
from digest.rendering.bounds import ANSWERED, ASKED
from digest.rendering.templates import OutOfTimeError, TemplateUnboundedError

_GRACE = 5
"""Seconds between being told that time is up, which comes once a second, and being killed."""


def main() -> None:
    """Limit this process, then work for as long as somebody asks."""
    memory = int(sys.argv[1])
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever is printed is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent, which then ends us
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    unbounded = False
    while not unbounded and (head := sys.stdin.buffer.read(ASKED.size)):
        length, seconds = ASKED.unpack(head)
        answer, unbounded = _answer(sys.stdin.buffer.read(length), seconds)
        _send(answers, answer)


def _answer(asked: bytes, seconds: float) -> tuple[bytes, bool]:
    """What the work made, or how it failed; and whether it went beyond its limits."""
    try:
        try:
            _limit(seconds)
            return pickle.dumps(pickle.loads(asked)()), False  # noqa: S301 - from our own parent
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except (DigestError, OutOfTimeError, MemoryError) as error:
        told = _told(error)
        return pickle.dumps(told), isinstance(told, TemplateUnboundedError)


def _limit(seconds: float) -> None:
    """Have the work told once a second that its time is up, and killed if it does not listen."""

    def time_is_up(_signal: int, _frame: object) -> NoReturn:
        raise OutOfTimeError(f"it takes more than {seconds:g} seconds")

    signal.signal(signal.SIGPROF, time_is_up)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)
    end = math.ceil(time.process_time() + seconds + _GRACE)
    resource.setrlimit(resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))


def _told(error: Exception) -> Exception:
    """The error as our parent is told it; what caused it stays behind."""
    if not isinstance(error, TemplateUnboundedError):
        for one in (error, error.__cause__):
            if isinstance(one, OutOfTimeError | MemoryError):
                why = str(one) or "what they make needs more memory than a mail may"
                return TemplateUnboundedError(place="your templates", why=why)
    return error


def _send(answers: BinaryIO, answer: bytes) -> None:
    answers.write(ANSWERED.pack(len(answer)))
    answers.write(answer)
    answers.flush()


if __name__ == "__main__":
    main()
