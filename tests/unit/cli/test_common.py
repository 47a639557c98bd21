"""What people see on their terminal."""

import pytest

from digest.cli.common import note, say


def test_nothing_from_outside_commands_the_terminal(capsys: pytest.CaptureFixture[str]):
    hostile = "a\x1b[2Jb\x9b2Jc\rd\u202e\udcff"
    say({}, [hostile], as_json=False)
    note(hostile)
    told = capsys.readouterr()
    assert told.out == told.err == "a[2Jb2Jc\nd?\n"
