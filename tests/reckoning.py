"""What a server's journal says of an edition, against what our rows say of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import col, select

from digest.store import Store
from digest.store.models import Delivery, Subscriber
from tests.smtp import Entry


@dataclass(frozen=True)
class Reckoning:
    """How many readers of an edition, by what went wrong; `uncertain` rows alone are no fault.

    Attributes:
        uncertain: whose row says that nobody knows.
        again: messages that the server took beyond each reader's first.
        skipped: who got nothing, though their row is closed and not uncertain; or has no row.
        twice: who got more messages than their row says were tried.
        forgotten: who got one, and whose row says neither accepted nor uncertain.
        invented: whose row says accepted, and the server does not.
    """

    uncertain: int
    again: int
    skipped: int
    twice: int
    forgotten: int
    invented: int

    @property
    def faults(self) -> int:
        """Readers whom something is wrong with."""
        return self.skipped + self.twice + self.forgotten + self.invented


def reckon(
    store: Store, edition: int, everybody: Iterable[str], entries: Iterable[Entry]
) -> Reckoning:
    """Compare rows and journal of an edition that is over, refused by nobody."""
    taken = dict.fromkeys(everybody, 0)
    for entry in entries:
        taken[entry.recipient] += entry.taken
    query = (
        select(col(Subscriber.email), col(Delivery.status), col(Delivery.attempts))
        .join(Delivery, col(Delivery.subscriber_id) == col(Subscriber.id))
        .where(col(Delivery.edition_id) == edition)
    )
    with store.read() as session:
        rows = {email: (status, attempts) for email, status, attempts in session.exec(query)}
    known = {who: rows.get(who, ("", 0)) for who in taken}
    return Reckoning(
        uncertain=sum(status == "uncertain" for status, _ in known.values()),
        again=sum(max(count - 1, 0) for count in taken.values()),
        skipped=sum(not taken[who] and known[who][0] != "uncertain" for who in taken),
        twice=sum(taken[who] > max(known[who][1], 1) for who in taken),
        forgotten=sum(
            taken[who] > 0 and known[who][0] not in {"accepted", "uncertain"} for who in taken
        ),
        invented=sum(not taken[who] and known[who][0] == "accepted" for who in taken),
    )
