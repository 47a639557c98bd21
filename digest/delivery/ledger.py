"""The ledger: one row for each reader of an edition, and who may touch it. Only SQL lives here."""

import random
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.sql import Select
from sqlmodel import Session, col

from digest.delivery.owner import is_dead
from digest.delivery.transitions import (
    Fields,
    Policy,
    Skip,
    lost,
    skip_reason,
    skipped,
)
from digest.store import Store
from digest.store.models import (
    Delivery,
    DeliveryStatus,
    Edition,
    EditionStatus,
    Subscriber,
    Subscription,
    Suppression,
)

_PREFETCHED = 500
_ROWS = Delivery.metadata.tables["delivery"]
_TRIABLE = (DeliveryStatus.WAITING, DeliveryStatus.DEFERRED)


@dataclass(frozen=True)
class Claim:
    """A delivery that this sender alone may try until the lease ends, and whom it is for."""

    delivery_id: int
    fence: int
    attempts: int
    until: datetime
    subscription_id: int
    email: str
    name: str
    sections: tuple[str, ...] | None
    since: datetime


@dataclass(frozen=True)
class Outcome:
    """What became of a claim."""

    claim: Claim
    fields: Fields


class Ledger:
    """One sender's hold on an edition's rows. Used from one thread.

    Args:
        store: the database.
        edition_id: whose rows.
        newsletter: the edition's newsletter.
        owner: this sender's name in the rows that it claims.
        lease: how long a claim holds; longer than any message's transaction can take.
    """

    def __init__(
        self, store: Store, edition_id: int, newsletter: str, owner: str, lease: timedelta
    ) -> None:
        self._store = store
        self._edition_id = edition_id
        self._newsletter = newsletter
        self._owner = owner
        self._lease = lease
        self._candidates: deque[int] = deque()
        self._held: set[int] = set()
        # Senders that work side by side rarely reach for the same rows.
        self._random = random.Random(owner)  # noqa: S311 - spreads, protects nothing

    def exchange(self, outcomes: Sequence[Outcome], wanted: int, now: datetime) -> list[Claim]:
        """Record outcomes and claim up to `wanted` rows that are due, in one transaction.

        There are fewer claims than wanted where no more are due, and none unless the edition is
        being sent.
        """
        with self._store.write() as session:
            _record(session, outcomes)
            if wanted and edition_status(session, self._edition_id) != EditionStatus.SENDING:
                wanted = 0
            claims: list[Claim] = []
            refills = 1
            while len(claims) < wanted:
                if not self._candidates:
                    if not refills:
                        break
                    refills -= 1
                    self._refill(session, now)
                claims += self._claim(session, wanted - len(claims), now)
        self._held -= {outcome.claim.delivery_id for outcome in outcomes}
        self._held |= {claim.delivery_id for claim in claims}
        return claims

    def _refill(self, session: Session, now: datetime) -> None:
        query = (
            select(_ROWS.c.id)
            .where(_ROWS.c.edition_id == self._edition_id)
            .where(_ROWS.c.status.in_(_TRIABLE))
            .where(_ROWS.c.due <= now)
            .limit(_PREFETCHED)
        )
        found = list(session.scalars(query))
        self._random.shuffle(found)
        self._candidates.extend(found)

    def _claim(self, session: Session, wanted: int, now: datetime) -> list[Claim]:
        """Claim some of the candidates, as they stand now: whoever left is skipped."""
        count = min(wanted, len(self._candidates))
        ids = [self._candidates.popleft() for _ in range(count)]
        claims, skips = [], []
        for row in session.execute(_as_they_stand(self._newsletter, ids)):
            reason = skip_reason(row.subscriber_id, row.status, suppressed=row.key is not None)
            if reason is None:
                claims.append(self._claim_of(row, now))
            else:
                fields = skipped(reason, attempts=row.attempts, now=now)
                skips.append({"row": row.id, "seen": row.fence, **fields})
        if skips:
            session.connection().execute(_RECORD, skips)
        if claims:
            session.connection().execute(
                _CLAIM,
                [
                    {"row": claim.delivery_id, "by": self._owner, "until": claim.until}
                    for claim in claims
                ],
            )
        return claims

    def _claim_of(self, row: Row[Any], now: datetime) -> Claim:
        return Claim(
            delivery_id=row.id,
            fence=row.fence + 1,
            attempts=row.attempts,
            until=now + self._lease,
            subscription_id=row.subscription_id,
            email=row.email,
            name=row.name,
            sections=None if row.sections is None else tuple(row.sections),
            since=row.confirmed or row.created,
        )

    def recover(self, policy: Policy, now: datetime) -> int:
        """Settle the claims of senders that are dead or slept past their lease.

        Our own that we never heard of go back to waiting: a commit had come through, and the word
        of it was lost.
        """
        mine = update(_ROWS).where(
            _ROWS.c.edition_id == self._edition_id,
            _ROWS.c.status == DeliveryStatus.CLAIMED,
            _ROWS.c.claimed_by == self._owner,
            _ROWS.c.id.not_in(self._held),
        )
        back = mine.values(status=DeliveryStatus.WAITING, claimed_by="", claimed_until=None)
        with self._store.write() as session:
            session.connection().execute(back)
            return recover(session, self._edition_id, policy, now)

    def outlook(self, now: datetime) -> tuple[str, datetime | None, int]:
        """What lies before this sender.

        Returns:
            The edition's status; when its next open row is due, None when none is open (a claimed
            one counts as due when its lease ends); how many rows are due now, counted up to 500.
        """
        rows = _ROWS.c
        mine = rows.edition_id == self._edition_id
        triable = select(rows.due).where(mine, rows.status.in_(_TRIABLE))
        claimed = select(rows.claimed_until).where(mine, rows.status == DeliveryStatus.CLAIMED)
        ready = triable.where(rows.due <= now).limit(_PREFETCHED).subquery()
        with self._store.read() as session:
            status = edition_status(session, self._edition_id)
            instants = [
                session.scalars(triable.order_by(rows.due).limit(1)).first(),
                session.scalars(claimed.order_by(rows.claimed_until).limit(1)).first(),
            ]
            count = session.scalars(select(func.count()).select_from(ready)).one()
        return status, min((at for at in instants if at), default=None), count


# A row is settled by whoever claimed it last, even when it was given up for lost in between:
# the fence says that nobody else has had it since.
_RECORD = (
    update(_ROWS)
    .where(_ROWS.c.id == bindparam("row"), _ROWS.c.fence == bindparam("seen"))
    .values(
        status=bindparam("status"),
        reason=bindparam("reason"),
        code=bindparam("code"),
        reply=bindparam("reply"),
        attempts=bindparam("attempts"),
        due=bindparam("due"),
        finished=bindparam("finished"),
        claimed_by="",
        claimed_until=None,
    )
)
_CLAIM = (
    update(_ROWS)
    .where(_ROWS.c.id == bindparam("row"))
    .values(
        status=DeliveryStatus.CLAIMED.value,
        claimed_by=bindparam("by"),
        claimed_until=bindparam("until"),
        fence=_ROWS.c.fence + 1,
    )
)


def recover(session: Session, edition_id: int, policy: Policy, now: datetime) -> int:
    """Settle the claims on an edition whose senders are dead or slept past their lease.

    Their messages may have passed the final dot: the policy says what becomes of them.
    """
    query = (
        select(_ROWS.c.id, _ROWS.c.fence, _ROWS.c.attempts, _ROWS.c.claimed_by)
        .add_columns(_ROWS.c.claimed_until)
        .where(_ROWS.c.edition_id == edition_id)
        .where(_ROWS.c.status == DeliveryStatus.CLAIMED)
        .with_for_update(skip_locked=True)
    )
    gone = [
        {
            "row": row.id,
            "seen": row.fence,
            **lost(
                "the sender ended before the answer was recorded",
                attempts=row.attempts + 1,
                now=now,
                policy=policy,
            ),
        }
        for row in session.execute(query)
        if row.claimed_until < now or is_dead(row.claimed_by)
    ]
    if gone:
        session.connection().execute(_RECORD, gone)
    return len(gone)


def _record(session: Session, outcomes: Iterable[Outcome]) -> None:
    settled = [
        {"row": outcome.claim.delivery_id, "seen": outcome.claim.fence, **outcome.fields}
        for outcome in outcomes
    ]
    if settled:
        session.connection().execute(_RECORD, settled)


def _as_they_stand(newsletter: str, ids: Sequence[int]) -> Select[Any]:
    """Rows that may be tried, locked, beside all that may forbid it.

    PostgreSQL passes over rows that another sender is claiming; on SQLite there is one writer.
    """
    tie, person, stop = col(Subscription.id), col(Subscriber.id), col(Suppression.key)
    return (
        select(
            _ROWS.c.id,
            _ROWS.c.fence,
            _ROWS.c.attempts,
            _ROWS.c.subscriber_id,
            tie.label("subscription_id"),
            col(Subscription.status),
            col(Subscription.sections),
            col(Subscription.created),
            col(Subscription.confirmed),
            col(Subscriber.email),
            col(Subscriber.name),
            stop,
        )
        .outerjoin(Subscriber, person == _ROWS.c.subscriber_id)
        .outerjoin(
            Subscription,
            (col(Subscription.subscriber_id) == person)
            & (col(Subscription.newsletter) == newsletter),
        )
        .outerjoin(Suppression, stop == col(Subscriber.key))
        .where(_ROWS.c.id.in_(ids), _ROWS.c.status.in_(_TRIABLE))
        .with_for_update(of=_ROWS, skip_locked=True)
    )


def edition_status(session: Session, edition_id: int) -> str:
    """Where the edition stands in its life, as the database has it now."""
    query = select(col(Edition.status)).where(col(Edition.id) == edition_id)
    return session.scalars(query).one()


def skip_open(session: Session, edition_id: int, now: datetime) -> None:
    """Skip all that was not tried yet, for the edition was cancelled."""
    statement = (
        update(_ROWS)
        .where(_ROWS.c.edition_id == edition_id, _ROWS.c.status.in_(_TRIABLE))
        .values(status=DeliveryStatus.SKIPPED.value, reason=Skip.CANCELLED.value, finished=now)
    )
    session.connection().execute(statement)
