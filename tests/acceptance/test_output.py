"""Standard output that cannot be written: said in a line, and never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import DIGEST, Program

FULL = Path("/dev/full")
LOST = "digest: Standard output cannot be written ({}): make room there, or send it elsewhere.\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_said(program: Program, unbuffered: str):
    (program.folder / "day.jsonl").write_text('{"id": 1, "title": "One"}\n' * 2)
    program("init")
    for arguments in (
        ["--version"],
        ["--help"],
        ["editions", "send", "--help"],
        ["stories", "group", "day.jsonl", "--json"],
        ["subscribers", "export"],
    ):
        with FULL.open("w") as full:
            done = subprocess.run(
                [*DIGEST, *arguments],
                cwd=program.folder,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            )
        lines = done.stderr.splitlines(keepends=True)
        assert (done.returncode, lines[-1]) == (1, LOST.format("No space left on device"))
        assert "Traceback" not in done.stderr


def test_a_reader_that_went_away_is_no_news(program: Program):
    lines = (f'{{"id": {n}, "title": "One"}}\n' for n in range(9_000))
    (program.folder / "day.jsonl").write_text("".join(lines))
    process = subprocess.Popen(
        [*DIGEST, "stories", "group", "day.jsonl"],
        cwd=program.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == '{"id": 0, "cluster": 0}\n'
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == ""
    assert process.wait() == 1


def test_closed_streams_lose_nothing_silently(program: Program):
    program("init")
    for arguments in (["--version"], ["--help"], ["subscribers", "export"]):
        code = f"import os; os.close(1); os.execv({sys.executable!r}, {[*DIGEST, *arguments]!r})"
        closed = subprocess.run(
            [sys.executable, "-c", code],
            cwd=program.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (closed.returncode, closed.stderr) == (1, LOST.format("it is closed"))
    (program.folder / "day.jsonl").write_text('{"id": 1, "title": "One"}\nno line\n')
    group = [*DIGEST, "stories", "group", str(program.folder / "day.jsonl")]
    code = f"import os; os.close(2); os.execv({sys.executable!r}, {group!r})"
    silent = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (silent.returncode, silent.stdout) == (1, b'{"id": 1, "cluster": 1}\n')
