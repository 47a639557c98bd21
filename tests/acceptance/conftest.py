"""The program as an operator starts it: a process, a configuration, a terminal's output."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 60
DIGEST = [sys.executable, "-m", "digest"]


@dataclass
class Program:
    """`digest` in a folder of its own."""

    folder: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def __call__(self, *arguments: str, status: int = 0, **options: Any) -> str:
        """Run a command to its end; gives its standard output."""
        done = self.run(*arguments, **options)
        assert done.returncode == status, done.stderr + done.stdout
        return done.stdout

    def json(self, *arguments: str, status: int = 0) -> Any:
        """Run a command with --json; gives the document it printed."""
        return json.loads(self(*arguments, "--json", status=status))

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        options = {"capture_output": True, "text": True, "cwd": self.folder, **options}
        return subprocess.run([*DIGEST, *arguments], check=False, timeout=120, **options)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command that stays; its standard error is read line by line."""
        process = subprocess.Popen(
            [*DIGEST, *arguments],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.running.append(process)
        return process

    def configure(self, text: str) -> None:
        (self.folder / "digest.toml").write_text(text, encoding="utf-8")


def lines_until(process: subprocess.Popen[str], wanted: str) -> list[str]:
    """What a process says, up to the line that holds `wanted`; it is killed if that never comes."""
    assert process.stderr is not None
    seen = []
    impatience = threading.Timer(PATIENCE, process.kill)
    impatience.start()
    try:
        for line in process.stderr:
            seen.append(line)
            if wanted in line:
                return seen
    finally:
        impatience.cancel()
    raise AssertionError(f"it ended without {wanted!r}: {''.join(seen)}")


def ended(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> int:
    """Tell a process to stop; gives its exit status."""
    process.send_signal(number)
    process.communicate(timeout=60)
    return process.returncode


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path)
    yield program
    for process in program.running:
        if process.poll() is None:
            process.kill()
            process.communicate()
