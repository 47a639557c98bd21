"""The process in which a publisher's own templates run: pickled work in, what it made out.

Run as `python -m digest.rendering.bounded_child CPU_SECONDS MEMORY_BYTES`.
"""

import pickle
import resource
import signal
import sys
from typing import NoReturn

from digest.errors import DigestError, TemplateBrokenError
from digest.rendering.templates import OutOfTimeError

_GRACE = 5
"""Seconds between being told that time is up, which comes once a second, and being killed."""


def main() -> None:
    """Limit this process, then work."""
    cpu, memory = int(sys.argv[1]), int(sys.argv[2])
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever is printed is no answer

    def time_is_up(_signal: int, _frame: object) -> NoReturn:
        raise OutOfTimeError(f"it takes more than {cpu} seconds")

    signal.signal(signal.SIGXCPU, time_is_up)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + _GRACE))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    work = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    try:
        answer = pickle.dumps(work())
    except DigestError as error:
        answer = pickle.dumps(error)
    except (OutOfTimeError, MemoryError) as error:
        why = str(error) or "what they make needs more memory than a mail may"
        answer = pickle.dumps(TemplateBrokenError(path="your templates", line="?", why=why))
    answers.write(answer)


if __name__ == "__main__":
    main()
