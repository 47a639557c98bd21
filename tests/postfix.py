"""Postfix's test programs, and all of Postfix: `python -m tests.postfix` makes sure of them.

What the system has is used. Otherwise Debian's package is downloaded, with the libraries that are
missing here, and unpacked into the virtual environment: nothing is installed, no service started.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

_SINK = "smtp-sink"
_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/lib/postfix/sbin")
_REMEDY = (
    f"Postfix's {_SINK} is needed and could not be fetched: install Postfix (Debian: "
    "apt-get install --no-install-recommends postfix)"
)
_STARTING = 10.0
"""Seconds within which a server that we start listens."""


def program(name: str) -> str:
    """The path of one of Postfix's programs.

    Raises:
        RuntimeError: there is no Postfix and none can be fetched.
    """
    root = _unpacked()
    folders = _PLACES if root is None else [str(root / place.lstrip("/")) for place in _PLACES]
    path = os.pathsep.join([*folders, os.environ["PATH"]] if root is None else folders)
    found = shutil.which(name, path=path)
    if found is None:
        raise RuntimeError(_REMEDY)
    return found


def prefix() -> Path:
    """The folder that Postfix's files lie under, as they do under `/` where it is installed."""
    return _unpacked() or Path("/")


def environment() -> Mapping[str, str]:
    """The environment in which Postfix's programs find their libraries."""
    root = _unpacked()
    if root is None:
        return os.environ
    folders = sorted({str(library.parent) for library in root.rglob("*.so*")})
    return os.environ | {"LD_LIBRARY_PATH": os.pathsep.join(folders)}


def sink_command() -> list[str]:
    """How `smtp-sink` is called; options, the address and the backlog are to follow."""
    # As root it insists on becoming somebody else.
    return [program(_SINK), *(["-u", "nobody"] if os.getuid() == 0 else [])]


@contextlib.contextmanager
def sink(*options: str, counts: Path | None = None) -> Iterator[int]:
    """An `smtp-sink` that takes mail and forgets it, unless `options` say otherwise.

    Args:
        options: of the program, such as `-q .`.
        counts: a file for what it prints.

    Yields:
        The port of 127.0.0.1 it listens on.
    """
    port = free_port()
    command = [*sink_command(), *options, f"127.0.0.1:{port}", "1000"]
    with (counts or Path(os.devnull)).open("wb") as output:
        process = subprocess.Popen(command, env=environment(), stdout=output)
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when somebody listens on a port of 127.0.0.1.

    Raises:
        RuntimeError: the process that should has ended, or has not done so in time.
    """
    until = time.monotonic() + _STARTING
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.01)
    process.kill()
    raise RuntimeError(f"{process.args!r} does not listen on port {port}")


@cache
def _unpacked() -> Path | None:
    """Where Postfix was unpacked; None where the system has it."""
    if shutil.which(_SINK, path=os.pathsep.join([*_PLACES, os.environ["PATH"]])):
        return None
    kept = Path(sys.prefix) / "postfix"
    if not kept.exists():
        _fetch(kept)
    return kept


def _fetch(kept: Path) -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise RuntimeError(_REMEDY)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix="postfix-") as name:
        folder = Path(name)
        archives = folder / "archives"
        (archives / "partial").mkdir(parents=True)
        if not _download(archives) and os.getuid() == 0:
            # A new machine may have no list of packages yet.
            _run("apt-get", "update", "-qq")
            _download(archives)
        root = folder / "root"
        for archive in archives.glob("*.deb"):
            _run("dpkg-deb", "-x", str(archive), str(root))
        if not (root / "usr/sbin" / _SINK).exists():
            raise RuntimeError(_REMEDY)
        # Another process may have done the same meanwhile: its files are as good.
        with contextlib.suppress(OSError):
            root.rename(kept)


def _download(archives: Path) -> bool:
    """Fetch the package and what it needs and this system lacks; no right of root's is used."""
    options = [f"Dir::Cache::archives={archives}", "Debug::NoLocking=true"]
    if os.getuid() == 0:
        # Root would fetch as a user who may not write here.
        options.append("APT::Sandbox::User=root")
    flags = [flag for option in options for flag in ("-o", option)]
    get = ("apt-get", "-y", "-qq", "--no-install-recommends", "--download-only", *flags)
    return _run(*get, "install", "postfix") == 0


def _run(*command: str) -> int:
    """Run it and let it say on standard error why it failed; what counts is what is there after."""
    return subprocess.run(command, stdout=sys.stderr, check=False).returncode


if __name__ == "__main__":
    try:
        print(program(_SINK))  # noqa: T201 - the answer
    except RuntimeError as error:
        sys.exit(str(error))
