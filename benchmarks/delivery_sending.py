"""Our side of `benchmarks.delivery`: `digest editions send`, in parts that are timed.

    python -m benchmarks.delivery_sending CONFIG EDITION

Prints one JSON document: seconds of preparing (rendering and audience frozen in the database) and
of sending (from there to complete), processor seconds of the sending, peak memory in MB.
"""

import contextlib
import io
import json
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import digest.worker  # noqa: F401 - so that loading it is no part of the sending
from digest.bootstrap import App
from digest.cli import main as command
from digest.delivery import begin


@dataclass(frozen=True)
class Sending:
    """What one sending took; `whole` is the process from its start to its end."""

    preparing: float
    sending: float
    cpu: float
    peak: float
    whole: float


def run(config: Path, edition: int) -> Sending:
    """Send an edition in a process of its own, as the command does.

    Raises:
        SystemExit: it failed.
    """
    module = ("-m", "benchmarks.delivery_sending")
    command = [sys.executable, *module, str(config), str(edition)]
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    whole = time.perf_counter() - began
    if done.returncode:
        raise SystemExit("the edition was not sent: see above")
    return Sending(**json.loads(done.stdout), whole=whole)


def main() -> None:
    """The process."""
    config, edition = sys.argv[1:]
    app = App.from_file(Path(config))
    began = time.perf_counter()
    begin(app.store, app.settings, app.press.render, int(edition), app.clock())
    app.close()
    prepared, cpu = time.perf_counter(), _cpu()
    _command("--config", config, "editions", "send", edition)
    ended, cpu = time.perf_counter(), _cpu() - cpu
    found = {"preparing": prepared - began, "sending": ended - prepared, "cpu": cpu}
    print(json.dumps({**found, "peak": _peak()}))


def _command(*arguments: str) -> None:
    """The command itself; it finds the edition prepared, as after a restart."""
    sys.argv[1:] = arguments
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            command()
    except SystemExit as ended:
        if ended.code:
            sys.exit(said.getvalue() or ended.code)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _peak() -> float:
    """MB that this process had in memory at most.

    Not by `getrusage` on Linux: it counts the memory of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text("ascii"))
        return int(peak) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main()
