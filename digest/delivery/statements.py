"""What is written in rows of the ledger, by a sender and by whoever comes after it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Row, any_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import Select
from sqlmodel import Session, col

from digest.delivery.journal import Hold
from digest.delivery.transitions import Fields, Skip
from digest.store.models import (
    OPEN,
    TRIABLE,
    Delivery,
    DeliveryStatus,
    Subscriber,
    Subscription,
    Suppression,
)
from digest.store.rows import among, insert_into, is_sqlite
from digest.subscribers.addresses import address_key

_ROWS = Delivery.metadata.tables["delivery"]

# A row is settled by whoever claimed it last, even when it was given up for lost in between: the
# fence says that nobody else has had it since. What has ended, by an operator's word too, stays.
_OURS = (_ROWS.c.fence == bindparam("seen")) & _ROWS.c.status.in_((*OPEN, DeliveryStatus.UNCERTAIN))
_RECORD = (
    update(_ROWS)
    .where(_OURS)
    .values(
        {name: bindparam(f"new_{name}") for name in Fields.__annotations__}
        | {"claimed_by": "", "claimed_until": None}
    )
)
_WORDS = (
    update(_ROWS)
    .where(
        _ROWS.c.id == bindparam("row"),
        _ROWS.c.fence == bindparam("seen"),
        _ROWS.c.reply == bindparam("first"),
    )
    .values(reply=bindparam("words"))
)


def record(session: Session, settled: Iterable[tuple[Hold, Fields]]) -> None:
    """Write what became of claims; of those that another sender has had since, nothing.

    Most of them have all in common but the server's words: a statement for all that are alike, and
    one for their words, take half the time of one for each.
    """
    alike: dict[tuple[object, ...], list[tuple[Hold, Fields]]] = defaultdict(list)
    for hold, fields in settled:
        key = (hold.fence, *(value for name, value in fields.items() if name != "reply"))
        alike[key].append((hold, fields))
    connection = session.connection()
    for same in alike.values():
        hold, fields = same[0]
        rows = among(session, _ROWS.c.id, [each.delivery_id for each, _ in same])
        connection.execute(_RECORD.where(rows), {"seen": hold.fence, **_prefixed(fields)})
        words = [
            {"row": each.delivery_id, "seen": each.fence}
            | {"first": fields["reply"], "words": own["reply"]}
            for each, own in same
            if own["reply"] != fields["reply"]
        ]
        if words:
            connection.execute(_WORDS, words)


def has_open(session: Session, edition_id: int) -> bool:
    """Whether an edition has deliveries that are not at their end."""
    mine = (_ROWS.c.edition_id == edition_id) & _ROWS.c.status.in_(OPEN)
    return session.scalars(select(_ROWS.c.id).where(mine).limit(1)).first() is not None


def _prefixed(fields: Fields) -> dict[str, object]:
    return {f"new_{name}": value for name, value in fields.items()}


def suppress(session: Session, gone: Iterable[tuple[str, str]], now: datetime) -> None:
    """Never mail addresses again of which their own server says that they are none, and what."""
    keys = {address_key(email): said for email, said in gone}
    if keys:
        # In one order: two editions' senders that have the same addresses wait for each other.
        rows = [
            {"key": key, "reason": "bounce", "note": said, "created": now}
            for key, said in sorted(keys.items())
        ]
        statement = insert_into(session, Suppression).on_conflict_do_nothing()
        session.connection().execute(statement, rows)


def as_they_stand(
    session: Session,
    newsletter: str,
    ids: Sequence[int],
    statuses: tuple[DeliveryStatus, ...] = TRIABLE,
    *,
    wait: bool = False,
) -> Sequence[Row[Any]]:
    """Rows that may be tried, locked, beside all that may forbid it.

    On PostgreSQL they are locked first, but for those that another holds (`wait` waits for it), and
    read then: a single statement would tell of a subscriber as they stood before somebody who was
    quicker let go of the row. On SQLite there is one writer.
    """
    arrays = not is_sqlite(session)
    if arrays:
        lock = (
            select(_ROWS.c.id)
            .where(among(session, _ROWS.c.id, ids), _ROWS.c.status.in_(statuses))
            .with_for_update(skip_locked=not wait)
        )
        ids = session.connection().scalars(lock).all()
    query = _beside(statuses, arrays=arrays)
    return session.connection().execute(query, {"ids": ids, "newsletter": newsletter}).all()


@cache
def _beside(statuses: tuple[DeliveryStatus, ...], *, arrays: bool) -> Select[Any]:
    """The query of `as_they_stand`: to make it takes as long as to run it for many rows."""
    tie, person, stop = col(Subscription.id), col(Subscriber.id), col(Suppression.key)
    chosen = (
        _ROWS.c.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))
        if arrays
        else _ROWS.c.id.in_(bindparam("ids", expanding=True))
    )
    return (
        select(
            _ROWS.c.id,
            _ROWS.c.fence,
            _ROWS.c.attempts,
            _ROWS.c.due,
            _ROWS.c.subscriber_id,
            tie.label("subscription_id"),
            col(Subscription.status),
            col(Subscription.sections),
            func.coalesce(col(Subscription.confirmed), col(Subscription.created)).label("since"),
            col(Subscriber.email),
            col(Subscriber.name),
            col(Subscriber.language),
            stop,
        )
        .outerjoin(Subscriber, person == _ROWS.c.subscriber_id)
        .outerjoin(
            Subscription,
            (col(Subscription.subscriber_id) == person)
            & (col(Subscription.newsletter) == bindparam("newsletter")),
        )
        .outerjoin(Suppression, stop == col(Subscriber.key))
        .where(chosen, _ROWS.c.status.in_(statuses))
    )


def skip_open(session: Session, edition_id: int, now: datetime) -> None:
    """Skip all that was not tried yet, for the edition was cancelled."""
    statement = (
        update(_ROWS)
        .where(_ROWS.c.edition_id == edition_id, _ROWS.c.status.in_(TRIABLE))
        .values(status=DeliveryStatus.SKIPPED.value, reason=Skip.CANCELLED.value, finished=now)
    )
    session.connection().execute(statement)
