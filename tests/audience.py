"""Readers and editions for tests of delivery, put straight into the store."""

import asyncio
import os
from datetime import date

from sqlalchemy import insert
from sqlmodel import col, select

from digest.bootstrap import App, utc_now
from digest.config import Settings, Smtp
from digest.delivery import Tally, send_edition
from digest.store import Store
from digest.store.models import (
    Delivery,
    Edition,
    Subscriber,
    Subscription,
    SubscriptionStatus,
)
from digest.store.rows import row_id
from tests.documents import edition as document
from tests.documents import story
from tests.smtp import SmtpServer

DAY = date(2026, 3, 3)


def address(number: int) -> str:
    return f"reader{number}@readers.example.org"


def subscribe(store: Store, *emails: str, **fields) -> None:
    """Active subscribers of "morning"; `sections` are chosen paths."""
    sections = fields.pop("sections", None)
    now = utc_now()
    with store.write() as session:
        people = [{"email": e, "key": e.casefold(), "created": now, **fields} for e in emails]
        session.execute(insert(Subscriber), people)
        keys = [person["key"] for person in people]
        ids = session.scalars(select(col(Subscriber.id)).where(col(Subscriber.key).in_(keys)))
        ties = [
            {
                "subscriber_id": number,
                "newsletter": "morning",
                "status": SubscriptionStatus.ACTIVE,
                "sections": sections,
                "created": now,
                "confirmed": now,
            }
            for number in ids.all()
        ]
        session.execute(insert(Subscription), ties)


def draft(app: App, *stories, **facts) -> int:
    """A draft of an edition of "morning"; gives its number."""
    stories = stories or (
        story("Parliament passes the budget", "Politics"),
        story("Talks resume in Geneva", "World", also=("Politics",)),
        story("Cup final goes to extra time", "Sports"),
    )
    frozen = document(*stories, **facts)
    with app.store.write() as session:
        edition = Edition(
            newsletter="morning",
            date=frozen.date,
            number=frozen.number,
            cutoff=frozen.cutoff,
            composed=utc_now(),
            document=frozen.model_dump(mode="json"),
        )
        session.add(edition)
        session.flush()
        return row_id(edition)


def program(settings: Settings, server: SmtpServer | None = None, **smtp) -> App:
    """The program on `settings`, with a true clock and the given server, impatient."""
    if server is not None:
        smtp.setdefault("port", server.port)
    facts = {"host": "127.0.0.1", "timeout": "5s", "max_connections": 4, **smtp}
    return App(settings.model_copy(update={"smtp": Smtp.model_validate(facts)}))


def statuses(store: Store) -> dict[str, str]:
    """Where each reader's delivery stands, by address."""
    query = select(col(Subscriber.email), col(Delivery.status)).join(
        Delivery, col(Delivery.subscriber_id) == col(Subscriber.id)
    )
    with store.read() as session:
        return {row.email: row.status for row in session.execute(query)}


def send(app: App, edition: int, **options) -> Tally:
    return asyncio.run(send_edition(app.store, app.press, edition, **options))


def stored(app: App, edition: int) -> Edition:
    with app.store.read() as session:
        return session.get_one(Edition, edition)


def row_of(app: App, email: str) -> Delivery:
    query = select(Delivery).join(Subscriber).where(Subscriber.email == email)
    with app.store.read() as session:
        return session.exec(query).one()


def dead_process() -> int:
    """The number of a process that is no more."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child
