"""Mails that were sent, read anew from their raw bytes."""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.engine import make_url
from sqlmodel import col, select

from benchmarks.delivery_audience import databases
from benchmarks.delivery_scratch import Publisher, draft_of, publish
from digest.bootstrap import App
from digest.config import Algorithm
from digest.delivery.dkim import make_key, to_pem
from digest.store.models import (
    Delivery,
    Subscriber,
    Subscription,
    SubscriptionStatus,
)
from digest.subscribers.tokens import Tokens
from tests.awkward import SECTIONS, TITLES, Person, awkward_edition, people
from tests.catcher import Catcher, caught
from tests.documents import CUTOFF
from tests.receiving import FIELDS, Fault, Promised, Receiver, zone_of

DOMAIN = "news.example.org"

_ROWS = 500
_TOLD = 10
"""Faults that are told in words; the others are counted."""
_NOBODY = Promised("nobody", 0, 0, 0)


@dataclass
class Count:
    """What was found in a number of mails."""

    messages: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    encodings: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    def add(self, other: "Count") -> None:
        """Count another's mails as well."""
        self.messages += other.messages
        self.faults += other.faults
        self.encodings += other.encodings
        self.told = (self.told + other.told)[:_TOLD]

    def __str__(self) -> str:
        faults = ", ".join(f"{fault} {self.faults[fault]}" for fault in Fault)
        parts = ", ".join(f"{n:,} in {name}" for name, n in sorted(self.encodings.items()))
        return f"{self.messages:,} messages: {faults} (parts: {parts})"


def mails(count: int, seed: int, url: str | None) -> int:
    """Send so many mails, shared among the databases, read each, and print what is wrong.

    Returns:
        1 where there are not so many, or anything is wrong with any of them.

    Raises:
        SystemExit: an edition was not sent, or not everybody's row says accepted.
    """
    total, began = Count(), time.monotonic()
    with (
        tempfile.TemporaryDirectory() as name,
        ProcessPoolExecutor(mp_context=get_context("spawn")) as readers,
        databases(Path(name), url) as urls,
        Catcher(Path(name) / "caught") as server,
    ):
        for number, database in enumerate(urls):
            publisher = _publisher(Path(name) / f"publisher-{number}", database, server.port)
            kind = make_url(database).get_backend_name()
            campaign = _Campaign(publisher, server, readers, random.Random(f"{kind} {seed}"))
            found = campaign.run(_shares(count, len(urls))[number])
            print(f"{kind}: {found}", flush=True)
            total.add(found)
    print(*total.told, f"in all {total}, {time.monotonic() - began:.0f} s", sep="\n", flush=True)
    return int(total.messages != count or total.faults.total() > 0)


def _shares(count: int, number: int) -> list[int]:
    return [len(range(first, count, number)) for first in range(number)]


def _publisher(folder: Path, url: str, port: int) -> Publisher:
    """A publisher with a newsletter for each title, whose mails both kinds of keys sign."""
    more = ""
    for number, title in enumerate(TITLES):
        name = title.replace("\\", "\\\\").replace('"', '\\"').replace("<", "(").replace(">", ")")
        facts = {
            "slug": _slug(number),
            "title": title,
            "from": f'"{name}" <{_sender(number)}>',
            "sections": SECTIONS,
            "send_at": "07:00",
            **({"reply_to": f"desk@{DOMAIN}"} if _has_reply_to(number) else {}),
        }
        more += _table("newsletters", facts)
    for algorithm in Algorithm:
        facts = {
            "domain": DOMAIN,
            "selector": f"{algorithm}",
            "private_key_file": f"{algorithm}.pem",
        }
        more += _table("dkim", facts)
    publisher = publish(folder, url, port, more)
    for algorithm in Algorithm:
        (folder / f"{algorithm}.pem").write_bytes(to_pem(make_key(algorithm)))
    for file in folder.iterdir():
        file.chmod(0o600)  # else each sending warns that others may read its keys
    return publisher


def _table(name: str, facts: Mapping[str, object]) -> str:
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in facts.items())
    return f"[[{name}]]\n{''.join(lines)}"


def _slug(number: int) -> str:
    return f"awkward-{number}"


def _sender(number: int) -> str:
    return f"{_slug(number)}@{DOMAIN}"


def _has_reply_to(number: int) -> bool:
    return number % 2 == 1


@dataclass
class _Campaign:
    publisher: Publisher
    server: Catcher
    readers: Executor
    chance: random.Random

    def run(self, count: int) -> Count:
        """Send an edition of each newsletter, all to so many readers together; read the mails."""
        total, first = Count(), 1
        for number, share in enumerate(_shares(count, len(TITLES))):
            audience = list(people(range(first, first + share), self.chance))
            if audience:
                total.add(self._send(number, first, audience))
            first += share
        return total

    def _send(self, number: int, first: int, audience: Sequence[Person]) -> Count:
        """Send an edition of a newsletter to these, whose numbers begin with `first`."""
        with self.publisher.app() as app:
            edition = self._prepare(app, number, first, audience)
        command = ("-m", "digest", "--config", str(self.publisher.config))
        sent = subprocess.run(
            [sys.executable, *command, "editions", "send", str(edition), "--json"],
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if sent.returncode:
            raise SystemExit("the edition was not sent: see above")
        self.publisher.check(edition, len(audience))
        with self.publisher.app() as app:
            batch = self._batch(app, number, edition, audience)
        return self._read(batch)

    def _prepare(self, app: App, number: int, first: int, audience: Sequence[Person]) -> int:
        """Let these subscribe, and draft an edition for them."""
        newsletter = _slug(number)
        document = awkward_edition(newsletter, TITLES[number], self.chance)
        with app.store.write() as session:
            for start in range(0, len(audience), _ROWS):
                some = list(enumerate(audience[start : start + _ROWS], first + start))
                session.execute(insert(Subscriber), [_subscriber(n, who) for n, who in some])
                ties = [_subscription(n, who, newsletter) for n, who in some]
                session.execute(insert(Subscription), ties)
            return draft_of(session, newsletter, document)

    def _batch(self, app: App, number: int, edition: int, audience: Sequence[Person]) -> "_Batch":
        query = (
            select(col(Subscriber.email), col(Delivery.id), col(Subscription.id))
            .join(Delivery, col(Delivery.subscriber_id) == col(Subscriber.id))
            .join(Subscription, col(Subscription.subscriber_id) == col(Subscriber.id))
            .where(col(Delivery.edition_id) == edition)
        )
        wires = {who.email: who.wire for who in audience}
        with app.store.read() as session:
            rows = session.execute(query).all()
        reply_to = ("Reply-To",) if _has_reply_to(number) else ()
        return _Batch(
            key=app.settings.secret_key(),
            zone=zone_of(app.settings.signing_keys()),
            sender=_sender(number),
            fields=("DKIM-Signature", "DKIM-Signature", *FIELDS, *reply_to),
            promises={
                wires[email]: Promised(wires[email], delivery, subscription, edition)
                for email, delivery, subscription in rows
            },
        )

    def _read(self, batch: "_Batch") -> Count:
        files = self.server.files()
        total, seen = Count(), Counter[str]()
        for count, whose in self.readers.map(partial(_read, batch), files):
            total.add(count)
            seen.update(whose)
        twice = [whose for whose, times in seen.items() if times > 1]
        total.faults[Fault.TWICE] += len(twice)
        total.told += [f"{whose} came twice" for whose in twice]
        for file in files:
            file.unlink()
        return total


def _subscriber(number: int, person: Person) -> dict[str, object]:
    return {
        "id": number,
        "email": person.email,
        "key": person.email.casefold(),
        "name": person.name,
        "created": CUTOFF,
    }


def _subscription(number: int, person: Person, newsletter: str) -> dict[str, object]:
    return {
        "subscriber_id": number,
        "newsletter": newsletter,
        "status": SubscriptionStatus.ACTIVE,
        "sections": person.sections,
        "created": CUTOFF,
        "confirmed": CUTOFF,
    }


@dataclass(frozen=True)
class _Batch:
    """What the mails of one edition were to be."""

    key: bytes
    zone: Mapping[bytes, bytes]
    sender: str
    fields: tuple[str, ...]
    promises: Mapping[str, Promised]


def _read(batch: _Batch, file: Path) -> tuple[Count, list[str]]:
    """Read a file of mails: what is wrong, and what no other mail may have."""
    receiver = Receiver(Tokens(batch.key), batch.zone, batch.sender, batch.fields)
    count, whose = Count(), list[str]()
    for mail in caught(file):
        count.messages += 1
        found = receiver.read(mail, batch.promises.get(mail.recipient, _NOBODY))
        count.faults.update({fault.fault for fault in found.faults})
        count.told += [f"{mail.recipient}: {fault.seen}" for fault in found.faults]
        count.encodings.update(found.encodings)
        whose += filter(None, (mail.recipient, found.message_id))
    return count, whose
