"""The account of an edition: who got it, who did not, and why. The parts sum to the audience."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, union_all
from sqlmodel import Session, col

from digest.delivery.transitions import GAVE_UP, Skip
from digest.errors import AccountMismatchError
from digest.store.models import Delivery, DeliveryStatus, Edition, EditionStatus, Subscriber
from digest.subscribers.addresses import read_address
from digest.subscribers.people import find

_SAID: dict[str, str] = {
    DeliveryStatus.WAITING: "waiting for their turn",
    DeliveryStatus.CLAIMED: "being sent",
    DeliveryStatus.DEFERRED: "deferred until {due:%Y-%m-%d %H:%M:%S} UTC ({reply})",
    DeliveryStatus.ACCEPTED: "accepted at {finished:%Y-%m-%d %H:%M:%S} UTC ({reply})",
    DeliveryStatus.REFUSED: "refused at {finished:%Y-%m-%d %H:%M:%S} UTC ({reply})",
    DeliveryStatus.UNCERTAIN: "uncertain since {finished:%Y-%m-%d %H:%M:%S} UTC ({reply})",
    DeliveryStatus.SKIPPED: "skipped: {why}",
}
RESOLVED = "resolved"
"""The reason of a delivery that was uncertain until the operator said that it had arrived."""

_SKIPPED: dict[str, str] = {
    Skip.NO_STORIES: "no stories in their sections",
    Skip.ADDRESS: "no address that can be mailed",
    Skip.CANCELLED: "the edition was cancelled",
}
_BESIDE = {GAVE_UP: ", given up", RESOLVED: ", by the operator's word"}
_ROW = ("status", "reason", "code", "reply", "attempts", "due", "finished")


@dataclass(frozen=True)
class Tally:
    """How many of an edition's audience stand where; `skipped` by reason.

    `waiting` counts those in flight too. All parts sum to `audience`, which counts every row
    there is: see `adds_up`. `next_waiting` and `next_deferred` are the instants when the first of
    them is due, None where there are none; `note` is the edition's own, on why it does not get on.
    """

    audience: int = 0
    accepted: int = 0
    refused: int = 0
    deferred: int = 0
    uncertain: int = 0
    waiting: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    # What is no part of the sum.
    next_waiting: datetime | None = field(default=None, compare=False)
    next_deferred: datetime | None = field(default=None, compare=False)
    note: str = field(default="", compare=False)

    @property
    def adds_up(self) -> bool:
        """Whether the parts sum to the audience; if not, rows stand where no program put them."""
        parts = self.accepted + self.refused + self.deferred + self.uncertain + self.waiting
        return parts + sum(self.skipped.values()) == self.audience

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
        parts += [
            f"skipped {count} ({skipped_why(reason)})" for reason, count in self.skipped.items()
        ]
        said = f"audience {self.audience}: {', '.join(parts) or 'nobody'}"
        return said if self.adds_up else f"{said}: this does not add up"

    def as_dict(self) -> dict[str, Any]:
        """The audience and its parts, by name."""
        beside = {"next_waiting", "next_deferred", "note"}
        return {name: value for name, value in asdict(self).items() if name not in beside}


def tally(session: Session, edition_id: int) -> Tally:
    """The account of an edition as the database has it now."""
    # One statement, so that nobody moves between two; the first half is answered by an index alone.
    sums = func.count().label("number"), func.min(col(Delivery.due)).label("due")
    mine, status = col(Delivery.edition_id) == edition_id, col(Delivery.status)
    tried = select(status, literal("").label("reason"), *sums).group_by(status)
    untried = select(status, col(Delivery.reason), *sums).group_by(status, col(Delivery.reason))
    query = union_all(
        tried.where(mine, status != DeliveryStatus.SKIPPED),
        untried.where(mine, status == DeliveryStatus.SKIPPED),
    )
    counts: dict[str, int] = {}
    first: dict[str, datetime] = {}
    skipped: dict[str, int] = {}
    for row in session.execute(query):
        counts[row.status] = counts.get(row.status, 0) + row.number
        first[row.status] = min(row.due, first.get(row.status, row.due))
        if row.status == DeliveryStatus.SKIPPED:
            skipped[row.reason] = row.number
    note = select(col(Edition.note)).where(col(Edition.id) == edition_id)
    return Tally(
        audience=sum(counts.values()),
        accepted=counts.get(DeliveryStatus.ACCEPTED, 0),
        refused=counts.get(DeliveryStatus.REFUSED, 0),
        deferred=counts.get(DeliveryStatus.DEFERRED, 0),
        uncertain=counts.get(DeliveryStatus.UNCERTAIN, 0),
        waiting=counts.get(DeliveryStatus.WAITING, 0) + counts.get(DeliveryStatus.CLAIMED, 0),
        skipped=skipped,
        next_waiting=first.get(DeliveryStatus.WAITING),
        next_deferred=first.get(DeliveryStatus.DEFERRED),
        note=session.scalars(note).first() or "",
    )


def check_account(account: Tally, edition_id: int, status: str) -> None:
    """Make sure that an account adds up, and that a sent edition has nothing left to send.

    Raises:
        AccountMismatchError: it does not, or it has.
    """
    if not account.adds_up or (status == EditionStatus.SENT and account.open):
        raise AccountMismatchError(edition=edition_id, status=status, account=account.said())


def deliveries(
    session: Session, edition_id: int, status: DeliveryStatus | None = None, *, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """An edition's deliveries in the order of their rows, and how many there are in all.

    Args:
        session: the database.
        edition_id: which edition.
        status: only those that stand there; those in flight count as waiting.
        limit: how many at most.

    Returns:
        Each with `delivery` (the row's number), `email` (None for who was erased), what became of
        it, and that `said` in words.
    """
    wanted = [col(Delivery.edition_id) == edition_id]
    if status is not None:
        flight = [DeliveryStatus.CLAIMED] if status is DeliveryStatus.WAITING else []
        wanted.append(col(Delivery.status).in_([status, *flight]))
    fields = [getattr(Delivery, name) for name in _ROW]
    query = (
        select(col(Delivery.id).label("delivery"), col(Subscriber.email), *fields)
        .outerjoin(Subscriber, col(Subscriber.id) == col(Delivery.subscriber_id))
        .where(*wanted)
        .order_by(col(Delivery.id))
        .limit(limit)
    )
    rows = [dict(row) for row in session.execute(query).mappings()]
    count = select(func.count()).select_from(Delivery).where(*wanted)
    return [row | {"said": said_of(row)} for row in rows], session.scalars(count).one()


def said_of(row: Mapping[str, Any]) -> str:
    """What became of a delivery, in words."""
    facts = {**row, "finished": row["finished"] or row["due"], "why": skipped_why(row["reason"])}
    said = _SAID.get(row["status"], "nowhere known: {status}").format(**facts)
    said += _BESIDE.get(row["reason"], "")
    return said if row["attempts"] < 2 else f"{said}, {row['attempts']} attempts"  # noqa: PLR2004 - one is no news


def skipped_why(reason: str) -> str:
    """The reason of a skipped delivery in words."""
    return _SKIPPED.get(reason, reason)


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
    facts = row.model_dump(include=set(_ROW))
    return {"email": person.email, **facts, "said": said_of(facts)}
