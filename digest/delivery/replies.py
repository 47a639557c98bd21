"""What a server's answer means for one delivery: pure, by the stage and the code of the answer."""

import re
from dataclasses import dataclass
from enum import StrEnum

from digest.text import one_line

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_SERVICE_CLOSES = 421


class Stage(StrEnum):
    """Where in a message's transaction an answer came, or was awaited (RFC 5321 section 3.3)."""

    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"
    BODY = "the message"


@dataclass(frozen=True)
class Answer:
    """The answer that ended a message's transaction; `code` is None where none came.

    At the stage BODY the message has left us up to its final dot; at every earlier stage the
    server cannot have it.
    """

    stage: Stage
    code: int | None
    text: str

    @property
    def enhanced(self) -> tuple[int, int, int] | None:
        """The enhanced status code that the text begins with (RFC 2034), if any."""
        match = _ENHANCED.match(self.text)
        return (int(match[1]), int(match[2]), int(match[3])) if match else None

    def __str__(self) -> str:
        # No database keeps the raw octets that some servers answer with (a NUL, Latin-1).
        words = one_line(self.text) or "no words"
        return f"{self.stage}: {words if self.code is None else f'{self.code} {words}'}"


class Verdict(StrEnum):
    """What is to be done with the delivery.

    `LATER` is about this recipient, `BACK` about the server or the connection: unless it came after
    the recipient was named, they have not had a turn. `HALT` says that no other recipient would
    fare better: the edition pauses.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"
    BACK = "back"
    UNCERTAIN = "uncertain"
    HALT = "halt"


def understand(answer: Answer) -> Verdict:
    """The verdict on an answer (RFC 5321 section 4.2, RFC 3463).

    A code that has no place at its stage is no answer: after the message, nobody can say whether
    it was taken.
    """
    match (answer.code or 0) // 100:
        case 2 if answer.stage is Stage.BODY:
            return Verdict.ACCEPTED
        case 4:
            return Verdict.BACK if answer.code == _SERVICE_CLOSES else Verdict.LATER
        case 5:
            return _permanent(answer)
        case _:
            return _NO_ANSWER[answer.stage]


# A connection that is lost once the recipient was named may be lost because of that recipient:
# the delivery has had its turn, or one that kills every connection would be tried for ever.
_NO_ANSWER = {
    Stage.MAIL: Verdict.BACK,
    Stage.RCPT: Verdict.LATER,
    Stage.DATA: Verdict.LATER,
    Stage.BODY: Verdict.UNCERTAIN,
}


def _permanent(answer: Answer) -> Verdict:
    # What is said before any recipient is named is said to all of them.
    if answer.stage is Stage.MAIL:
        return Verdict.HALT
    # A policy (RFC 3463 section 3.8) may be about this recipient or about us: it is tried again,
    # and `is_policy` lets the sender count how many say so in a row.
    return Verdict.LATER if is_policy(answer) else Verdict.REFUSED


def is_policy(answer: Answer) -> bool:
    """Whether the server refuses for reasons of policy or security: 5.7.x, or an AUTH code."""
    enhanced = answer.enhanced
    return (enhanced is not None and enhanced[:2] == (5, 7)) or answer.code in {530, 535}
