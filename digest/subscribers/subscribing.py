"""Consent: who wants which newsletter, said, confirmed and withdrawn."""

from datetime import datetime

from sqlmodel import Session, col, select, update

from digest.errors import SuppressedAddressError
from digest.store.models import Subscriber, Subscription, SubscriptionStatus
from digest.store.rows import insert_into, row_id
from digest.store.suppressed import suppressed
from digest.subscribers.addresses import Address
from digest.subscribers.choices import Choices, Profile


def subscribe(
    session: Session,
    address: Address,
    choices: Choices,
    now: datetime,
    *,
    profile: Profile,
    consent: str = "",
) -> Subscriber:
    """Find or make a person, and tie them to newsletters.

    With `consent` (where it is on record) their subscriptions are active; without it new ones are
    pending until they confirm, and so are those they had left. An active one stays active.

    Raises:
        SuppressedAddressError: the address is never mailed.
    """
    if suppression := suppressed(session, [address.key]).get(address.key):
        raise SuppressedAddressError(email=address.email, reason=suppression.reason)
    subscriber = _found_or_made(session, address, now)
    apply_profile(subscriber, profile)
    session.add(subscriber)
    session.flush()
    own = select(Subscription).where(Subscription.subscriber_id == subscriber.id)
    ties = {tie.newsletter: tie for tie in session.exec(own)}
    for slug, sections in choices.items():
        tie = ties.get(slug)
        if tie is None:
            tie = Subscription(subscriber_id=row_id(subscriber), newsletter=slug, created=now)
        if sections is not None:
            tie.sections = sections
        _sign_up(tie, consent, now)
        session.add(tie)
    session.flush()
    return subscriber


def _found_or_made(session: Session, address: Address, now: datetime) -> Subscriber:
    """The person with an address, held until the transaction ends: the same one's next waits."""
    held = select(Subscriber).where(Subscriber.key == address.key).with_for_update()
    subscriber = session.exec(held).one_or_none()
    if subscriber is None:
        new = {"email": address.email, "key": address.key, "name": "", "created": now}
        statement = insert_into(session, Subscriber).on_conflict_do_nothing()
        session.connection().execute(statement, new)
        subscriber = session.exec(held).one()
    return subscriber


def _sign_up(tie: Subscription, consent: str, now: datetime) -> None:
    if tie.status == SubscriptionStatus.ACTIVE:
        return
    tie.status = SubscriptionStatus.PENDING
    if consent:
        tie.status, tie.confirmed, tie.consent = SubscriptionStatus.ACTIVE, now, consent


def apply_profile(subscriber: Subscriber, profile: Profile) -> None:
    """Write down what is said of a person; what is not said stays."""
    if profile.name is not None:
        subscriber.name = profile.name
    if profile.timezone is not None:
        subscriber.timezone = profile.timezone or None
    if profile.language is not None:
        subscriber.language = profile.language or None


def confirm(session: Session, subscription_id: int, consent: str, now: datetime) -> bool:
    """Make a pending subscription active; False where it was not pending.

    A link that was mailed before somebody left does not bring them back.
    """
    pending = update(Subscription).where(
        col(Subscription.id) == subscription_id,
        col(Subscription.status) == SubscriptionStatus.PENDING,
    )
    status = SubscriptionStatus.ACTIVE
    done = session.exec(pending.values(status=status, confirmed=now, consent=consent))
    return bool(done.rowcount)


def unsubscribe(session: Session, subscription_id: int, now: datetime) -> bool:
    """End a subscription; False where it had ended already, or is gone: again changes nothing."""
    standing = update(Subscription).where(
        col(Subscription.id) == subscription_id,
        col(Subscription.status) != SubscriptionStatus.UNSUBSCRIBED,
    )
    status = SubscriptionStatus.UNSUBSCRIBED
    return bool(session.exec(standing.values(status=status, unsubscribed=now)).rowcount)
