"""Subscribers as they are reported."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, func, select

from digest.store.models import Delivery, Edition, Subscriber, Subscription, SubscriptionStatus
from digest.store.suppressed import suppressed

_BATCH = 500
_LAST_DELIVERIES = 10
_PERSON = ("id", "email", "name", "timezone", "language", "created")
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


def record(session: Session, subscriber: Subscriber) -> dict[str, Any]:
    """A subscriber with their subscriptions, last deliveries, and suppression if there is one."""
    (made,) = records(session, [subscriber])
    suppression = suppressed(session, [subscriber.key]).get(subscriber.key)
    return made | {
        "suppressed": suppression and suppression.reason,
        "deliveries": _last_deliveries(session, subscriber),
    }


def _record(subscriber: Subscriber, ties: Sequence[Subscription]) -> dict[str, Any]:
    subscriptions = [{field: getattr(tie, field) for field in _TIE} for tie in ties]
    return {field: getattr(subscriber, field) for field in _PERSON} | {
        "subscriptions": subscriptions
    }


def _last_deliveries(session: Session, subscriber: Subscriber) -> list[dict[str, Any]]:
    query = (
        select(Delivery, col(Edition.newsletter), col(Edition.date))
        .join(Edition, col(Edition.id) == Delivery.edition_id)
        .where(Delivery.subscriber_id == subscriber.id)
        .order_by(col(Edition.date).desc(), col(Delivery.id).desc())
        .limit(_LAST_DELIVERIES)
    )
    return [
        {
            "edition": delivery.edition_id,
            "newsletter": newsletter,
            "date": date,
            "status": delivery.status,
            "reason": delivery.reason,
            "finished": delivery.finished,
        }
        for delivery, newsletter, date in session.exec(query)
    ]
