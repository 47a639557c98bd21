"""What the words of an answer give away, where its codes leave open whom it speaks of.

Servers word one thing in a hundred ways. These patterns are for the words of the large providers
and of the servers that most run; whoever words it otherwise is understood by their codes.
"""

import re
from enum import Enum

from digest.text import one_line

_ANYBODYS = re.compile(r"\S+@\S+|https?:\S+")


class Wording(Enum):
    """Something that the words of an answer may say."""

    NOBODY = (
        r"(user|mailbox|account|recipient|address) "
        r"(is |was )?(unknown|not (found|known)|does(n'?t| not) exist)"
        r"|(unknown|no such|invalid) (user|recipient|local.?part|person)"
        r"|(unknown|no such) (mailbox|address)|no mailbox (here )?by that name"
        r"|does(n'?t| not) have an? \S+ account|not a (known|valid) user"
    )
    FULL = r"quota|\bfull\b|out of (storage|space)|exceeded storage|storage space"
    TOO_LARGE = r"too (big|large|long)|\bsize"
    NOT_FOR_US = (
        r"relay(ing|ed)?,? (access )?(is )?(denied|not|prohibited|disallowed)|(not|to) relay"
        r"|not (authori[sz]ed|allowed) to send"
    )
    USED_UP = (
        r"(daily|hourly|monthly|sending|relay) (\w+ )?(quota|limit)|recipient limit"
        r"|credits exceeded"
    )
    OF_US = (
        r"sender|helo|client host|rcpthosts|not verified|not authori[sz]ed|send ?as"
        r"|authenticat|log(ged)? ?in|spam|unsolicited|block(ed|ing| ?list)|black ?list|reputation"
        r"|polic(y|ies)|sending (activity|paused)|outgoing"
    )
    GREYLISTED = r"gr[ae]y.?list"
    HURRY = r"too (many|much|fast|frequent)|throttl|\brate\b|busy|volume|resources|deferred"

    def __init__(self, pattern: str) -> None:
        self._found = re.compile(pattern).search

    def within(self, words: str) -> bool:
        """Whether words, as `plain_words` makes them, say it."""
        return self._found(words) is not None


def plain_words(text: str) -> str:
    """The words of an answer in lower case on one line.

    Addresses and links are left out, for they hold anybody's words: nospam@…, …/policy.html.
    """
    return _ANYBODYS.sub("", one_line(text).lower())
