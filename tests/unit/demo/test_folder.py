"""The folder of the demonstration: only its own is made anew."""

from pathlib import Path

import pytest

from digest.demo.show import demonstrate
from digest.errors import CannotWriteError, FolderInUseError


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
