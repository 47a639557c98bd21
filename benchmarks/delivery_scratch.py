"""A publisher made up for a sending: configuration, subscribers and an edition that waits."""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

from sqlalchemy import func, insert, select
from sqlmodel import Session, col

from benchmarks.rendering import SECTIONS, SITE, made
from digest.bootstrap import App
from digest.config import load_settings
from digest.delivery.proof import proof_for_subscriber
from digest.editions.life import find_edition
from digest.store import Store
from digest.store.document import EditionDocument
from digest.store.models import (
    Delivery,
    Edition,
    Subscriber,
    Subscription,
    SubscriptionStatus,
)
from digest.store.rows import row_id
from digest.subscribers import find_subscription

CONNECTIONS = 20
STORIES = 24
"""With the made words a mail of 45 kB."""
NEWSLETTER = "morning"
SENDER = "morning@news.example.org"

_SINCE = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
_ROWS = 500
_CONFIG = """
[site]
name = "{name}"
base_url = "{base_url}"
postal_address = "{postal_address}"
[database]
url = "{url}"
[smtp]
port = {port}
max_connections = {connections}
helo_name = "news.example.org"
[[newsletters]]
slug = "{newsletter}"
title = "{name}"
from = "{name} <{sender}>"
sections = {sections}
send_at = "07:00"
{more}
"""


@dataclass(frozen=True)
class Publisher:
    """A folder with a configuration, its key and, on SQLite, the database."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration's file."""
        return self.folder / "digest.toml"

    @contextmanager
    def app(self) -> Iterator[App]:
        """The program."""
        app = App.from_file(self.config)
        try:
            yield app
        finally:
            app.close()

    def edition(self, readers: Sequence[int]) -> int:
        """Let these subscribe, and draft one more edition, for them and all before them."""
        document = made(STORIES, "en", random.Random(7))
        with self.app() as app, app.store.write() as session:
            for start in range(0, len(readers), _ROWS):
                people, ties = zip(*map(_reader, readers[start : start + _ROWS]), strict=True)
                session.execute(insert(Subscriber), people)
                session.execute(insert(Subscription), ties)
            before = session.scalar(select(func.count()).select_from(Edition)) or 0
            facts = {"date": document.date + timedelta(days=before), "number": before + 1}
            document = document.model_copy(update=facts)
            return draft_of(session, NEWSLETTER, document)

    def sample(self, edition_id: int) -> tuple[bytes, float]:
        """The mail of one reader as the wire carries it, and the mean size of five."""
        with self.app() as app, app.store.read() as session:
            edition = find_edition(session, edition_id)
            mails = []
            for number in range(1, 6):
                reader = find_subscription(session, NEWSLETTER, address(number))
                mails.append(proof_for_subscriber(session, app.press, edition, reader).message)
        return mails[0], fmean(map(len, mails))

    def check(self, edition_id: int, readers: int) -> None:
        """Every reader has one delivery of the edition, and the server has accepted it.

        Raises:
            SystemExit: it is not so.
        """
        rows = col(Delivery.edition_id) == edition_id
        query = select(col(Delivery.status), func.count()).where(rows)
        with self.app() as app, app.store.read() as session:
            status = find_edition(session, edition_id).status
            whom = func.count(col(Delivery.subscriber_id).distinct())
            people = session.scalar(select(whom).where(rows))
            found = session.execute(query.group_by(col(Delivery.status))).all()
        counts = {row[0]: row[1] for row in found}
        if status != "sent" or people != readers or counts != {"accepted": readers}:
            raise SystemExit(f"the edition is {status}: {people} readers of {readers}, {counts}")


def draft_of(session: Session, newsletter: str, document: EditionDocument) -> int:
    """Store an edition that is composed and not begun; its number in the tables."""
    edition = Edition(
        newsletter=newsletter,
        date=document.date,
        number=document.number,
        cutoff=document.cutoff,
        composed=document.cutoff,
        document=document.model_dump(mode="json"),
    )
    session.add(edition)
    session.flush()
    return row_id(edition)


def publish(folder: Path, url: str, port: int, more: str = "") -> Publisher:
    """Make a publisher on an empty database.

    Args:
        folder: where; it is made.
        url: of the database.
        port: of the mail server, on 127.0.0.1.
        more: of the configuration.

    Raises:
        SystemExit: the database is in use.
        StoreError: it is out of reach.
    """
    publisher = Publisher(folder)
    folder.mkdir()
    (folder / "secret.key").touch(0o600)
    (folder / "secret.key").write_text("a key of no worth, for a benchmark's mails", "ascii")
    text = _CONFIG.format(
        name=SITE.name,
        base_url=SITE.base_url,
        postal_address=SITE.postal_address,
        url=url,
        port=port,
        connections=CONNECTIONS,
        newsletter=NEWSLETTER,
        sender=SENDER,
        sections=json.dumps(SECTIONS),
        more=more,
    )
    publisher.config.write_text(text, "utf-8")
    store = Store(load_settings(publisher.config).database_url)
    if store.revision() is not None:
        raise SystemExit(f"{store} is in use: name an empty database, it is filled with readers")
    store.upgrade()
    store.close()
    return publisher


def address(number: int) -> str:
    """The address of the reader of this number."""
    return f"reader.{number}@example{number % 50}.org"


def _reader(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Names in two scripts; one in five does without one of the sections."""
    left_out = SECTIONS[number // 5 % len(SECTIONS)]
    chosen = [name for name in SECTIONS if name != left_out] if number % 5 == 0 else None
    person = {
        "id": number,
        "email": address(number),
        "key": address(number),
        "name": f"Мария Петрова {number}" if number % 3 else f"Reader {number}",
        "created": _SINCE,
    }
    tie = {
        "subscriber_id": number,
        "newsletter": NEWSLETTER,
        "status": SubscriptionStatus.ACTIVE,
        "sections": chosen,
        "created": _SINCE,
        "confirmed": _SINCE,
    }
    return person, tie
