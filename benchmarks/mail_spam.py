"""What Debian's SpamAssassin, by its local rules, makes of every mail that the program sends."""

import mailbox
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.mail_editions import Typical, typical_editions
from benchmarks.mail_newsroom import DOMAIN, Newsroom, Reader, newsroom
from digest.notices.letter import write
from digest.rehearsal.editions import Masthead, sample_editions
from digest.rehearsal.notices import NOTICES
from digest.rendering import languages
from digest.store.models import Notice

MOST = 0.5
"""The score that we aim at; a mail of 5 is taken for spam."""

_PROGRAM = "spamassassin"
_ABSENT = (
    "there is no SpamAssassin here: install Debian's with `apt-get install spamassassin`, as root"
)
_READER = Reader("ann.reader@receiver.example.net", "Ann Reader")
_DESK = "desk@receiver.example.net"
# What a receiver's own server writes above a mail that it took (RFC 5321 section 4.4). The address
# is example.com's of old: those set aside for examples are forged, says a rule.
_RECEIVED = (
    "Return-Path: <{sender}>\r\n"
    "Received: from {domain} ({domain} [192.0.43.10])\r\n"
    "\tby mx.receiver.example.net (Postfix) with ESMTPS id 4Z5xQk2yLlz9s3F\r\n"
    "\tfor <{recipient}>; {now}\r\n"
)
_SETTINGS = """
use_bayes 0
report_safe 0
fold_headers 0
clear_headers
add_header all Judged _SCORE_ _TESTSSCORES(,)_
"""


class Judged(NamedTuple):
    """A mail, its score, and the rules that it hit with what each added."""

    name: str
    score: float
    rules: str


class Delivered(NamedTuple):
    """A mail as a receiver's server hands it on."""

    name: str
    sender: str
    recipient: str
    data: bytes

    @property
    def message_id(self) -> str:
        """What tells it from all others."""
        return str(message_from_bytes(self.data)["Message-ID"])

    @property
    def received(self) -> bytes:
        """The octets, with what the receiver's server writes above them."""
        now = format_datetime(datetime.now(UTC))
        above = _RECEIVED.format(
            sender=self.sender, recipient=self.recipient, domain=DOMAIN, now=now
        )
        return above.encode("ascii") + self.data


def spam() -> int:
    """Print each mail's score and the rules that it hit; 1 if a score is above our aim."""
    if shutil.which(_PROGRAM) is None:
        print(_ABSENT, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = judge(list(_every_mail(folder)), folder)
    for judged in found:
        print(f"{judged.score:>6.1f}  {judged.name:<44}{judged.rules}")
    above = sum(judged.score > MOST for judged in found)
    worst = max(judged.score for judged in found)
    print(f"{len(found)} mails, the highest score {worst:.1f}; {above} are above {MOST}")
    return 1 if above else 0


def judge(mails: list[Delivered], folder: Path) -> list[Judged]:
    """Let SpamAssassin judge the mails, without the network and with nothing learnt before."""
    (folder / "settings.cf").write_text(_SETTINGS, "ascii")
    box = mailbox.mbox(folder / "mails.mbox")
    for mail in mails:
        box.add(mail.received.replace(b"\r\n", b"\n"))
    box.close()
    command = [_PROGRAM, "--local", "--mbox", f"--prefspath={folder / 'settings.cf'}"]
    done = subprocess.run(
        [*command, folder / "mails.mbox"],
        env=os.environ | {"HOME": str(folder)},
        capture_output=True,
        check=True,
    )
    (folder / "judged.mbox").write_bytes(done.stdout)
    # They come back in an order of its own.
    judged = mailbox.mbox(folder / "judged.mbox")
    marks = {message["Message-ID"]: message["X-Spam-Judged"] for message in judged}
    return [_judged(mail, marks[mail.message_id]) for mail in mails]


def _judged(mail: Delivered, mark: str) -> Judged:
    score, _, rules = mark.partition(" ")
    return Judged(mail.name, float(score), rules.replace(",", ", "))


def _every_mail(folder: Path) -> Iterator[Delivered]:
    """Typical editions, all that is rehearsed with, and the notices to the desk."""
    done: set[str] = set()
    for number, kind in enumerate(typical_editions()):
        with newsroom(folder / str(number), kind.masthead) as room:
            room.welcome([_READER])
            yield from _edition(room, kind)
            if number == 0:
                yield from _rehearsed(room, kind)
            if kind.masthead.language not in done:
                yield from _notices(room, kind.masthead.language)
            done.add(kind.masthead.language)


def _edition(room: Newsroom, kind: Typical) -> Iterator[Delivered]:
    """A reader's mail."""
    _, mails = room.deliver(kind.document)
    [mail] = mails.values()
    yield Delivered(kind.name, mail.sender, mail.recipient, mail.data)


def _rehearsed(room: Newsroom, kind: Typical) -> Iterator[Delivered]:
    """What `digest templates check` rehearses with, as a reader's mail."""
    document = kind.document
    masthead = Masthead(document.newsletter, document.title, document.timezone, document.language)
    for sample in sample_editions(masthead, languages()):
        yield from _edition(
            room, Typical(f"rehearsed: {sample.name}", kind.masthead, sample.document)
        )


def _notices(room: Newsroom, language: str) -> Iterator[Delivered]:
    """The mails to the desk, in the newsletter's language."""
    app = room.app
    for mail, samples in NOTICES.items():
        for number, facts in enumerate(samples, 1):
            now = app.clock()
            notice = Notice(
                id=number,
                key=f"{mail} {number}",
                email=_DESK,
                mail=mail,
                newsletter=app.settings.newsletters[0].slug,
                facts=facts,
                made=now,
                due=now,
            )
            envelope, data = write(notice, app.settings, [app.templates], now)
            name = f'to the desk: "{mail}" {number} in {language}'
            yield Delivered(name, envelope.sender, envelope.recipient.address, data)
