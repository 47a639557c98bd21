"""The command line called from within a test, and what it answers."""

import json
from typing import Any, NamedTuple

import pytest

from digest.cli import main


class Answer(NamedTuple):
    """What a command said, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it said, where that is JSON."""
        return json.loads(self.out)


def called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> Answer:
    """Call `digest` with some arguments, in this process."""
    monkeypatch.setattr("sys.argv", ["digest", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return Answer(int(ended.value.code or 0), out, err)
