"""What becomes of claims whose sender is gone, by what its journal tells: case by case."""

import errno
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from digest.bootstrap import App
from digest.config import Uncertain
from digest.delivery import begin
from digest.delivery import journal as journals
from digest.delivery.journal import Hold, Journal, SealedError, owners
from digest.delivery.recovery import recover
from digest.delivery.replies import Answer, Stage
from digest.delivery.transitions import Policy
from digest.store.models import Delivery
from digest.store.rows import row_id
from tests.audience import DAY, address, dead_process, draft, subscribe
from tests.conftest import NOW

HOUR = timedelta(hours=1)
LATER, OVER = NOW + timedelta(minutes=5), NOW - timedelta(seconds=1)
TAKEN = Answer(Stage.BODY, 250, "2.0.0 queued")
REFUSED = Answer(Stage.BODY, 550, "5.1.1 nobody here")
PUT_OFF = Answer(Stage.BODY, 451, "4.3.0 try later")
TRIED = 1
"""Turns that each reader had before the claim."""
READERS = 4


class Desk:
    """An edition with some readers, all claimed by one sender, and that sender's journal."""

    def __init__(self, app: App, holder: str, *, number: int = 1) -> None:
        if number == 1:
            subscribe(app.store, *[address(n) for n in range(READERS)])
        self.app = app
        self.folder = app.settings.journal_folder
        self.edition = draft(app, date=DAY + timedelta(days=number), number=number)
        begin(app.store, app.settings, app.press.render, self.edition, NOW)
        self.holder = holder.format(host=socket.gethostname(), edition=self.edition)
        self.holds = [Hold(row_id(row), row.fence + 1) for row in self.rows()]
        self.claim(LATER)

    def claim(self, until: object) -> None:
        mine = col(Delivery.edition_id) == self.edition
        values = {"status": "claimed", "claimed_by": self.holder, "claimed_until": until}
        with self.app.store.write() as session:
            statement = update(Delivery).where(mine)
            session.connection().execute(statement.values(fence=1, attempts=TRIED, **values))

    @contextmanager
    def sender(self) -> Iterator[Journal]:
        """A sender at work; it ends without a word to the database."""
        journal = Journal(self.folder, self.holder)
        yield journal
        journal.close(settled=False)

    @property
    def file(self) -> Path:
        [path] = self.folder.iterdir()
        return path

    def recover(self, uncertain: Uncertain = Uncertain.HOLD) -> int:
        policy = Policy(timedelta(minutes=1), HOUR, uncertain)
        return recover(self.app.store, self.edition, policy, self.folder, NOW)

    def rows(self) -> list[Delivery]:
        query = select(Delivery).where(Delivery.edition_id == self.edition)
        with self.app.store.read() as session:
            return list(session.exec(query.order_by(col(Delivery.id))).all())

    def stand(self) -> list[tuple[str, int]]:
        """Each row's status, and the turns that it had since it was claimed."""
        return [(row.status, row.attempts - TRIED) for row in self.rows()]


@pytest.fixture
def dead(app: App) -> Desk:
    """The sender was a process of this machine that is no more."""
    return Desk(app, f"{{host}}:{dead_process()}:{{edition}}.0a")


@pytest.fixture
def living(app: App) -> Desk:
    """The sender is another process of this machine."""
    return Desk(app, f"{{host}}:{os.getppid()}:{{edition}}.0a")


@pytest.fixture
def foreign(app: App) -> Desk:
    """The sender is on another machine, whose journals are out of reach."""
    return Desk(app, f"elsewhere.example.org:{dead_process()}:{{edition}}.0a")


@pytest.mark.parametrize("uncertain", Uncertain)
def test_an_answer_in_the_journal_settles_the_row(dead: Desk, uncertain: Uncertain):
    with dead.sender() as journal:
        for hold, answer in zip(dead.holds, (TAKEN, REFUSED, PUT_OFF), strict=False):
            journal.begin(hold)
            journal.heard(hold, answer)
    assert dead.recover(uncertain) == READERS
    taken, refused, put_off, rest = dead.rows()
    assert dead.stand() == [("accepted", 1), ("refused", 1), ("deferred", 1), ("waiting", 0)]
    assert [row.code for row in (taken, refused, put_off, rest)] == [250, 550, 451, None]
    assert "nobody here" in refused.reply
    # Its second turn is over: the third comes after two of the first pauses.
    assert put_off.due == NOW + timedelta(minutes=2)
    assert (taken.finished, refused.finished, put_off.finished) == (NOW, NOW, None)
    assert {(row.claimed_by, row.claimed_until) for row in dead.rows()} == {("", None)}


@pytest.mark.parametrize("uncertain", Uncertain)
def test_what_was_never_begun_waits_again_and_loses_no_turn(dead: Desk, uncertain: Uncertain):
    with dead.sender():
        pass
    assert dead.recover(uncertain) == READERS
    assert dead.stand() == [("waiting", 0)] * READERS
    assert {row.due for row in dead.rows()} == {NOW}


def test_what_was_begun_without_an_answer_is_uncertain(
    dead: Desk, caplog: pytest.LogCaptureFixture
):
    with dead.sender() as journal:
        journal.begin(dead.holds[1])
    dead.recover(Uncertain.HOLD)
    assert dead.stand() == [("waiting", 0), ("uncertain", 1), ("waiting", 0), ("waiting", 0)]
    assert "before the answer was recorded" in dead.rows()[1].reply
    told = [each.message for each in caplog.records if each.levelname == "WARNING"]
    assert f"edition {dead.edition}: a sender that is gone left 4: 1 uncertain, 3 waiting" in told
    dead.recover(Uncertain.HOLD)
    assert caplog.text.count("is gone") == 1


def test_what_was_begun_without_an_answer_is_sent_again_by_policy(dead: Desk):
    with dead.sender() as journal:
        journal.begin(dead.holds[1])
    dead.recover(Uncertain.RESEND)
    again = dead.rows()[1]
    assert (again.status, again.attempts) == ("waiting", TRIED + 1)
    assert again.due == NOW + timedelta(minutes=2)


def test_what_was_resent_for_too_long_is_uncertain(dead: Desk):
    with dead.app.store.write() as session:
        session.connection().execute(update(Delivery).values(attempts=6))
    with dead.sender() as journal:
        journal.begin(dead.holds[1])
    dead.recover(Uncertain.RESEND)
    assert [row.status for row in dead.rows()] == ["waiting", "uncertain", "waiting", "waiting"]


def test_an_answer_to_an_earlier_claim_says_nothing_of_this_one(dead: Desk):
    with dead.sender() as journal:
        earlier = Hold(dead.holds[0].delivery_id, 0)
        journal.begin(earlier)
        journal.heard(earlier, TAKEN)
    dead.recover()
    assert dead.stand() == [("waiting", 0)] * READERS


@pytest.mark.parametrize(
    ("uncertain", "status"), [(Uncertain.HOLD, "uncertain"), (Uncertain.RESEND, "waiting")]
)
def test_without_the_journal_all_may_have_left(dead: Desk, uncertain: Uncertain, status: str):
    assert dead.recover(uncertain) == READERS
    assert dead.stand() == [(status, 1)] * READERS


def cut_off_answer(text: bytes) -> bytes:
    return text[: text.index(b"queued")]


def cut_off_begun(text: bytes) -> bytes:
    return text[: text.rindex(b"begun") + 3]


def cut_off_first_line(text: bytes) -> bytes:
    return text[:10]


@pytest.mark.parametrize(
    ("cut", "first", "second"),
    [
        (cut_off_answer, ("uncertain", 1), ("waiting", 0)),
        (cut_off_begun, ("accepted", 1), ("waiting", 0)),
        # Not even the boot under which it was begun is known.
        (cut_off_first_line, ("uncertain", 1), ("uncertain", 1)),
    ],
)
def test_a_journal_that_is_cut_off_in_a_line(
    dead: Desk,
    cut: Callable[[bytes], bytes],
    first: tuple[str, int],
    second: tuple[str, int],
):
    """A line that is not whole was not written: its message never left."""
    with dead.sender() as journal:
        journal.begin(dead.holds[0])
        journal.heard(dead.holds[0], TAKEN)
        journal.begin(dead.holds[1])
    dead.file.write_bytes(cut(dead.file.read_bytes()))
    dead.recover()
    assert dead.stand()[:2] == [first, second]


def test_after_another_boot_only_answers_are_sure(dead: Desk, monkeypatch: pytest.MonkeyPatch):
    with dead.sender() as journal:
        for hold in dead.holds[:2]:
            journal.begin(hold)
        journal.heard(dead.holds[0], TAKEN)
    monkeypatch.setattr(journals, "_boot", lambda: "another")
    dead.recover()
    assert dead.stand() == [("accepted", 1), ("uncertain", 1), ("uncertain", 1), ("uncertain", 1)]


def no_room(_file: int, _data: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_dead_begin_nothing_though_a_full_disk_has_no_room_for_a_seal(
    dead: Desk, monkeypatch: pytest.MonkeyPatch
):
    with dead.sender() as journal:
        journal.begin(dead.holds[0])
    monkeypatch.setattr(os, "write", no_room)
    dead.recover()
    assert dead.stand() == [("uncertain", 1), *[("waiting", 0)] * (READERS - 1)]


def test_who_sleeps_may_begin_where_a_full_disk_has_no_room_for_a_seal(
    living: Desk, monkeypatch: pytest.MonkeyPatch
):
    with living.sender():
        living.claim(OVER)
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", no_room)
            living.recover()
    assert living.stand() == [("uncertain", 1)] * READERS


def test_another_machine_is_left_alone_until_its_leases_are_over(foreign: Desk):
    assert foreign.recover() == 0
    assert foreign.stand() == [("claimed", 0)] * READERS
    foreign.claim(OVER)
    assert foreign.recover() == READERS
    assert foreign.stand() == [("uncertain", 1)] * READERS


def test_the_living_are_left_alone(living: Desk):
    with living.sender() as journal:
        journal.begin(living.holds[0])
        assert living.recover() == 0
        assert living.stand() == [("claimed", 0)] * READERS
        # Nor was its journal sealed.
        journal.begin(living.holds[1])
        assert owners(living.folder) == [living.holder]


def test_who_sleeps_past_the_lease_begins_nothing_more(living: Desk):
    with living.sender() as journal:
        journal.begin(living.holds[0])
        living.claim(OVER)
        assert living.recover() == READERS
        assert living.stand() == [("uncertain", 1), *[("waiting", 0)] * (READERS - 1)]
        with pytest.raises(SealedError):
            journal.begin(living.holds[1])
    assert owners(living.folder) == [living.holder]


def test_only_claims_on_the_edition_are_settled(app: App, dead: Desk):
    """A sender's journal tells of one edition: another's claims are for another sender's."""
    other = Desk(app, dead.holder.replace(f":{dead.edition}.", ":{edition}."), number=2)
    for desk in (dead, other):
        with desk.sender():
            pass
    assert dead.recover() == READERS
    assert other.stand() == [("claimed", 0)] * READERS
    assert other.holder in owners(other.folder)
    assert other.recover() == READERS
    assert other.stand() == [("waiting", 0)] * READERS


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_another_settles_at_this_moment_is_left_to_them(dead: Desk):
    """Two who find the same dead sender: each row is settled by one of them."""
    with dead.sender() as journal:
        journal.begin(dead.holds[0])
    with dead.app.store.write() as session:
        mine = Delivery.id == dead.holds[0].delivery_id
        row = session.exec(select(Delivery).where(mine).with_for_update()).one()
        assert dead.recover() == READERS - 1
        # The other still reads it.
        assert owners(dead.folder) == [dead.holder]
        row.status = "uncertain"
    assert [status for status, _ in dead.stand()] == ["uncertain", *["waiting"] * 3]
