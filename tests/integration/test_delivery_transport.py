"""What every transport promises, the real one and the tests' own; and how the real one fails."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from digest.config import Smtp
from digest.delivery.addresses import mailbox
from digest.delivery.envelope import Envelope
from digest.delivery.replies import Answer, Stage
from digest.delivery.smtp import SmtpTransport, send_one
from digest.errors import ServerRefusesError, ServerUnreachableError
from tests.smtp import CERTIFICATE, SmtpServer
from tests.smtp_session import DROP, DROP_INSIDE, HANG
from tests.transport import FakeTransport

SHORT = timedelta(seconds=1)
MESSAGE = b"Message-ID: <1@example.org>\r\n\r\nGood morning.\r\n"


def settings(server: SmtpServer, **more) -> Smtp:
    values = {"host": "127.0.0.1", "port": server.port, "timeout": "5s", **more}
    return Smtp.model_validate(values)


class Room:
    """A transport under test, its script and what came in."""

    def __init__(self, transport, script, taken) -> None:
        self.transport, self.script, self.taken = transport, script, taken


@pytest.fixture(params=["pipelined", "one by one", "fake"])
def room(request: pytest.FixtureRequest, server: SmtpServer) -> Room:
    if request.param != "fake":
        server.pipelining = request.param == "pipelined"
        transport = SmtpTransport(settings(server))
        return Room(transport, server.script, server.entries)
    fake = FakeTransport()
    return Room(fake, fake.script, lambda: fake.entries)


def envelope(number: int = 1) -> Envelope:
    recipient = mailbox(f"reader{number}@example.org")
    return Envelope(f"bounces+{number}@example.org", recipient, len(MESSAGE))


async def test_messages_go_one_after_another_over_one_connection(room: Room):
    connection = await room.transport.open()
    assert connection.utf8
    for number in range(3):
        answer = await send_one(connection, envelope(number), MESSAGE)
        assert (answer.stage, answer.code) == (Stage.BODY, 250)
        assert connection.alive
    await connection.close()
    assert not connection.alive
    assert [entry.recipient for entry in room.taken()] == [
        f"reader{number}@example.org" for number in range(3)
    ]


@pytest.mark.parametrize("stage", list(Stage))
async def test_what_is_refused_never_reaches_the_next_recipient(room: Room, stage: Stage):
    who = "*" if stage is Stage.MAIL else "reader1@example.org"
    room.script[(stage.name, who)] = ["550 5.1.1 no"]
    connection = await room.transport.open()
    assert await send_one(connection, envelope(1), MESSAGE) == Answer(stage, 550, "5.1.1 no")
    assert connection.alive
    assert (await send_one(connection, envelope(2), MESSAGE)).code == 250
    await connection.close()
    yes = [entry.recipient for entry in room.taken() if entry.taken]
    assert yes == ["reader2@example.org"]


@pytest.mark.parametrize("stage", list(Stage))
async def test_a_server_that_closes_is_not_asked_again(room: Room, stage: Stage):
    who = "*" if stage is Stage.MAIL else "reader1@example.org"
    room.script[(stage.name, who)] = ["421 4.3.2 shutting down"]
    connection = await room.transport.open()
    assert await send_one(connection, envelope(1), MESSAGE) == Answer(
        stage, 421, "4.3.2 shutting down"
    )
    assert not connection.alive
    assert (await send_one(connection, envelope(2), MESSAGE)).code is None
    await connection.close()


@pytest.mark.parametrize("stage", list(Stage))
async def test_a_lost_connection_says_at_which_stage(room: Room, stage: Stage):
    who = "*" if stage is Stage.MAIL else "reader1@example.org"
    room.script[(stage.name, who)] = [DROP]
    connection = await room.transport.open()
    answer = await send_one(connection, envelope(1), MESSAGE)
    assert (answer.stage, answer.code) == (stage, None)
    assert not connection.alive
    await connection.close()


async def test_a_cut_inside_the_message_counts_as_after_it(room: Room):
    room.script[("DATA", "reader1@example.org")] = [DROP_INSIDE]
    connection = await room.transport.open()
    answer = await send_one(connection, envelope(1), MESSAGE + b"x" * 70 + b"\r\n")
    assert (answer.stage, answer.code) == (Stage.BODY, None)
    assert not connection.alive


@contextlib.contextmanager
def scripted_socket(*replies: bytes) -> Iterator[int]:
    """A server that says these lines, one for each of ours, and reads nothing after the last."""

    def serve(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            for number, reply in enumerate(replies):
                if number:
                    peer.recv(1000)
                peer.sendall(reply + b"\r\n")
            over.wait(30)

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        over.set()
        thread.join()


async def test_what_never_left_us_is_not_taken_for_sent():
    """The server says 354 and reads no more: most of a large message stays on our side."""
    with scripted_socket(b"220 x", b"250 x", b"250 x", b"250 x", b"354 x") as port:
        facts = {"host": "127.0.0.1", "port": port, "timeout": SHORT}
        connection = await SmtpTransport(Smtp.model_validate(facts)).open()
        answer = await send_one(connection, envelope(), b"x" * 70 + b"\r\n" + b"y" * 20_000_000)
    assert (answer.stage, answer.code) == (Stage.DATA, None)
    assert not connection.alive


async def test_an_answer_before_the_end_of_the_message_ends_the_connection():
    replies = b"220 x", b"250 x", b"250 x", b"250 x", b"354 x", b"552 5.3.4 too much"
    with scripted_socket(*replies) as port:
        facts = {"host": "127.0.0.1", "port": port, "timeout": SHORT}
        connection = await SmtpTransport(Smtp.model_validate(facts)).open()
        answer = await send_one(connection, envelope(), b"x" * 70 + b"\r\n" + b"y" * 20_000_000)
    assert answer == Answer(Stage.BODY, 552, "5.3.4 too much")
    assert not connection.alive


async def test_a_server_that_knows_only_helo():
    with scripted_socket(b"220 x", b"502 what?", b"250 x", b"250 x", b"550 5.1.1 no") as port:
        facts = {"host": "127.0.0.1", "port": port, "timeout": SHORT}
        connection = await SmtpTransport(Smtp.model_validate(facts)).open()
        assert not connection.utf8
        answer = await send_one(connection, envelope(), MESSAGE)
        await connection.close()
    assert answer == Answer(Stage.RCPT, 550, "5.1.1 no")


async def test_something_that_is_no_smtp_server():
    with scripted_socket(b"HTTP/1.1 400 Bad Request") as port:
        transport = SmtpTransport(Smtp.model_validate({"host": "127.0.0.1", "port": port}))
        with pytest.raises(ServerRefusesError, match="Malformed"):
            await transport.open()


@pytest.mark.parametrize("stage", list(Stage))
async def test_a_server_that_hangs_is_left_after_the_timeout(server: SmtpServer, stage: Stage):
    who = "*" if stage is Stage.MAIL else "reader1@example.org"
    server.script[(stage.name, who)] = [HANG]
    connection = await SmtpTransport(settings(server, timeout=SHORT)).open()
    answer = await send_one(connection, envelope(1), MESSAGE)
    assert (answer.stage, answer.code) == (stage, None)
    assert "imed out" in answer.text
    assert not connection.alive


async def test_cancelling_leaves_nothing_to_be_sent_behind_our_back(server: SmtpServer):
    server.script[("RCPT", "reader1@example.org")] = [HANG]
    connection = await SmtpTransport(settings(server)).open()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(send_one(connection, envelope(1), MESSAGE), 0.2)
    assert not connection.alive
    assert server.entries() == []


async def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    transport = SmtpTransport(Smtp(host="127.0.0.1", port=port))
    said = rf"127\.0\.0\.1:{port} cannot be reached \(.*refused.*\): check that it runs"
    with pytest.raises(ServerUnreachableError, match=said):
        await transport.open()


async def test_an_unknown_host():
    transport = SmtpTransport(Smtp(host="mail.invalid", port=25))
    with pytest.raises(ServerUnreachableError, match=r"mail\.invalid:25 cannot be reached"):
        await transport.open()


async def test_starttls_and_auth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with SmtpServer(tmp_path / "tls", starttls=True, users={"digest": "s3cret"}) as server:
        secret = {"username": "digest", "password": SecretStr("s3cret")}
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        good = SmtpTransport(settings(server, security="starttls", **secret))
        for number in range(2):
            connection = await good.open()
            assert (await send_one(connection, envelope(number), MESSAGE)).code == 250
            await connection.close()
        bad = {**secret, "password": SecretStr("wrong")}
        with pytest.raises(ServerRefusesError, match=r"\(AUTH: 535 .*\): correct \[smtp\]"):
            await SmtpTransport(settings(server, security="starttls", **bad)).open()
        with pytest.raises(ServerRefusesError, match="AUTH"):
            await SmtpTransport(settings(server, **secret)).open()
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(ServerRefusesError, match=r"TLS: self-signed certificate"):
            await SmtpTransport(settings(server, security="starttls", **secret)).open()
        trusting = settings(server, security="starttls", verify_certificate=False, **secret)
        connection = await SmtpTransport(trusting).open()
        await connection.close()


async def test_a_username_without_a_password_is_not_tried(server: SmtpServer):
    with pytest.raises(ServerRefusesError, match='no password is set for the username "digest"'):
        await SmtpTransport(settings(server, username="digest")).open()
    assert server.connections == 0


async def test_a_server_without_tls_where_we_want_it(server: SmtpServer):
    with pytest.raises(ServerRefusesError, match="STARTTLS"):
        await SmtpTransport(settings(server, security="starttls")).open()
    with pytest.raises(ServerRefusesError, match="TLS: "):
        await SmtpTransport(settings(server, security="tls")).open()


async def test_tls_from_the_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with SmtpServer(tmp_path / "tls", tls=True) as server:
        connection = await SmtpTransport(settings(server, security="tls")).open()
        answer = await send_one(connection, envelope(1), MESSAGE + b"long\r\n" * 15_000)
        assert answer.code == 250
        await connection.close()
        assert len(server.received[0].data) == len(MESSAGE) + 90_000


async def test_a_server_that_has_no_room_for_us(tmp_path: Path):
    with SmtpServer(tmp_path / "full", max_connections=1) as server:
        transport = SmtpTransport(settings(server))
        connection = await transport.open()
        with pytest.raises(ServerUnreachableError, match="too many connections"):
            await transport.open()
        await connection.close()


@pytest.mark.parametrize("stage", [Stage.RCPT, Stage.DATA, Stage.BODY])
async def test_who_was_announced_with_a_message_and_is_refused_gets_none(room: Room, stage: Stage):
    room.script[(stage.name, "reader2@example.org")] = ["550 5.1.1 no"]
    connection = await room.transport.open()
    assert await connection.announce(envelope(1)) is None
    assert (await connection.hand_over(MESSAGE, envelope(2))).code == 250
    assert await send_one(connection, envelope(2), MESSAGE) == Answer(stage, 550, "5.1.1 no")
    assert connection.alive
    assert (await send_one(connection, envelope(3), MESSAGE)).code == 250
    await connection.close()
    yes = [entry.recipient for entry in room.taken() if entry.taken]
    assert yes == ["reader1@example.org", "reader3@example.org"]


@pytest.mark.parametrize("after", [b"421 4.3.2 that was all", b"what?"])
async def test_an_answer_counts_though_the_end_comes_with_it(after: bytes):
    """Both in one packet: the message was taken, the connection is over."""
    group = b"250 x\r\n250 x\r\n354 x"
    replies = b"220 x", b"250-x\r\n250 PIPELINING", group, b"250 taken\r\n" + after
    with scripted_socket(*replies) as port:
        facts = {"host": "127.0.0.1", "port": port, "timeout": SHORT}
        connection = await SmtpTransport(Smtp.model_validate(facts)).open()
        assert await send_one(connection, envelope(), MESSAGE) == Answer(Stage.BODY, 250, "taken")
        assert not connection.alive


async def test_a_reply_without_an_end_ends_the_connection():
    replies = b"220 x", b"250-x\r\n250 PIPELINING", b"250-\r\n" * 50_000
    with scripted_socket(*replies) as port:
        facts = {"host": "127.0.0.1", "port": port, "timeout": SHORT}
        connection = await SmtpTransport(Smtp.model_validate(facts)).open()
        answer = await send_one(connection, envelope(), MESSAGE)
    assert answer == Answer(Stage.MAIL, None, "a reply without an end")
    assert not connection.alive
