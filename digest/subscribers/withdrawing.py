"""Leaving while a sending is under way: whoever has left is mailed no more, not even once.

A sender holds the deliveries that it is about to try, some tens of milliseconds each. A change that
takes somebody out of its reach waits until it has let go of theirs: so no mail leaves after the
change is committed.
"""

import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from digest.store import Store
from digest.store.models import (
    OPEN,
    Delivery,
    DeliveryStatus,
    Edition,
    EditionStatus,
    Subscriber,
    Subscription,
)
from digest.subscribers.addresses import Address

FRESH = 2.0
"""Seconds for which a sender relies on what a claim found: with an older one it looks again at who
may be mailed, before the message begins."""
PATIENCE = 5.0
"""Seconds that a change waits for mails in hand: a server that hangs has begun them long before."""
MARGIN = 0.5
"""Seconds within which a sender that has looked again begins: where that took longer, it looks once
more."""
_OLD = FRESH + 2 * MARGIN
"""Seconds after which a sender has either begun with a claim or looks again: one who was about to
begin has had time to."""
_PAUSE = 0.02


def holders(addresses: Collection[Address]) -> Select[Any]:
    """The subscribers with some addresses, for `withdrawing`."""
    return select(col(Subscriber.id)).where(col(Subscriber.key).in_([a.key for a in addresses]))


def holder(subscription_id: int) -> Select[Any]:
    """The subscriber of a subscription, for `withdrawing`."""
    return select(col(Subscription.subscriber_id)).where(col(Subscription.id) == subscription_id)


@contextmanager
def withdrawing(store: Store, whom: Select[Any]) -> Iterator[Session]:
    """A writing session, begun while no sender has a mail to these subscribers in hand.

    Until it ends, none can take one in hand. After `PATIENCE` it begins though there is one: then
    each claim is old, so that its message has begun, or its sender will look again and see the
    change. It waits for `PATIENCE` and three seconds at most, locks aside.

    Who is being made a part of an edition's audience just now has no delivery yet that could be
    waited for: the change waits until all have theirs.

    Args:
        store: the database.
        whom: the numbers of the subscribers; see `holders`.
    """
    deadline = time.monotonic() + PATIENCE
    since: dict[tuple[int, int], float] = {}
    while True:
        with ExitStack() as stack:
            session = stack.enter_context(store.write())
            now = time.monotonic()
            since = {claim: since.get(claim, now) for claim in _in_hand(session, whom)}
            if not since or now > deadline:
                # Nobody claims anew what we hold: so this ends what might go on for ever. Who
                # looked again just before has begun after two margins.
                waits = [max(seen + _OLD - now, 2 * MARGIN) for seen in since.values()]
                time.sleep(max(waits, default=0.0))
                yield session
                return
        time.sleep(_PAUSE)


def _in_hand(session: Session, whom: Select[Any]) -> Iterator[tuple[int, int]]:
    """Claims that hold, each as its row and the row's fence: a later claim has another."""
    # Locked, as is who freezes an audience (`delivery.audience`). On SQLite there is one writer.
    drafts = select(col(Edition.id)).where(col(Edition.status) == EditionStatus.DRAFT)
    session.connection().execute(drafts.with_for_update(read=True))
    # The rows are locked: senders pass over locked ones.
    rows = (
        select(col(Delivery.id), col(Delivery.fence))
        .add_columns(col(Delivery.status), col(Delivery.claimed_until))
        .where(col(Delivery.subscriber_id).in_(whom))
        .where(col(Delivery.status).in_((*OPEN, DeliveryStatus.UNCERTAIN)))
        .with_for_update()
    )
    now = datetime.now(UTC)
    for row in session.connection().execute(rows).all():
        if row.status == DeliveryStatus.CLAIMED and row.claimed_until and row.claimed_until > now:
            yield row.id, row.fence
