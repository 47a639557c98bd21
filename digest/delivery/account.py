"""The account of an edition: who got it, who did not, and why. The parts sum to the audience."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from digest.store.models import Delivery, DeliveryStatus, Edition
from digest.subscribers.addresses import read_address
from digest.subscribers.people import find

_SAID = {
    DeliveryStatus.WAITING: "waiting for their turn",
    DeliveryStatus.CLAIMED: "being sent",
    DeliveryStatus.DEFERRED: "deferred until {due:%Y-%m-%d %H:%M:%S} UTC ({reply})",
    DeliveryStatus.ACCEPTED: "accepted at {finished:%Y-%m-%d %H:%M:%S} UTC ({reply})",
    DeliveryStatus.REFUSED: "refused at {finished:%Y-%m-%d %H:%M:%S} UTC ({reply})",
    DeliveryStatus.UNCERTAIN: "uncertain: the answer was lost ({reply})",
    DeliveryStatus.SKIPPED: "skipped: {reason}",
}


@dataclass(frozen=True)
class Tally:
    """How many of an edition's audience stand where; `skipped` by reason.

    `waiting` counts those in flight too. All parts sum to `audience`.
    """

    audience: int = 0
    accepted: int = 0
    refused: int = 0
    deferred: int = 0
    uncertain: int = 0
    waiting: int = 0
    skipped: dict[str, int] = field(default_factory=dict)

    @property
    def open(self) -> int:
        """How many still have something before them; an edition is complete at none."""
        return self.waiting + self.deferred

    @property
    def done(self) -> int:
        """How many have an end."""
        return self.audience - self.open

    def said(self) -> str:
        """The account as a line for people, without the parts that are none."""
        names = ("accepted", "refused", "deferred", "uncertain", "waiting")
        counts = ((name, getattr(self, name)) for name in names)
        parts = [f"{name} {count}" for name, count in counts if count]
        parts += [f"skipped {count} ({reason})" for reason, count in self.skipped.items()]
        return f"audience {self.audience}: {', '.join(parts) or 'nobody'}"

    def as_dict(self) -> dict[str, Any]:
        """The account as JSON has it."""
        return asdict(self)


def tally(session: Session, edition_id: int) -> Tally:
    """The account of an edition as the database has it now."""
    query = (
        select(col(Delivery.status), col(Delivery.reason), func.count())
        .where(col(Delivery.edition_id) == edition_id)
        .group_by(col(Delivery.status), col(Delivery.reason))
    )
    counts = dict.fromkeys(DeliveryStatus, 0)
    skipped: dict[str, int] = {}
    for status, reason, count in session.execute(query):
        counts[DeliveryStatus(status)] += count
        if status == DeliveryStatus.SKIPPED:
            skipped[reason] = count
    return Tally(
        audience=sum(counts.values()),
        accepted=counts[DeliveryStatus.ACCEPTED],
        refused=counts[DeliveryStatus.REFUSED],
        deferred=counts[DeliveryStatus.DEFERRED],
        uncertain=counts[DeliveryStatus.UNCERTAIN],
        waiting=counts[DeliveryStatus.WAITING] + counts[DeliveryStatus.CLAIMED],
        skipped=skipped,
    )


def why_reader(session: Session, edition: Edition, email: str) -> dict[str, Any]:
    """What became of an edition's delivery to one reader, `said` in words.

    Raises:
        InvalidAddressError: it is no address.
        NoSuchSubscriberError: nobody is known by that address.
    """
    person = find(session, read_address(email))
    query = select(Delivery).where(
        col(Delivery.edition_id) == edition.id, col(Delivery.subscriber_id) == person.id
    )
    row = session.scalars(query).first()
    if row is None:
        began = edition.started is not None
        said = "not in its audience" if began else "its audience is not written yet"
        return {"email": person.email, "status": None, "said": said}
    facts = row.model_dump(
        include={"status", "reason", "code", "reply", "attempts", "due", "finished"}
    )
    said = _SAID[DeliveryStatus(row.status)].format(**facts)
    return {"email": person.email, **facts, "said": said}
