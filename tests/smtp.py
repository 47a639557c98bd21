"""A real SMTP server for tests: aiosmtpd in a thread, with a script and a journal of its own.

The journal has one line for each message that came in whole: its recipient, its Message-ID and
what was answered. A line is on disk before the answer leaves, so that a journal never knows less
than a client.
"""

import asyncio
import json
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HANG = "hang"
"""A script's reply: none, and the connection stays open."""
DROP = "drop"
"""A script's reply: none, and the connection is cut."""
DROP_INSIDE = "drop inside"
"""At the stage DATA: the connection is cut while the message is on its way."""

CERTIFICATE = Path(__file__).parent / "smtp.pem"
"""Certificate and key of "localhost" and 127.0.0.1, signed by itself; it serves tests only."""

ANYONE = "*"


class Entry(NamedTuple):
    """A line of the journal."""

    recipient: str
    message_id: str
    reply: str

    @property
    def taken(self) -> bool:
        return self.reply.startswith("2")


@dataclass
class Received:
    """A message as it came in, the dots of transparency taken out."""

    sender: str
    recipient: str
    options: list[str]
    data: bytes

    def part(self, subtype: str) -> str:
        """The text of a part: plain or html."""
        body = self.message.get_body((subtype,))
        assert body is not None
        text: str = body.get_content()
        return text

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.data, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class SmtpServer:
    """Use as a context manager; `port` is known within.

    `script` maps a stage (MAIL, RCPT, DATA, BODY) and a recipient (or ANYONE) to replies that are
    given in turn; when they are used up, the server takes what comes. MAIL knows no recipient.
    """

    journal: Path
    script: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    starttls: bool = False
    tls: bool = False
    users: dict[str, str] = field(default_factory=dict)
    utf8: bool = True
    max_connections: int = 1000
    keep: bool = True
    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    peak: int = 0
    on_message: Callable[[int], object] | None = None
    quorum: int = 1
    """No message is answered before so many connections were open at once."""

    def __enter__(self) -> Self:
        self._taken = 0
        self._transports: set[Any] = set()
        self._quorate = asyncio.Event()
        self._lines = self.journal.open("a", encoding="utf-8")
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._lines.close()

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(lambda _loop, _context: None)
        tls = _tls_context() if self.tls else None
        opening = self._loop.create_server(self._session, "127.0.0.1", self.port, ssl=tls)
        server = self._loop.run_until_complete(opening)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._hang_up())
        self._loop.close()

    async def _hang_up(self) -> None:
        for transport in self._transports:
            transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _session(self) -> SMTP:
        return _Session(
            self,
            hostname="mail.example.org",
            enable_SMTPUTF8=self.utf8,
            tls_context=_tls_context() if self.starttls else None,
            auth_required=bool(self.users),
            authenticator=self._authenticate if self.users else None,
            loop=self._loop,
        )

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        known = self.users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=known, handled=known)

    def entries(self) -> list[Entry]:
        """The journal so far."""
        lines = self.journal.read_text(encoding="utf-8").splitlines()
        return [Entry(*json.loads(line)) for line in lines]

    def taken(self) -> dict[str, int]:
        """How many messages each recipient's server said yes to."""
        counts: dict[str, int] = defaultdict(int)
        for entry in self.entries():
            counts[entry.recipient] += entry.taken
        return dict(counts)

    def received_by(self, recipient: str) -> Received:
        """The one message that this recipient got."""
        [found] = [item for item in self.received if item.recipient == recipient]
        return found

    def scripted(self, stage: str, recipients: Iterable[str]) -> str | None:
        for who in (*recipients, ANYONE):
            replies = self.script.get((stage, who))
            if replies:
                return replies.pop(0)
        return None

    def note(self, envelope: Envelope, reply: str) -> None:
        data = envelope.original_content or b""
        head = message_from_bytes(data[:4000], policy=policy.default)
        for recipient in envelope.rcpt_tos:
            line = json.dumps([recipient, str(head["Message-ID"]), reply])
            self._lines.write(line + "\n")
            if self.keep:
                sender = envelope.mail_from or ""
                item = Received(sender, recipient, list(envelope.mail_options), data)
                self.received.append(item)
        self._lines.flush()
        self._taken += 1
        if self.on_message:
            self.on_message(self._taken)


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


class _Session(SMTP):
    """One connection, counted, with a script for the DATA command."""

    _counted = False

    def __init__(self, room: SmtpServer, **options: Any) -> None:
        self._room = room
        super().__init__(_Handler(room), **options)

    def connection_made(self, transport: Any) -> None:
        self._room._transports.add(transport)
        # After STARTTLS it is made a second time.
        if not self._counted:
            self._counted = True
            self._room.connections += 1
            if self._room.connections > self._room.max_connections:
                transport.write(b"421 4.7.0 too many connections\r\n")
                transport.close()
                return
            self._room.peak = max(self._room.peak, self._room.connections)
            if self._room.peak >= self._room.quorum:
                self._room._quorate.set()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._counted:
            self._counted = False
            self._room.connections -= 1
            self._room._transports.discard(self.transport)
        if self.transport is not None:
            super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd finds it by this name
        assert self.envelope is not None
        reply = self._room.scripted("DATA", self.envelope.rcpt_tos)
        if reply == DROP_INSIDE:
            await self.push("354 go on")
            await self._reader.readexactly(100)
            _cut(self)
        elif reply is not None:
            await self.push(await _play(self, reply))
        else:
            await super().smtp_DATA(arg)


class _Handler:
    """Looks into the script before each answer."""

    def __init__(self, room: SmtpServer) -> None:
        self._room = room

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds hooks by this name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await _play(server, self._room.scripted("MAIL", []) or "250 2.1.0 go on")
        if reply.startswith("2"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply

    async def handle_RCPT(  # noqa: N802 - as above
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await _play(server, self._room.scripted("RCPT", [address]) or "250 2.1.5 go on")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return reply

    async def handle_DATA(  # noqa: N802 - as above
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        await self._room._quorate.wait()
        reply = self._room.scripted("BODY", envelope.rcpt_tos) or "250 2.0.0 taken"
        self._room.note(envelope, reply)
        return await _play(server, reply)


def _cut(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()


async def _play(server: SMTP, reply: str) -> str:
    if reply == HANG:
        await asyncio.Event().wait()
    if reply == DROP:
        _cut(server)
        # What this returns is written to nobody.
        return "421 gone"
    return reply
