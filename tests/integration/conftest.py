"""A real SMTP server, and the program sending to it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from digest.bootstrap import App
from digest.config import Settings
from tests.audience import program
from tests.conftest import NOW
from tests.notifying import Clock, notifying
from tests.smtp import SmtpServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SmtpServer]:
    """A server that takes what comes."""
    with SmtpServer(tmp_path / "journal") as server:
        yield server


@pytest.fixture
def mailer(settings: Settings, server: SmtpServer) -> Iterator[App]:
    """The program on `settings`, by the true clock, with `server` for its mail."""
    app = program(settings, server)
    yield app
    app.close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between two tries are there, but take no time."""
    monkeypatch.setattr("digest.delivery.sender.FIRST_PAUSE", 0.001)
    monkeypatch.setattr("digest.delivery.round.FIRST_PAUSE", 0.001)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def desk(settings: Settings, server: SmtpServer, clock: Clock) -> Iterator[App]:
    """The program with a desk that is to be notified, by `clock`."""
    with closing(notifying(settings, server.port, clock)) as app:
        yield app
