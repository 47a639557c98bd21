"""A program whose desk is to be notified, for the tests of what it is told and how."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlmodel import col, select

from digest.bootstrap import App
from digest.config import Desk, Settings, Smtp
from digest.delivery import begin, pause_edition
from digest.rehearsal.notices import NOTICES
from digest.store.models import Notice
from digest.worker import tell_desk
from tests.audience import draft
from tests.smtp import Received, SmtpServer

DESK = "desk@news.example.org"
EDITOR = "editor@news.example.org"


class Clock:
    """A clock that tests move."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def notifying(
    settings: Settings, port: int, clock: Callable[[], datetime], *emails: str, **more
) -> App:
    smtp = Smtp.model_validate({"port": port, "timeout": "5s"})
    changed = {"smtp": smtp, "desk": Desk(notify=emails or (DESK,)), **more}
    return App(settings.model_copy(update=changed), clock)


def tell(app: App) -> None:
    asyncio.run(tell_desk(app, asyncio.Event()))
    for notice in notices(app):  # what is rehearsed is what is told
        assert notice.facts.keys() in [facts.keys() for facts in NOTICES[notice.mail]]


def notices(app: App) -> list[Notice]:
    with app.store.read() as session:
        return list(session.scalars(select(Notice).order_by(col(Notice.id))))


def paused(app: App, why: str = "the server refuses", **facts) -> int:
    """An edition that an obstacle has paused."""
    edition = draft(app, **facts)
    begin(app.store, app.settings, app.press.render, edition, app.clock())
    pause_edition(app.store, edition, app.clock(), why)
    return edition


def text_of(mail: Received) -> str:
    return mail.part("plain").replace("\r\n", "\n")


def subjects(server: SmtpServer) -> list[str]:
    return [item.message["Subject"] for item in server.received]
