"""Who is never mailed: asked by whoever lets somebody in, and by whoever mails."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from digest.store.models import Suppression
from digest.store.rows import among


def suppressed(session: Session, keys: Collection[str]) -> dict[str, Suppression]:
    """The suppressions among some address keys, by key; at most a few hundred keys at once."""
    query = select(Suppression).where(among(session, col(Suppression.key), keys))
    return {suppression.key: suppression for suppression in session.exec(query)}
