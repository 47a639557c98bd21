"""A newsroom made up for its mails: it sends them signed, and a server keeps what it took."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from fastapi.testclient import TestClient
from sqlalchemy import func, select

from benchmarks.delivery_scratch import NEWSLETTER, SENDER, draft_of
from digest.bootstrap import App
from digest.config import Algorithm
from digest.delivery.dkim import make_key, to_pem
from digest.editions.life import find_edition
from digest.store import Store
from digest.store.document import EditionDocument
from digest.store.models import Edition
from digest.web.app import create_app
from tests.audience import send, subscribe
from tests.smtp import Received, SmtpServer

DOMAIN = SENDER.partition("@")[2]
_CONFIG = """
[site]
name = {title}
base_url = "https://{domain}"
postal_address = {address}
language = "{language}"
[database]
url = "sqlite:///digest.db"
[smtp]
port = {port}
helo_name = "{domain}"
[[newsletters]]
slug = "{newsletter}"
title = {title}
from = {sender}
sections = {sections}
send_at = "07:00"
"""
_KEY = """
[[dkim]]
domain = "{domain}"
selector = "{name}"
private_key_file = "{name}.pem"
"""


class Masthead(NamedTuple):
    """What a newsletter is called, in which language, by whom, and its sections."""

    title: str
    language: str
    address: str
    sections: Sequence[str]


class Reader(NamedTuple):
    """Who subscribes: `sections` are the paths they chose, None for all."""

    email: str
    name: str = ""
    sections: tuple[str, ...] | None = None
    language: str | None = None


@dataclass(frozen=True)
class Newsroom:
    """A program with its pages on the web, and the server that takes its mails."""

    app: App
    web: TestClient
    server: SmtpServer

    def welcome(self, readers: Iterable[Reader]) -> None:
        """Let these subscribe."""
        for reader in readers:
            chosen = None if reader.sections is None else list(reader.sections)
            person = {"name": reader.name, "language": reader.language}
            subscribe(self.app.store, reader.email, sections=chosen, **person)

    def deliver(self, document: EditionDocument) -> tuple[Edition, dict[str, Received]]:
        """Send everybody an edition; their mails by address. Each has a day of its own."""
        store = self.app.store
        with store.write() as session:
            before = session.scalar(select(func.count()).select_from(Edition)) or 0
            facts = {
                "date": document.date + timedelta(days=before),
                "number": document.number + before,
                "newsletter": NEWSLETTER,
            }
            number = draft_of(session, NEWSLETTER, document.model_copy(update=facts))
        first = len(self.server.received)
        send(self.app, number)
        with store.read() as session:
            edition = find_edition(session, number)
        return edition, {mail.recipient: mail for mail in self.server.received[first:]}


@contextmanager
def newsroom(folder: Path, masthead: Masthead) -> Iterator[Newsroom]:
    """A newsletter that signs with a key of either kind, on a database of its own.

    Args:
        folder: where; it is made.
        masthead: how it presents itself.
    """
    folder.mkdir()
    secrets = {"secret.key": b"a key of no worth, for a benchmark's mails"}
    secrets |= {f"{kind}.pem": to_pem(make_key(kind)) for kind in Algorithm}
    for name, secret in secrets.items():
        (folder / name).touch(0o600)
        (folder / name).write_bytes(secret)
    with SmtpServer(folder / "journal") as server:
        text = _CONFIG.format(
            title=_quoted(masthead.title),
            language=masthead.language,
            address=_quoted(masthead.address),
            sections=_quoted(list(masthead.sections)),
            sender=_quoted(f"{masthead.title} <{SENDER}>"),
            newsletter=NEWSLETTER,
            domain=DOMAIN,
            port=server.port,
        )
        keys = "".join(_KEY.format(domain=DOMAIN, name=kind) for kind in Algorithm)
        (folder / "digest.toml").write_text(text + keys, "utf-8")
        app = App.from_file(folder / "digest.toml")
        store = Store(app.settings.database_url)
        store.upgrade()
        store.close()
        with TestClient(create_app(app), base_url=app.settings.site.base_url) as web:
            yield Newsroom(app, web, server)
        app.close()


def _quoted(value: object) -> str:
    """A value of TOML, written as JSON: for texts and lists of texts they agree."""
    return json.dumps(value, ensure_ascii=False)
