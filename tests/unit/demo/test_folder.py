"""The folder of the demonstration: only its own is made anew."""

from pathlib import Path

import pytest

from digest.demo.show import demonstrate, show_again
from digest.errors import CannotWriteError, FolderInUseError, NoDemoError


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FolderInUseError, match="holds something else"):
        demonstrate(tmp_path, print, wait=False)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_its_place_is_said_in_words(tmp_path: Path, below: str):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(CannotWriteError, match="cannot be written"):
        demonstrate(file / below, print, wait=False)


def test_where_there_was_no_demonstration_none_is_shown_again(tmp_path: Path):
    with pytest.raises(NoDemoError, match="run `digest demo --folder"):
        show_again(tmp_path, print)
