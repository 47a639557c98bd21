"""What a server's answer means for one delivery: pure, by its stage, its codes and its words.

The enhanced code (RFC 3463) decides where there is one and it says something; else the reply code
(RFC 5321 section 4.2.3); the words only where both leave it open, and to keep a refusal of us from
being taken for one of the reader. The real answers that this was made for are listed, each with its
decision, in docs/reference/replies.md.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from digest.delivery.wording import Wording, plain_words
from digest.text import one_line

# At the beginning as RFC 2034 has it, or in brackets as qmail has it (cr.yp.to/proto/hcmssc.txt).
_ENHANCED = re.compile(r"(?:^#?|\(#)([245])\.(\d{1,3})\.(\d{1,3})(?![^\s)])")


class Stage(StrEnum):
    """Where in a message's transaction an answer came, or was awaited (RFC 5321 section 3.3).

    MAIL stands for everything before a recipient is named, from the greeting on.
    """

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
        """The enhanced status code of the text (RFC 2034), if any."""
        match = _ENHANCED.search(self.text)
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


class About(StrEnum):
    """Whom or what an answer speaks of: the reader, their domain, our server with us, the mail."""

    RECIPIENT = "recipient"
    DESTINATION = "destination"
    SERVER = "server"
    MESSAGE = "message"


@dataclass(frozen=True)
class Decision:
    """What is to be done after an answer, and why.

    Attributes:
        verdict: what becomes of the delivery.
        about: whom or what the answer speaks of.
        why: the reason in a few words, for people.
        suppress: the address is never to be mailed again.
        systemic: others may be told the same, whoever they are. One such answer proves nothing;
            a row of them with nobody accepted in between means that the edition should pause.
    """

    verdict: Verdict
    about: About
    why: str
    suppress: bool = False
    systemic: bool = False

    @property
    def breaks_off(self) -> bool:
        """Whether it speaks of what would follow as well, as a rule before this one had a turn."""
        return self.verdict in {Verdict.BACK, Verdict.HALT}

    @property
    def slows(self) -> bool:
        """Whether to go slower with the destination or the server that it speaks of."""
        return (
            self.verdict in {Verdict.LATER, Verdict.BACK, Verdict.UNCERTAIN}
            and self.about in {About.DESTINATION, About.SERVER}
            and not self.systemic
        )


_TAKEN = Decision(Verdict.ACCEPTED, About.RECIPIENT, "the server took it")

_NO_SUCH = Decision(Verdict.REFUSED, About.RECIPIENT, "there is no such address", suppress=True)
# Full or disabled for good is not for ever: tomorrow's edition asks again, this one does not.
_MAILBOX = Decision(Verdict.REFUSED, About.RECIPIENT, "the mailbox takes nothing now")
# A server that cannot reach anybody, or that explains nothing, may say the same to all: it ends
# this delivery, and is counted.
_FORM = Decision(Verdict.REFUSED, About.RECIPIENT, "it takes no such address", systemic=True)
_ROUTE = Decision(Verdict.REFUSED, About.DESTINATION, "their domain takes nothing", systemic=True)
_UNCLEAR = Decision(Verdict.REFUSED, About.RECIPIENT, "it does not say why", systemic=True)
_UNWANTED = Decision(Verdict.REFUSED, About.MESSAGE, "it does not want this mail", systemic=True)
# One reader's host may take less than all others: only what is said before a name speaks of all.
_SIZE = Decision(Verdict.REFUSED, About.MESSAGE, "the mail is too large", systemic=True)

_MAYBE_US = Decision(Verdict.LATER, About.SERVER, "it may refuse us, not them", systemic=True)
_USED_UP = Decision(Verdict.LATER, About.SERVER, "we sent as much as we may", systemic=True)
_US = Decision(Verdict.HALT, About.SERVER, "it refuses us, whoever the reader is")
_SIZE_FOR_ALL = Decision(Verdict.HALT, About.MESSAGE, "it takes no mail so large")

_READER_LATER = Decision(Verdict.LATER, About.RECIPIENT, "not now for this reader")
_DOMAIN_LATER = Decision(Verdict.LATER, About.DESTINATION, "their domain slows us down")
_SERVER_LATER = Decision(Verdict.LATER, About.SERVER, "the server is in trouble or busy")
_NOT_NOW = Decision(Verdict.BACK, About.SERVER, "the server takes nobody's mail now")
_CLOSES = Decision(Verdict.BACK, About.DESTINATION, "it closes after this reader's name")

# A connection that is lost once the recipient was named may be lost because of that recipient:
# the delivery has had its turn, or one that kills every connection would be tried for ever.
_LOST = Decision(Verdict.LATER, About.DESTINATION, "no answer came that belongs here")
_NO_ANSWER = {
    Stage.MAIL: Decision(Verdict.BACK, About.SERVER, _LOST.why),
    Stage.RCPT: _LOST,
    Stage.DATA: _LOST,
    Stage.BODY: Decision(Verdict.UNCERTAIN, About.DESTINATION, "nobody knows if it was taken"),
}

_ANY = None
# By subject and detail of an enhanced code (RFC 3463 section 3, and the registry of RFC 5248).
_TEMPORARY: dict[tuple[int, int | None], Decision] = {
    (1, 2): _DOMAIN_LATER,
    (1, 7): _SERVER_LATER,
    (1, 8): _SERVER_LATER,
    (1, _ANY): _READER_LATER,
    (2, _ANY): _READER_LATER,
    (3, _ANY): _SERVER_LATER,
    (4, 5): _SERVER_LATER,
    (4, _ANY): _DOMAIN_LATER,
    (5, _ANY): _SERVER_LATER,
    (7, _ANY): _DOMAIN_LATER,
}
# A detail of 0 is "other or undefined": it leaves a refusal open, unless it stands here itself.
_PERMANENT: dict[tuple[int, int | None], Decision] = {
    (1, 0): _NO_SUCH,
    (1, 7): _MAYBE_US,  # the sender's address, as is the next
    (1, 8): _MAYBE_US,
    (1, _ANY): _NO_SUCH,
    (2, 3): _UNWANTED,  # the mail is too large for this mailbox
    (2, _ANY): _MAILBOX,
    (3, 4): _SIZE,
    (3, _ANY): _ROUTE,
    (4, 5): _USED_UP,
    (4, _ANY): _ROUTE,
    (5, _ANY): _MAYBE_US,
    (6, 7): _FORM,  # RFC 6531
    (6, _ANY): _UNWANTED,
    # A policy may be about this recipient or about us.
    (7, 0): _MAYBE_US,
    (7, 8): _US,  # RFC 4954: a bad login
    (7, _ANY): _MAYBE_US,
}
# By the reply code alone (RFC 5321 section 4.2.3).
_TEMPORARY_CODES = {
    432: _SERVER_LATER,
    452: _SERVER_LATER,
    # RFC 4954 and 3207: login or TLS fail for now; Amazon SES says it for "too fast".
    454: _SERVER_LATER,
}
_PERMANENT_CODES = {
    500: _MAYBE_US,
    501: _FORM,
    502: _MAYBE_US,
    503: _MAYBE_US,
    504: _MAYBE_US,
    556: _NO_SUCH,  # RFC 7504
}
# Codes with one meaning, whatever else is said (RFC 4954, 5248: logins and TLS; RFC 5321, 7504).
_CERTAIN_CODES = dict.fromkeys((523, 524, 525, 530, 534, 535, 538), _US)
_CERTAIN_CODES |= {521: _MAYBE_US, 555: _FORM}

CLOSING = 421
_EXCEEDED = 552
_NO_MAILBOX = (1, 1)
_OWN_SUBJECTS = {3, 4}
"""The server's own system and network: what closes for these does not close for the reader."""


def decide(answer: Answer) -> Decision:
    """What is to be done after an answer.

    A code that has no place at its stage is no answer: after the message, nobody can say whether
    it was taken.
    """
    match (answer.code or 0) // 100:
        case 2 if answer.stage is Stage.BODY:
            return _TAKEN
        case 4:
            return _temporary(_Reading.of(answer))
        case 5:
            return _permanent(_Reading.of(answer))
        case _:
            return _NO_ANSWER[answer.stage]


@dataclass(frozen=True)
class _Reading:
    """An answer taken apart; its status is (0, 0) without an enhanced code of its own class."""

    stage: Stage
    code: int
    status: tuple[int, int]
    words: str

    @classmethod
    def of(cls, answer: Answer) -> "_Reading":
        code, (level, *status) = answer.code or 0, answer.enhanced or (0, 0, 0)
        subject, detail = status if level == code // 100 else (0, 0)
        return cls(answer.stage, code, (subject, detail), plain_words(answer.text))

    def says(self, wording: Wording) -> bool:
        return wording.within(self.words)


def _temporary(said: _Reading) -> Decision:
    if said.stage is Stage.MAIL:
        return _NOT_NOW
    if said.code == CLOSING:
        return _NOT_NOW if said.status[0] in _OWN_SUBJECTS else _CLOSES
    if said.says(Wording.GREYLISTED):
        return _READER_LATER
    return _limit(said) or _temporary_by_codes(said)


def _limit(said: _Reading) -> Decision | None:
    if said.says(Wording.NOT_FOR_US):
        return _MAYBE_US
    return _USED_UP if said.says(Wording.USED_UP) else None


def _temporary_by_codes(said: _Reading) -> Decision:
    by_status = _TEMPORARY.get(said.status) or _TEMPORARY.get((said.status[0], _ANY))
    if by_status:
        return by_status
    if said.says(Wording.FULL):
        return _READER_LATER
    unnamed = _DOMAIN_LATER if said.says(Wording.HURRY) else _READER_LATER
    return _TEMPORARY_CODES.get(said.code, unnamed)


def _permanent(said: _Reading) -> Decision:
    decision = _refusal(said)
    if said.stage is Stage.MAIL:
        # What is said before any recipient is named is said to all of them.
        return _SIZE_FOR_ALL if decision is _SIZE else _US
    # After the message, only the plainest code speaks of the address and not of the mail.
    plain = said.stage is Stage.RCPT or (said.stage is Stage.BODY and said.status == _NO_MAILBOX)
    return decision if plain else replace(decision, suppress=False)


def _refusal(said: _Reading) -> Decision:
    subject, detail = said.status
    by_status = _PERMANENT.get(said.status) or (_PERMANENT.get((subject, _ANY)) if detail else None)
    decision = _CERTAIN_CODES.get(said.code) or by_status
    if decision is _US or decision is _SIZE:
        return decision
    of_us = _MAYBE_US if said.says(Wording.OF_US) else _limit(said)
    return of_us or decision or _refusal_in_words(said)


def _refusal_in_words(said: _Reading) -> Decision:
    # RFC 1870 has 552 for mail that is too large, RFC 5321 for a mailbox that is full.
    if said.code == _EXCEEDED and said.says(Wording.TOO_LARGE):
        return _SIZE
    if said.says(Wording.NOBODY):
        return _NO_SUCH
    if said.says(Wording.FULL):
        return _MAILBOX
    unnamed = _UNCLEAR if said.stage is Stage.RCPT else _UNWANTED
    return _PERMANENT_CODES.get(said.code, unnamed)
