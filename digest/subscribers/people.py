"""Subscribers one by one: found, changed, unsubscribed, erased."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, select, update

from digest.errors import (
    AddressTakenError,
    NoSuchSubscriberError,
    NoSuchSubscriptionError,
    SuppressedAddressError,
)
from digest.store.models import (
    TRIABLE,
    Delivery,
    DeliveryStatus,
    Subscriber,
    Subscription,
)
from digest.store.rows import row_id
from digest.store.suppressed import suppressed
from digest.subscribers.addresses import Address, read_address
from digest.subscribers.choices import Choices
from digest.subscribers.subscribing import confirm, unsubscribe

ERASED = "erased"


def find(session: Session, address: Address) -> Subscriber:
    """The subscriber with an address.

    Raises:
        NoSuchSubscriberError: nobody has it.
    """
    subscriber = session.exec(select(Subscriber).where(Subscriber.key == address.key)).one_or_none()
    if subscriber is None:
        raise NoSuchSubscriberError(email=address.email)
    return subscriber


def ties(
    session: Session, subscriber: Subscriber, newsletters: Sequence[str] = ()
) -> list[Subscription]:
    """A subscriber's subscriptions, all or to the named newsletters, in the order they began.

    Raises:
        NoSuchSubscriptionError: they have none to one of those.
    """
    own = select(Subscription).where(Subscription.subscriber_id == subscriber.id)
    found = list(session.exec(own.order_by(col(Subscription.id))))
    slugs = [tie.newsletter for tie in found]
    for slug in newsletters:
        if slug not in slugs:
            known = ", ".join(slugs) or "none"
            raise NoSuchSubscriptionError(email=subscriber.email, newsletter=slug, known=known)
    return [tie for tie in found if not newsletters or tie.newsletter in newsletters]


def find_subscription(session: Session, newsletter: str, email: str) -> Subscription:
    """The subscription to a newsletter of whoever has an address, whatever its status.

    Raises:
        InvalidAddressError: `email` is no address.
        NoSuchSubscriberError: nobody has it.
        NoSuchSubscriptionError: they have no subscription to that newsletter.
    """
    (tie,) = ties(session, find(session, read_address(email)), [newsletter])
    return tie


def move(session: Session, subscriber: Subscriber, address: Address) -> None:
    """Give a subscriber another address.

    Raises:
        AddressTakenError: somebody else has it.
        SuppressedAddressError: it is never mailed.
    """
    if suppression := suppressed(session, [address.key]).get(address.key):
        raise SuppressedAddressError(email=address.email, reason=suppression.reason)
    owner = session.exec(select(Subscriber.id).where(Subscriber.key == address.key)).one_or_none()
    if owner not in {None, subscriber.id}:
        raise AddressTakenError(email=address.email)
    subscriber.email, subscriber.key = address.email, address.key
    session.add(subscriber)


def choose(subscriptions: Sequence[Subscription], choices: Choices) -> None:
    """Write down which sections were chosen; None is all of them."""
    for tie in subscriptions:
        tie.sections = choices[tie.newsletter]


def confirm_all(
    session: Session, subscriptions: Sequence[Subscription], consent: str, now: datetime
) -> list[str]:
    """Make the pending ones active; the newsletters of those that were."""
    return [tie.newsletter for tie in subscriptions if confirm(session, row_id(tie), consent, now)]


def unsubscribe_all(
    session: Session, subscriptions: Sequence[Subscription], now: datetime
) -> list[str]:
    """End them; the newsletters of those that had not ended before."""
    return [tie.newsletter for tie in subscriptions if unsubscribe(session, row_id(tie), now)]


def erase(session: Session, subscriber: Subscriber, now: datetime) -> int:
    """Forget a person; the number of deliveries that they will now not get.

    Their subscriptions go with them. Deliveries stay without a name, so that an edition's accounts
    still sum up; those not yet tried are skipped, with the reason `ERASED`. One that a sender has
    in hand is the sender's to finish: see `withdrawing`. A suppression stays: it keeps the address
    from being mailed.
    """
    untried = update(Delivery).where(
        col(Delivery.subscriber_id) == subscriber.id,
        col(Delivery.status).in_(TRIABLE),
    )
    skipped = session.exec(
        untried.values(status=DeliveryStatus.SKIPPED, reason=ERASED, finished=now)
    )
    session.exec(delete(Subscriber).where(col(Subscriber.id) == subscriber.id))
    return skipped.rowcount
