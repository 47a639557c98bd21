"""One of two servers never answers: the other gets all, and only who was in its hand waits."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest

from digest.bootstrap import App
from digest.config import Settings, Smtp
from digest.delivery import Tally, send_edition
from tests.audience import address, draft, row_of, stored, subscribe
from tests.smtp import SmtpServer

PATIENCE = 60
HANDSHAKE = 0.2
"""Seconds in which a connection on the loopback is made, if it is made at all."""


@contextlib.contextmanager
def silent() -> Iterator[socket.socket]:
    """Connections are made, by the system, and nobody says a word over them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@contextlib.contextmanager
def dropping() -> Iterator[socket.socket]:
    """Packets come to nothing: the queue of connections that nobody takes is full."""
    with contextlib.ExitStack() as queue:
        listener = queue.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        full = False
        while not full:
            guest = queue.enter_context(socket.socket())
            guest.settimeout(HANDSHAKE)
            try:
                guest.connect(listener.getsockname())
            except TimeoutError:
                full = True
        yield listener


@contextlib.contextmanager
def refusing() -> Iterator[socket.socket]:
    """Nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield closed


@pytest.fixture(params=[silent, dropping, refusing])
def absent(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """A server that is of no use."""
    with request.param() as listener:
        yield listener


def program(settings: Settings, *servers: Smtp) -> App:
    facts = {"smtp": servers[0], "servers": servers[1:]}
    return App(settings.model_copy(update=facts))


def smtp(port: int, seconds: float) -> Smtp:
    facts = {"host": "127.0.0.1", "port": port, "max_connections": 4}
    return Smtp.model_validate({**facts, "timeout": timedelta(seconds=seconds)})


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize(("first", "readers"), [("absent", 1), ("absent", 100), ("present", 100)])
def test_a_server_that_never_answers_leaves_all_to_the_other(
    settings: Settings, server: SmtpServer, absent: socket.socket, first: str, readers: int
):
    """Also the last reader, whom it would have in hand again and again."""
    tables = [smtp(port_of(absent), 0.3), smtp(server.port, 30)]
    app = program(settings, *(tables if first == "absent" else tables[::-1]))
    everybody = [address(n) for n in range(readers)]
    subscribe(app.store, *everybody)
    edition = draft(app)
    sending = asyncio.wait_for(send_edition(app.store, app.press, edition), PATIENCE)
    assert asyncio.run(sending) == Tally(audience=readers, accepted=readers)
    assert server.taken() == dict.fromkeys(everybody, 1)
    assert {row_of(app, who).attempts for who in everybody} == {1}
    assert (stored(app, edition).status, stored(app, edition).note) == ("sent", "")
    app.close()


def test_nobody_waits_for_who_never_answers(settings: Settings, server: SmtpServer):
    """It has one reader in hand for as long as it likes: all others have their mail by then."""
    with silent() as absent:
        app = program(settings, smtp(port_of(absent), 600), smtp(server.port, 30))
        everybody = [address(n) for n in range(100)]
        subscribe(app.store, *everybody)
        edition = draft(app)
        server.on_message = lambda taken: absent.close() if taken == 99 else None
        sending = asyncio.wait_for(send_edition(app.store, app.press, edition), PATIENCE)
        assert asyncio.run(sending) == Tally(audience=100, accepted=100)
        assert server.taken() == dict.fromkeys(everybody, 1)
        app.close()
