"""What a dead sender's journal is kept for, and for how long."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session

from digest.bootstrap import App, utc_now
from digest.delivery.audience import begin
from digest.delivery.journal import Hold, Journal, owners
from digest.delivery.owner import owner
from digest.delivery.recovery import recover
from digest.delivery.replies import Answer, Stage
from digest.delivery.transitions import policy_of
from digest.store.models import Delivery, DeliveryStatus
from digest.store.rows import row_id
from tests.audience import address, draft, row_of, subscribe

TAKEN = Answer(Stage.BODY, 250, "2.0.0 queued")


@pytest.fixture
def edition(mailer: App) -> int:
    """An edition with one reader that is being sent."""
    subscribe(mailer.store, address(1))
    number = draft(mailer)
    press = mailer.press
    begin(mailer.store, press.settings, press.render, number, utc_now())
    return number


def die(app: App, edition: int, *, heard: bool) -> str:
    """A sender whose first message was about to leave, or was answered; gives its name."""
    with owner(edition) as name:
        journal = Journal(app.settings.journal_folder, name)
        if heard:
            hold = Hold(row_id(row_of(app, address(1))), 1)
            journal.begin(hold)
            journal.heard(hold, TAKEN)
        journal.close(settled=False)
    return name


def claim(app: App, name: str) -> None:
    """What the sender's last commit wrote."""
    values = {
        "status": DeliveryStatus.CLAIMED.value,
        "claimed_by": name,
        "claimed_until": utc_now() + timedelta(minutes=5),
        "fence": 1,
    }
    with app.store.write() as session:
        session.connection().execute(update(Delivery).values(**values))


def recovered(app: App, edition: int) -> int:
    settings = app.settings
    policy, journals = policy_of(settings), settings.journal_folder
    return recover(app.store, edition, policy, journals, utc_now())


def left(app: App) -> list[str]:
    return owners(app.settings.journal_folder)


def fail(_session: Session) -> None:
    raise ConnectionError


def test_a_journal_stays_until_what_it_told_is_committed(
    mailer: App, edition: int, monkeypatch: pytest.MonkeyPatch
):
    name = die(mailer, edition, heard=True)
    claim(mailer, name)
    with monkeypatch.context() as broken:
        broken.setattr(Session, "commit", fail)
        with pytest.raises(ConnectionError):
            recovered(mailer, edition)
    assert left(mailer) == [name]
    assert row_of(mailer, address(1)).status == DeliveryStatus.CLAIMED
    assert recovered(mailer, edition) == 1
    row = row_of(mailer, address(1))
    assert (row.status, row.reply) == (DeliveryStatus.ACCEPTED, "the message: 250 2.0.0 queued")
    assert left(mailer) == []


def test_a_claim_that_is_committed_after_a_death_finds_its_journal(mailer: App, edition: int):
    """A database finishes a commit though whoever asked for it is no more."""
    name = die(mailer, edition, heard=False)
    assert recovered(mailer, edition) == 0
    assert left(mailer) == [name]
    claim(mailer, name)
    assert recovered(mailer, edition) == 1
    # The journal knows that nothing was begun.
    row = row_of(mailer, address(1))
    assert (row.status, row.attempts) == (DeliveryStatus.WAITING, 0)
    assert left(mailer) == [name]


def test_the_journal_of_the_living_stays(mailer: App, edition: int):
    with mailer.store.write() as session:
        session.connection().execute(update(Delivery).values(status="accepted"))
    with owner(edition) as name:
        journal = Journal(mailer.settings.journal_folder, name)
        assert recovered(mailer, edition) == 0
        assert left(mailer) == [name]
        journal.close(settled=False)
    assert recovered(mailer, edition) == 0
    assert left(mailer) == []
