"""What became of each delivery, in the log: who must look into one finds it without the database.

Addresses are shortened, in the server's words too: logs go where subscribers' data may not.
"""

import logging
from typing import Protocol

from digest.delivery.replies import Answer
from digest.logs import short_address, shorten_addresses
from digest.store.models import DeliveryStatus
from digest.text import one_line

_log = logging.getLogger(__name__)


class Tried(Protocol):
    """What a claim says of itself."""

    @property
    def delivery_id(self) -> int:
        """The number of its row."""

    @property
    def email(self) -> str:
        """Whose it is."""

    @property
    def attempts(self) -> int:
        """How often it had been tried before."""


def outcome(
    edition_id: int, claim: Tried, answer: Answer | None, status: str, reason: str = ""
) -> None:
    """Log where a delivery stands after a turn: at DEBUG when it was accepted, else at INFO.

    Args:
        edition_id: of which edition.
        claim: whose turn it was.
        answer: the server's answer; None where it was not asked.
        status: where the row stands now, a `DeliveryStatus`.
        reason: the row's reason, if it has one.
    """
    level = logging.DEBUG if status == DeliveryStatus.ACCEPTED else logging.INFO
    if not _log.isEnabledFor(level):
        return
    facts: dict[str, object] = {
        "edition": edition_id,
        "delivery": claim.delivery_id,
        "to": short_address(claim.email),
    }
    if reason:
        facts["reason"] = str(reason)
    if answer is not None:
        reply = shorten_addresses(one_line(answer.text), known=[claim.email])
        facts |= {"attempt": claim.attempts + 1, "stage": str(answer.stage)}
        facts |= {"code": answer.code, "reply": reply}
    _log.log(level, "delivery %s", str(status), extra=facts)
