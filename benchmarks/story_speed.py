"""How fast the command groups made articles, beside scikit-learn's TF-IDF of the same file."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

DIGEST = (sys.executable, "-m", "digest")
YARDSTICK = (sys.executable, "-m", "benchmarks.tfidf_yardstick")
MAKE = (sys.executable, "-m", "benchmarks.stories", "make")

START_ROUNDS = 9


@dataclass(frozen=True)
class Run:
    """A whole process: seconds by the clock and of the processor, peak MiB, what it printed."""

    seconds: float
    cpu: float
    peak: float
    output: str


def speed(counts: Sequence[int], rounds: int) -> int:
    """Print medians over rounds in which both take turns, each a whole process on one core."""
    yardstick = find_spec("sklearn") is not None
    if not yardstick:
        say = "The yardstick is left out: it needs sklearn (`make bench` puts it into .venv-bench)"
        print(say, file=sys.stderr)
    # Ratios are of processor seconds: what else the machine does is no matter of either.
    print(f"Medians of {rounds} rounds, seconds by the clock and of the processor (CPU), one core")
    if yardstick:
        print("Beside TfidfVectorizer: (a) fit_transform alone, (b) a process that reads and fits")
    print(f"{'articles':>9}{'clock s':>9}{'CPU s':>8}{'growth':>8}{'MiB':>7}", end="")
    print(f"{'(a) CPU':>9}{'ours/a':>8}{'(b) CPU':>9}{'ours/b':>8}{'MiB':>7}" if yardstick else "")
    before: float | None = None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, out = folder / "articles.jsonl", str(folder / "stories.jsonl")
        for count in counts:
            _run(*MAKE, str(count), str(path))
            ours, theirs = [], []
            for _ in range(rounds):
                ours.append(_run(*DIGEST, "stories", "group", str(path), "-o", out))
                if yardstick:
                    theirs.append(_run(*YARDSTICK, str(path)))
            cpu = _median([run.cpu for run in ours])
            growth = f"{cpu / before:.1f}" if before else ""
            before = cpu
            clock = _median([run.seconds for run in ours])
            print(f"{count:>9}{clock:>9.2f}{cpu:>8.2f}{growth:>8}{_peak(ours):>7.0f}", end="")
            print(_beside(cpu, theirs) if theirs else "", flush=True)
        path.write_text("", encoding="utf-8")
        print(f"Start-up, seconds by the clock, medians of {START_ROUNDS}:", end="")
        for arguments in (("--help",), ("stories", "group", str(path), "-o", out)):
            starts = [_run(*DIGEST, *arguments).seconds for _ in range(START_ROUNDS)]
            print(f"  digest {' '.join(arguments[:2])} {_median(starts):.2f}", end="")
        print(" (of no articles)")
    return 0


def _beside(cpu: float, theirs: Sequence[Run]) -> str:
    alone = _median([float(run.output) for run in theirs])
    whole = _median([run.cpu for run in theirs])
    return f"{alone:>9.2f}{cpu / alone:>8.2f}{whole:>9.2f}{cpu / whole:>8.2f}{_peak(theirs):>7.0f}"


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)


def _peak(runs: Sequence[Run]) -> float:
    return max(run.peak for run in runs)


def _run(*command: str) -> Run:
    # Linux counts the memory of the process that starts another as the other's, too: this one
    # stays small, and leaves the making of the articles to a process of its own.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            said = errors.read().decode(errors="replace")
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {said}")
        cpu = usage.ru_utime + usage.ru_stime
        return Run(seconds, cpu, usage.ru_maxrss / 1024, output.read().decode())
