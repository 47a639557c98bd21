"""Subscribers as they are reported."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select as core_select
from sqlmodel import Session, col, func, select

from digest.store.models import Delivery, Edition, Subscriber, Subscription, SubscriptionStatus
from digest.store.suppressed import suppressed

_BATCH = 500
_LAST_DELIVERIES = 10
_DELIVERY = ("status", "reason", "code", "reply", "attempts", "due", "finished")
_PERSON = ("id", "email", "name", "timezone", "language", "created")
_SUPPRESSION = ("reason", "note", "created")
_TIE = ("newsletter", "status", "sections", "consent", "created", "confirmed", "unsubscribed")


def listed(
    session: Session,
    *,
    newsletter: str | None = None,
    status: SubscriptionStatus | None = None,
    limit: int,
) -> tuple[list[dict[str, Any]], int]:
    """The records of the first `limit` subscribers by address, and how many there are in all.

    With a newsletter or a status only those whose subscriptions fit both.
    """
    query = select(Subscriber)
    if newsletter is not None or status is not None:
        ties = select(Subscription.subscriber_id)
        if newsletter is not None:
            ties = ties.where(Subscription.newsletter == newsletter)
        if status is not None:
            ties = ties.where(Subscription.status == status)
        query = query.where(col(Subscriber.id).in_(ties))
    total = session.exec(select(func.count()).select_from(query.subquery())).one()
    found = session.exec(query.order_by(col(Subscriber.key)).limit(limit)).all()
    return records(session, found), total


def records(session: Session, subscribers: Sequence[Subscriber]) -> list[dict[str, Any]]:
    """Each subscriber with their subscriptions."""
    made = []
    for start in range(0, len(subscribers), _BATCH):
        batch = subscribers[start : start + _BATCH]
        ids = [subscriber.id for subscriber in batch]
        query = select(Subscription).where(col(Subscription.subscriber_id).in_(ids))
        ties: dict[int, list[Subscription]] = {}
        for tie in session.exec(query.order_by(col(Subscription.id))):
            ties.setdefault(tie.subscriber_id, []).append(tie)
        made += [_record(subscriber, ties.get(subscriber.id or 0, [])) for subscriber in batch]
    return made


def record(
    session: Session, subscriber: Subscriber, *, last: int = _LAST_DELIVERIES
) -> dict[str, Any]:
    """A subscriber with their subscriptions, suppression if there is one, and last deliveries."""
    (made,) = records(session, [subscriber])
    suppression = suppressed(session, [subscriber.key]).get(subscriber.key)
    return made | {
        "suppressed": suppression and suppression.reason,
        "suppression": suppression and suppression.model_dump(include=set(_SUPPRESSION)),
        "deliveries": _last_deliveries(session, subscriber, last),
    }


def _record(subscriber: Subscriber, ties: Sequence[Subscription]) -> dict[str, Any]:
    subscriptions = [{field: getattr(tie, field) for field in _TIE} for tie in ties]
    return {field: getattr(subscriber, field) for field in _PERSON} | {
        "subscriptions": subscriptions
    }


def _last_deliveries(session: Session, subscriber: Subscriber, limit: int) -> list[dict[str, Any]]:
    """What they were sent, the latest edition first."""
    edition = (col(Edition.newsletter), col(Edition.date), col(Edition.number))
    query = (
        core_select(
            col(Delivery.edition_id).label("edition"),
            *edition,
            *(getattr(Delivery, name) for name in _DELIVERY),
        )
        .join(Edition, col(Edition.id) == col(Delivery.edition_id))
        .where(col(Delivery.subscriber_id) == subscriber.id)
        .order_by(col(Edition.date).desc(), col(Delivery.id).desc())
        .limit(limit)
    )
    return [dict(row) for row in session.execute(query).mappings()]
