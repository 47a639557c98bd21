"""Who holds a claim, and whether they still live.

A sender's name is its host, its process, its edition and a mark.
"""

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager

_alive: set[str] = set()


@contextmanager
def owner(edition_id: int) -> Iterator[str]:
    """A name for a sender of an edition, alive until the block ends.

    Machines that share a database need different host names.
    """
    name = f"{socket.gethostname()}:{os.getpid()}:{edition_id}.{secrets.token_hex(4)}"
    _alive.add(name)
    try:
        yield name
    finally:
        _alive.discard(name)


def edition_of(name: str) -> str:
    """The edition that a sender sends, as its name has it."""
    return name.rpartition(":")[2].partition(".")[0]


def is_dead(name: str) -> bool:
    """Whether the sender surely lives no more. Of another machine's nobody here can tell.

    A process that took the number of a dead one makes it look alive: then its lease runs out.
    """
    host, process, _ = name.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    if int(process) == os.getpid():
        return name not in _alive
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
