"""What the operator decides about deliveries whose answer was lost, once they know more."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import update
from sqlmodel import Session, col

from digest.delivery.account import RESOLVED, why_reader
from digest.editions.life import lock_edition
from digest.errors import EditionEndedError, NotUncertainError
from digest.store import Store
from digest.store.models import Delivery, DeliveryStatus, Edition, EditionStatus
from digest.subscribers.addresses import read_address
from digest.subscribers.people import find


class Resolution(StrEnum):
    """What an uncertain delivery is from now on: taken as arrived, or to be sent once more."""

    ACCEPTED = "accepted"
    RESEND = "resend"


def resolve_uncertain(
    store: Store,
    edition_id: int,
    resolution: Resolution,
    now: datetime,
    emails: Sequence[str] = (),
) -> int:
    """Settle an edition's uncertain deliveries; all, or those to some addresses.

    Those to be resent wait again, due now, with their attempts and Message-ID as they were; a sent
    edition is being sent again, a paused one stays paused. Whoever has left since is skipped when
    their turn comes. If an answer thought lost is heard after all, it still counts, as long as
    nobody has claimed the row anew.

    Returns:
        How many there were.

    Raises:
        NoSuchEditionError: there is no such edition.
        EditionEndedError: it was cancelled, so nothing of it is resent.
        InvalidAddressError: one of `emails` is no address.
        NoSuchSubscriberError: nobody has it.
        NotUncertainError: their delivery is not uncertain.
    """
    with store.write() as session:
        edition = lock_edition(session, edition_id)
        again = resolution is Resolution.RESEND
        if again and edition.status == EditionStatus.CANCELLED:
            raise EditionEndedError(edition=edition_id, status=edition.status, wanted="resend")
        rows = update(Delivery).where(
            col(Delivery.edition_id) == edition_id,
            col(Delivery.status) == DeliveryStatus.UNCERTAIN,
        )
        if emails:
            people = [_uncertain_reader(session, edition, email) for email in emails]
            rows = rows.where(col(Delivery.subscriber_id).in_(people))
        values = (
            {"status": DeliveryStatus.WAITING.value, "due": now, "finished": None}
            if again
            else {"status": DeliveryStatus.ACCEPTED.value, "reason": RESOLVED, "finished": now}
        )
        count = session.connection().execute(rows.values(**values)).rowcount
        if again and count and edition.status == EditionStatus.SENT:
            edition.status, edition.completed = EditionStatus.SENDING, None
            session.add(edition)
        return count


def _uncertain_reader(session: Session, edition: Edition, email: str) -> int | None:
    facts = why_reader(session, edition, email)
    if facts["status"] != DeliveryStatus.UNCERTAIN:
        raise NotUncertainError(email=email, edition=edition.id, said=facts["said"])
    return find(session, read_address(email)).id
