"""A real SMTP server for tests: aiosmtpd in a thread, with a script and a journal of its own.

The journal has one line for each message that came in whole: its recipient, its Message-ID, what
was answered, and when it had come. A line is on disk before the answer leaves, so that a journal
never knows less than a client.
"""

import asyncio
import json
import re
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.smtp_session import SmtpSession, says_yes

_BEYOND_ASCII = re.compile(r"&#([0-9]{3,});")

CERTIFICATE = Path(__file__).parent / "smtp.pem"
"""Certificate and key of "localhost" and 127.0.0.1, signed by itself; it serves tests only."""

ANYONE = "*"


class Entry(NamedTuple):
    """A line of the journal."""

    recipient: str
    message_id: str
    reply: str
    came: int = 0
    """By this machine's monotonic clock, in nanoseconds."""

    @property
    def taken(self) -> bool:
        return says_yes(self.reply)


@dataclass
class Received:
    """A message as it came in, the dots of transparency taken out."""

    sender: str
    recipient: str
    options: list[str]
    data: bytes

    def part(self, subtype: str) -> str:
        """The text of a part: plain or html, with characters for references beyond ASCII."""
        body = self.message.get_body((subtype,))
        assert body is not None
        text: str = body.get_content()
        return _BEYOND_ASCII.sub(lambda found: chr(int(found[1])), text)

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
    pipelining: bool = True
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
        for transport in list(self._transports):
            transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Transports close their sockets in the loop's next turn; one may just have been made.
        for _ in range(3):
            for transport in list(self._transports):
                transport.abort()
            await asyncio.sleep(0)

    def _session(self) -> SMTP:
        return SmtpSession(
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
        came = time.monotonic_ns()
        data = envelope.original_content or b""
        head = message_from_bytes(data[:4000], policy=policy.default)
        for recipient in envelope.rcpt_tos:
            line = json.dumps([recipient, str(head["Message-ID"]), reply, came])
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
