from pathlib import Path

import pytest

from digest.cli.constraints import read_constraints
from digest.errors import CannotReadError, ContradictionError
from digest.stories import Hand


def read(path: Path) -> tuple[Hand, list[tuple[int, str]]]:
    """The hand of a file, and what of it is rejected."""
    rejected: list[tuple[int, str]] = []
    hand = read_constraints(path, lambda line, reason: rejected.append((line, reason)))
    return hand, rejected


def test_a_file_of_constraints_is_read(tmp_path: Path):
    path = tmp_path / "kept.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"together": [7, "a", "b"]}\n\n{"apart": ["c", 7]}\r\n')
    hand = Hand(together=(("7", "a"), ("7", "b")), apart=(("7", "c"),))
    assert read(path) == (hand, [])


def test_thousands_kept_together_are_as_many_pairs(tmp_path: Path):
    path = tmp_path / "kept.jsonl"
    path.write_text(f'{{"together": {list(range(1000))}}}')
    assert len(read(path)[0].together) == 999


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1, 2]", "no constraint"),
        (b'{"together": [1]}', "no constraint"),
        (b'{"together": [1, "1"]}', "no constraint"),
        (b'{"apart": [1, null]}', "no constraint"),
        (b'{"apart": [1, true]}', "no constraint"),
        (b'{"apart": "ab"}', "no constraint"),
        (b'{"apart": [1, 2], "together": [3, 4]}', "no constraint"),
    ],
)
def test_a_line_that_is_none_is_named_with_the_remedy(tmp_path: Path, line: bytes, why: str):
    path = tmp_path / "kept.jsonl"
    path.write_bytes(b'{"apart": [1, 2]}\n' + line)
    hand, [(number, reason)] = read(path)
    assert (hand, number) == (Hand(apart=(("1", "2"),)), 2)
    assert reason.startswith(why)
    assert reason.endswith('write {"together": [id, id]} or {"apart": [id, id]}')


def test_a_file_that_contradicts_itself_or_is_not_there(tmp_path: Path):
    path = tmp_path / "kept.jsonl"
    with pytest.raises(CannotReadError, match="No such file"):
        read(path)
    path.write_text('{"together": ["a", "b", "c"]}\n{"apart": ["a", "c"]}', encoding="utf-8")
    said = r"a and c cannot be kept apart while a with c are together: take one .* out of the file"
    with pytest.raises(ContradictionError, match=said):
        read(path)
