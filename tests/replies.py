"""The table of real replies: the tests hold decisions to it, and a reference page is made of it."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from digest.delivery.replies import Answer, Stage, decide

TABLE = Path(__file__).parent / "fixtures" / "delivery" / "replies.toml"

_HEAD = """\
# Replies

<!-- Written by `make docs` from tests/fixtures/delivery/replies.toml: change that. -->

What servers really answer, and what is decided on it. The enhanced code (RFC 3463) decides where
there is one that says something; else the reply code (RFC 5321); the words only where both leave it
open, and to keep a refusal of us from being taken for one of the reader. MAIL FROM stands for
everything before a recipient is named, from the greeting on.

| decision | what becomes of the delivery |
|---|---|
| **accepted** | the server has taken it |
| **refused** | it said no: this edition is not tried again with this reader |
| **later** | deferred: tried again after growing pauses, until `retry_for` is over |
| **back** | it waits, for the reader had no turn; after the reader was named, it is deferred |
| **uncertain** | the message left us whole, and nobody can say if it was taken |
| **halt** | it waits, and the edition pauses: no other reader would fare better |

| mark | |
|---|---|
| *suppress* | the address does not exist and is never mailed again; nothing else suppresses |
| *systemic* | others may be told the same: a row of them with nobody accepted pauses the edition |

Each answer speaks of the **recipient**, of their **destination** (the domain), of the **server**
with us, or of the **message**. A destination that closes, or says “later” of itself, is left alone
for a while when it does so three times in a row; so is a server that says “later” of itself. A
mailbox that is full or disabled refuses, and no more: tomorrow's edition asks again.
"""


@dataclass(frozen=True)
class Reply:
    """A reply that a server really gives, and the decision on it in words."""

    by: str
    source: str
    answer: Answer
    decision: str

    def __str__(self) -> str:
        return f"{self.by}: {self.answer}"


def table() -> list[Reply]:
    """All of it."""
    data = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return [
        Reply(group["by"], group["source"], Answer(Stage[stage], code or None, words), decision)
        for group in data["said"]
        for stage, code, words, decision in group["replies"]
    ]


def decided(answer: Answer) -> str:
    """The decision on an answer as the table has it."""
    decision = decide(answer)
    marks = [name for name in ("suppress", "systemic") if getattr(decision, name)]
    return " ".join([decision.verdict, decision.about, *marks])


def replies_page() -> str:
    """docs/reference/replies.md."""
    return _HEAD + "".join(
        line
        for (by, source), group in groupby(table(), lambda reply: (reply.by, reply.source))
        for line in _section(by, source, list(group))
    )


def _section(by: str, source: str, group: list[Reply]) -> Iterator[str]:
    yield f"\n## {by}\n\nSource: {source}\n\n| at | reply | decision | why |\n|---|---|---|---|\n"
    for reply in group:
        verdict, about, *marks = reply.decision.split()
        said = " ".join(f"{reply.answer.code or ''} {reply.answer.text}".split())
        said = said.replace("|", "\\|").replace("`", "'")
        told = " ".join([f"**{verdict}**,", about, *(f"*{mark}*" for mark in marks)])
        yield f"| {reply.answer.stage} | `{said}` | {told} | {decide(reply.answer).why} |\n"
