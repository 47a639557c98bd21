"""What becomes of the claims of senders that are dead, or slept past their lease."""

import logging
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from digest.delivery.journal import Hold, Told, forget, owners, seal
from digest.delivery.owner import edition_of, is_dead
from digest.delivery.statements import has_open, record
from digest.delivery.transitions import Fields, Policy, lost, settled, untouched
from digest.store import Store
from digest.store.models import Delivery, DeliveryStatus

_log = logging.getLogger(__name__)

_ROWS = Delivery.metadata.tables["delivery"]


def recover(store: Store, edition_id: int, policy: Policy, journals: Path, now: datetime) -> int:
    """Settle the claims on an edition whose senders are dead or slept past their lease.

    What a sender's journal has an answer to is settled by it; what it never began waits again.
    The rest may have passed the final dot: the policy says what becomes of it. So it is with all
    claims of a machine whose journals are out of reach.

    Returns:
        How many were settled.
    """
    with store.write() as session:
        found = recover_in(session, edition_id, policy, journals, now)
    # Not before that is committed: what a journal told would be lost with the transaction.
    _forget_dead(store, journals)
    return found


def recover_in(
    session: Session, edition_id: int, policy: Policy, journals: Path, now: datetime
) -> int:
    """As `recover`, in the caller's transaction: no journal is removed."""
    query = (
        select(_ROWS.c.id, _ROWS.c.fence, _ROWS.c.attempts, _ROWS.c.claimed_by)
        .add_columns(_ROWS.c.claimed_until)
        .where(_ROWS.c.edition_id == edition_id)
        .where(_ROWS.c.status == DeliveryStatus.CLAIMED)
        .with_for_update(skip_locked=True)
    )
    gone: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in session.execute(query):
        if row.claimed_until < now or is_dead(row.claimed_by):
            gone[row.claimed_by].append(row)
    count = 0
    for owner, rows in gone.items():
        told = seal(journals, owner, dead=is_dead(owner))
        fields = [(Hold(row.id, row.fence), _fields(row, told, policy, now)) for row in rows]
        record(session, fields)
        became = Counter(str(row["status"]) for _, row in fields)
        said = ", ".join(f"{number} {status}" for status, number in sorted(became.items()))
        _log.warning("edition %s: a sender that is gone left %s: %s", edition_id, len(rows), said)
        count += len(rows)
    return count


def _forget_dead(store: Store, journals: Path) -> None:
    """Remove the journals of the dead whose editions have no open rows left.

    That they have no claims is not enough. PostgreSQL may still be at the last commit of a sender
    that was killed, and claims show only when it is done; but the rows are open until then, too.
    """
    dead = [owner for owner in owners(journals) if is_dead(owner)]
    if not dead:
        return
    editions = {edition_of(owner) for owner in dead}
    with store.read() as session:
        going_on = {number for number in editions if has_open(session, int(number))}
    for owner in dead:
        if edition_of(owner) not in going_on:
            forget(journals, owner)


def _fields(row: Row[Any], told: Told, policy: Policy, now: datetime) -> Fields:
    hold = Hold(row.id, row.fence)
    answer = told.heard.get(hold)
    if answer is not None:
        return settled(answer, attempts=row.attempts, now=now, policy=policy, jitter=0)
    if told.untouched(hold):
        return untouched(attempts=row.attempts, now=now)
    why = "the sender ended before the answer was recorded"
    return lost(why, attempts=row.attempts + 1, now=now, policy=policy)
