"""A sender's journal: what it tells is never more than happened, nor less than left."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery import journal as module
from digest.delivery.journal import Hold, Journal, SealedError, forget, owners, seal
from digest.delivery.replies import Answer, Stage
from digest.errors import JournalError

OWNER = "host.example.org:17:1.0a0b0c0d"
ANSWER = Answer(Stage.BODY, 250, "2.0.0 taken\nsealed\nzwölf")


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    return tmp_path / "journals"


def test_what_was_begun_and_heard_is_told(journals: Path):
    journal = Journal(journals, OWNER)
    one, two, three = Hold(1, 1), Hold(2, 5), Hold(3, 1)
    journal.begin(one)
    journal.heard(one, ANSWER)
    journal.begin(two)
    told = seal(journals, OWNER)
    assert told.whole
    assert told.begun == {one, two}
    assert told.heard == {one: ANSWER}
    assert told.untouched(three)
    # An earlier claim of the row is not this one.
    assert told.untouched(Hold(2, 4))
    assert not told.untouched(two)
    journal.close(settled=False)


def test_whose_a_journal_is_stands_in_its_name(journals: Path):
    assert owners(journals) == []
    strange = "my_old_host:17:12.0a0b0c0d"
    for owner in (OWNER, strange):
        Journal(journals, owner).close(settled=False)
    (journals / "notes.journal").touch()
    assert owners(journals) == [OWNER, strange]


def test_an_answer_that_no_message_followed_is_written_in_the_end(journals: Path):
    journal = Journal(journals, OWNER)
    journal.begin(Hold(1, 1))
    journal.heard(Hold(1, 1), ANSWER)
    assert seal(journals, OWNER).heard == {}
    journal.close(settled=False)
    # It stands after the seal, of a sender that slept: who sealed it has decided without it.
    assert seal(journals, OWNER).heard == {}


def test_what_the_database_knows_is_kept_nowhere_else(journals: Path):
    journal = Journal(journals, OWNER)
    journal.begin(Hold(1, 1))
    journal.close(settled=True)
    assert list(journals.iterdir()) == []
    other = Journal(journals, OWNER)
    other.begin(Hold(1, 1))
    other.heard(Hold(1, 1), ANSWER)
    other.close(settled=False)
    assert owners(journals) == [OWNER]
    assert seal(journals, OWNER).heard == {Hold(1, 1): ANSWER}
    forget(journals, OWNER)
    forget(journals, OWNER)
    assert owners(journals) == []


@given(st.lists(st.sampled_from(["begin", "heard", "seal"]), max_size=30))
def test_nothing_is_begun_that_who_sealed_it_does_not_know(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
):
    """Whatever the order, a message that may leave is begun in the eyes of every seal before it."""
    journals = tmp_path_factory.mktemp("interleaved")
    journal = Journal(journals, OWNER)
    allowed: list[Hold] = []
    told = None
    for number, step in enumerate(steps):
        hold = Hold(number, 1)
        if step == "seal":
            again = seal(journals, OWNER)
            assert told is None or again.begun == told.begun
            told = told or again
            assert told.begun == set(allowed)
        elif step == "heard":
            journal.heard(hold, ANSWER)
        elif told is None:
            journal.begin(hold)
            allowed.append(hold)
        else:
            with pytest.raises(SealedError):
                journal.begin(hold)
            assert seal(journals, OWNER).untouched(hold)
    journal.close(settled=True)


@given(cut=st.integers(0, 400))
def test_a_journal_that_ends_anywhere_tells_what_was_whole(
    tmp_path_factory: pytest.TempPathFactory, cut: int
):
    """A kill may cut off the last line: a message whose line is not whole never left."""
    journals = tmp_path_factory.mktemp("cut")
    journal = Journal(journals, OWNER)
    path = next(journals.iterdir())
    ends = {}
    for number in range(3):
        journal.begin(Hold(number, 1))
        ends[number] = path.stat().st_size
        journal.heard(Hold(number, 1), ANSWER)
    os.truncate(path, min(cut, path.stat().st_size))
    told = seal(journals, OWNER)
    assert told.begun >= {Hold(number, 1) for number, end in ends.items() if end <= cut}
    assert told.heard.keys() <= {Hold(0, 1), Hold(1, 1)}
    assert set(told.heard.values()) <= {ANSWER}
    journal.close(settled=True)


def test_after_another_start_of_the_machine_nothing_is_sure(
    journals: Path, monkeypatch: pytest.MonkeyPatch
):
    journal = Journal(journals, OWNER)
    journal.begin(Hold(1, 1))
    journal.heard(Hold(1, 1), ANSWER)
    journal.close(settled=False)
    monkeypatch.setattr(module, "_boot", lambda: "another")
    told = seal(journals, OWNER)
    assert not told.whole
    assert told.heard == {Hold(1, 1): ANSWER}
    assert not told.untouched(Hold(2, 1))


def test_where_there_is_no_journal_nothing_is_sure(journals: Path):
    assert not seal(journals, OWNER).untouched(Hold(1, 1))
    assert owners(journals) == []


def test_what_is_no_line_of_ours_is_passed_over(journals: Path):
    journal = Journal(journals, OWNER)
    journal.begin(Hold(1, 1))
    path = next(journals.iterdir())
    noise = b'begun x y\nbegun 7\n["heard", 1]\n["heard", 1, 1, "NOSUCH", 1, ""]\n[1\n\xff\n{}\n'
    with path.open("ab") as file:
        file.write(noise)
    assert seal(journals, OWNER).begun == {Hold(1, 1)}
    journal.close(settled=False)


def full(room: int):
    """A disk that takes so many octets more."""
    left = [room]
    write = os.write

    def some(file: int, data: bytes) -> int:
        if data and not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        part = data[: left[0]]
        left[0] -= len(part)
        return write(file, part)

    return some


@pytest.mark.parametrize("room", [0, 1, 9])
def test_on_a_full_disk_nothing_is_begun(
    journals: Path, monkeypatch: pytest.MonkeyPatch, room: int
):
    journal = Journal(journals, OWNER)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full(room))
        with pytest.raises(JournalError, match="No space left"):
            journal.begin(Hold(1, 1))
        # To seal it needs room too: without the seal nobody can be sure of anything.
        assert not seal(journals, OWNER).whole
        journal.heard(Hold(1, 1), ANSWER)
        journal.close(settled=False)
    assert owners(journals) == [OWNER]


@pytest.mark.parametrize("room", [0, 9])
def test_a_full_disk_keeps_nothing_of_a_journal_that_could_not_begin(
    journals: Path, monkeypatch: pytest.MonkeyPatch, room: int
):
    opened: list[int] = []
    true = os.open

    def noted(*arguments: Any) -> int:
        opened.append(true(*arguments))
        return opened[-1]

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", noted)
        patch.setattr(os, "write", full(room))
        with pytest.raises(JournalError, match="No space left"):
            Journal(journals, OWNER)
    assert owners(journals) == []
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened[0])


def test_after_a_full_disk_what_follows_is_told_right(
    journals: Path, monkeypatch: pytest.MonkeyPatch
):
    """What was written of a line before the disk was full spoils no line after it."""
    journal = Journal(journals, OWNER)
    journal.begin(Hold(1, 1))
    journal.heard(Hold(1, 1), ANSWER)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full(12))
        with pytest.raises(JournalError):
            journal.begin(Hold(22, 1))
    journal.begin(Hold(33, 1))
    told = seal(journals, OWNER)
    assert told.begun >= {Hold(1, 1), Hold(33, 1)}
    assert set(told.heard.values()) <= {ANSWER}
    journal.close(settled=False)


def test_a_folder_that_cannot_be_is_told_in_words(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="file"):
        Journal(tmp_path / "file" / "journals", OWNER)


def test_two_senders_never_share_a_journal(journals: Path):
    journal = Journal(journals, OWNER)
    with pytest.raises(JournalError):
        Journal(journals, OWNER)
    journal.close(settled=True)
