"""An operator's hand on a sending, from any process: senders see it at their next claim."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from digest.config import Uncertain
from digest.delivery.account import tally
from digest.delivery.recovery import recover_in
from digest.delivery.statements import has_open, skip_open
from digest.delivery.transitions import Policy
from digest.editions.life import lock_edition, release_articles
from digest.errors import EditionEndedError
from digest.store import Store
from digest.store.models import OPEN, Delivery, Edition, EditionStatus, Notice

# What a cancelled edition's lost answers are, whatever the settings say: nothing is sent again.
_NOT_AGAIN = Policy(timedelta(), timedelta(), Uncertain.HOLD)
_ENDED = {EditionStatus.SENT, EditionStatus.CANCELLED}


def pause_edition(store: Store, edition_id: int, now: datetime, note: str = "") -> None:  # noqa: ARG001 - as its siblings
    """Hold an edition whose sending has begun; messages in flight are finished.

    Raises:
        NoSuchEditionError: there is no such edition.
        EditionEndedError: it is not being sent, so there is nothing to pause.
    """
    with store.write() as session:
        edition = lock_edition(session, edition_id)
        if edition.status not in {EditionStatus.SENDING, EditionStatus.PAUSED}:
            raise EditionEndedError(edition=edition_id, status=edition.status, wanted="pause")
        edition.status, edition.note = EditionStatus.PAUSED, note
        session.add(edition)


def resume_edition(store: Store, edition_id: int, now: datetime) -> None:  # noqa: ARG001 - as its siblings
    """Let a paused edition be sent on.

    Raises:
        NoSuchEditionError: there is no such edition.
        EditionEndedError: it is not paused.
    """
    with store.write() as session:
        edition = lock_edition(session, edition_id)
        if edition.status not in {EditionStatus.SENDING, EditionStatus.PAUSED}:
            raise EditionEndedError(edition=edition_id, status=edition.status, wanted="resume")
        edition.status, edition.note = EditionStatus.SENDING, ""
        session.add(edition)
        _forget_pause(session, edition_id)


def cancel_edition(
    store: Store, edition_id: int, now: datetime, note: str = "", *, journals: Path
) -> None:
    """Never send what is left of an edition. If nobody got it, its articles are free again.

    `journals` is the folder in which senders keep theirs: the dead ones' claims are settled.

    Raises:
        NoSuchEditionError: there is no such edition.
        EditionEndedError: it was sent or cancelled already.
    """
    with store.write() as session:
        edition = lock_edition(session, edition_id)
        if edition.status in _ENDED:
            raise EditionEndedError(edition=edition_id, status=edition.status, wanted="cancel")
        edition.status, edition.note = EditionStatus.CANCELLED, note
        edition.completed = now
        session.add(edition)
        _forget_pause(session, edition_id)
        _settle_cancelled(session, edition_id, journals, now)
        account = tally(session, edition_id)
        if not account.accepted and not account.uncertain and not account.waiting:
            release_articles(session, edition)


def pause_matter(edition_id: int) -> str:
    """What the desk's notices of an edition's pause go by."""
    return f"paused {edition_id}"


def _forget_pause(session: Session, edition_id: int) -> None:
    """Who has seen to a pause needs to hear of it no more, but of the next one."""
    session.connection().execute(delete(Notice).where(col(Notice.key) == pause_matter(edition_id)))


def complete(store: Store, edition_id: int, now: datetime) -> bool:
    """Call an edition sent, if it was being sent and no row is open; whether it was."""
    with store.write() as session:
        # Locked before the rows are looked at: somebody may be opening some again.
        edition = lock_edition(session, edition_id)
        if edition.status != EditionStatus.SENDING or has_open(session, edition_id):
            return False
        edition.status, edition.completed, edition.note = EditionStatus.SENT, now, ""
        session.add(edition)
        return True


def settle_cancelled(store: Store, journals: Path, now: datetime) -> None:
    """Settle what was in flight when editions were cancelled, and came back or never will."""
    rows = col(Delivery.edition_id) == col(Edition.id)
    left = select(col(Delivery.id)).where(rows, col(Delivery.status).in_(OPEN)).exists()
    query = select(col(Edition.id)).where(col(Edition.status) == EditionStatus.CANCELLED, left)
    with store.read() as session:
        editions = [number for number in session.scalars(query) if number is not None]
    for edition_id in editions:
        sweep_cancelled(store, edition_id, journals, now)


def sweep_cancelled(store: Store, edition_id: int, journals: Path, now: datetime) -> None:
    """Settle the rows of one cancelled edition, but for those whose senders live."""
    with store.write() as session:
        _settle_cancelled(session, edition_id, journals, now)


def _settle_cancelled(session: Session, edition_id: int, journals: Path, now: datetime) -> None:
    recover_in(session, edition_id, _NOT_AGAIN, journals, now)
    skip_open(session, edition_id, now)


def set_note(store: Store, edition_id: int, note: str) -> None:
    """Say in an edition that is being sent why it is not getting on."""
    statement = update(Edition).where(
        col(Edition.id) == edition_id, col(Edition.status) == EditionStatus.SENDING
    )
    with store.write() as session:
        session.connection().execute(statement.values(note=note))
