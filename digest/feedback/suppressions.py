"""Addresses that are never mailed, whoever subscribes them."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, delete, select

from digest.errors import NoSuchSuppressionError
from digest.store.models import Suppression
from digest.subscribers.addresses import Address


class SuppressionReason(StrEnum):
    """Why an address is suppressed: its host says so, its owner complained, or we decided."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"


def suppress(
    session: Session, address: Address, reason: SuppressionReason, note: str, now: datetime
) -> bool:
    """Never mail an address again; False where it is suppressed already, which stays as it is."""
    if session.get(Suppression, address.key) is not None:
        return False
    session.add(Suppression(key=address.key, reason=reason, note=note, created=now))
    session.flush()
    return True


def lift(session: Session, address: Address) -> None:
    """Let an address be mailed again.

    Raises:
        NoSuchSuppressionError: it is not suppressed.
    """
    gone = session.exec(delete(Suppression).where(col(Suppression.key) == address.key))
    if not gone.rowcount:
        raise NoSuchSuppressionError(email=address.email)


def suppressions(session: Session) -> list[Suppression]:
    """All of them, the latest first."""
    latest_first = select(Suppression).order_by(
        col(Suppression.created).desc(), col(Suppression.key)
    )
    return list(session.exec(latest_first))
