"""Connections to the SMTP server: aiosmtplib opens them, prepared bytes go over them."""

import asyncio
import contextlib
import os
import socket
import ssl
from dataclasses import dataclass
from typing import Protocol

import aiosmtplib

from digest.config import Security, Smtp
from digest.delivery.addresses import Mailbox
from digest.delivery.replies import Answer, Stage
from digest.errors import ServerRefusesError, ServerUnreachableError
from digest.text import one_line

_GO_ON = 354
_CLOSING = 421
_LEAVE = 5.0
"""Seconds that a server gets to answer QUIT: nothing depends on it any more."""
_TEMPORARY = range(400, 500)


@dataclass(frozen=True)
class Envelope:
    """Who a message is from and for, as SMTP is told; both are checked addresses."""

    sender: str
    recipient: Mailbox


class Connection(Protocol):
    """A session with a server, in which one message after another is sent."""

    @property
    def utf8(self) -> bool:
        """Whether the server takes addresses beyond ASCII (SMTPUTF8, RFC 6531)."""

    @property
    def alive(self) -> bool:
        """Whether another message may be tried."""

    async def send(self, envelope: Envelope, message: bytes) -> Answer:
        """Try one message to one recipient.

        `message` has CRLF line ends, ends with one, and no line of it begins with a dot.

        Returns:
            The answer that ended the transaction: the server's, or that there was none.
        """

    async def close(self) -> None:
        """Take leave of the server, if it still listens."""


class Transport(Protocol):
    """Opens connections to one server."""

    @property
    def server(self) -> str:
        """The server's name and port, for messages."""

    async def open(self) -> Connection:
        """A connection that is ready for its first message.

        Raises:
            ServerUnreachableError: it cannot be reached, or not now.
            ServerRefusesError: it will not work for us as we are set up.
        """


class SmtpTransport:
    """The server of the settings."""

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings
        self._timeout = settings.timeout.total_seconds()
        self._tls: ssl.SSLContext | None = None
        # What we call ourselves; asking the system for its name may take a while, so once.
        self._name = settings.helo_name

    @property
    def server(self) -> str:
        """The server's name and port, for messages."""
        return f"{self._settings.host}:{self._settings.port}"

    async def open(self) -> "SmtpConnection":
        """As `Transport.open`."""
        client = self._client()
        try:
            await client.connect()
            # AUTH or STARTTLS has said EHLO before; without them nobody has.
            if client.is_ehlo_or_helo_needed:
                await _greet(client)
            connection = SmtpConnection(client, self._timeout)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            kind = ServerRefusesError if _is_for_good(error) else ServerUnreachableError
            raise kind(server=self.server, why=_words(error)) from error
        self._name = client.local_hostname
        return connection

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        plain = settings.security is Security.NONE
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password.get_secret_value() if settings.username else None,
            local_hostname=self._name,
            timeout=self._timeout,
            use_tls=settings.security is Security.TLS,
            start_tls=settings.security is Security.STARTTLS,
            tls_context=None if plain else self._tls_context(),
        )

    def _tls_context(self) -> ssl.SSLContext:
        """One context for all connections: reading the system's certificates takes its time."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
            if not self._settings.verify_certificate:
                self._tls.check_hostname = False
                self._tls.verify_mode = ssl.CERT_NONE
        return self._tls


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()


class SmtpConnection:
    """A session over aiosmtplib's connection, command by command.

    Not by `sendmail()`: it searches and copies each message several times, and does not say
    whether an answer was lost before the final dot or after it.
    """

    def __init__(self, client: aiosmtplib.SMTP, timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        self._begun = False
        self._extensions = frozenset(client.esmtp_extensions)
        protocol, transport = client.protocol, client.transport
        if protocol is None or not isinstance(transport, asyncio.WriteTransport):
            raise aiosmtplib.SMTPServerDisconnected("the connection was lost")
        self._protocol = protocol
        self._transport = transport
        # Then "drained" means that the system has every byte, up to the final dot.
        transport.set_write_buffer_limits(high=1, low=0)
        self._drained = asyncio.StreamWriter(
            transport, protocol, None, asyncio.get_running_loop()
        ).drain

    @property
    def utf8(self) -> bool:
        """As `Connection.utf8`."""
        return "smtputf8" in self._extensions

    @property
    def alive(self) -> bool:
        """As `Connection.alive`."""
        return self._client.is_connected

    async def send(self, envelope: Envelope, message: bytes) -> Answer:
        """As `Connection.send`."""
        stage = Stage.MAIL
        try:
            for stage, command in self._commands(envelope, len(message)):
                answer = await self._ask(stage, command)
                if answer is not None:
                    return answer
            stage = Stage.BODY
            return await self._body(message)
        except (aiosmtplib.SMTPException, OSError) as error:
            self._abort()
            return Answer(stage, None, _words(error))
        except asyncio.CancelledError:
            # What is still buffered must not leave after we have gone.
            self._abort()
            raise

    def _commands(self, envelope: Envelope, size: int) -> list[tuple[Stage, bytes]]:
        options = f" SIZE={size}" if "size" in self._extensions else ""
        if envelope.recipient.utf8:
            options += " SMTPUTF8 BODY=8BITMIME"
        return [
            (Stage.MAIL, f"MAIL FROM:<{envelope.sender}>{options}".encode("ascii")),
            (Stage.RCPT, f"RCPT TO:<{envelope.recipient.address}>".encode()),
            (Stage.DATA, b"DATA"),
        ]

    async def _ask(self, stage: Stage, command: bytes) -> Answer | None:
        """Say one command; None where the server wants to hear the next."""
        if stage is Stage.MAIL and self._begun:
            # The last transaction was broken off: its recipient must not get this message.
            await self._client.rset()
        self._begun = True
        code, text = await self._client.execute_command(command)
        good = code == _GO_ON if stage is Stage.DATA else code // 100 == 2  # noqa: PLR2004 - 2xx
        return None if good else Answer(stage, code, text)

    async def _body(self, message: bytes) -> Answer:
        """Hand over the message and its final dot, and wait for the answer.

        If the connection is lost while part of it is still ours, the server cannot have the dot.
        """
        self._protocol.write(message + b".\r\n")
        leaving = None
        if self._transport.get_write_buffer_size():
            leaving = asyncio.ensure_future(self._drained())
        try:
            code, text = await self._protocol.read_response(timeout=self._timeout)
        except (aiosmtplib.SMTPException, OSError) as error:
            ours = leaving is not None and not (leaving.done() and leaving.exception() is None)
            self._abort()
            return Answer(Stage.DATA if ours else Stage.BODY, None, _words(error))
        finally:
            if leaving is not None:
                leaving.cancel()
                await asyncio.gather(leaving, return_exceptions=True)
        if code == _CLOSING or self._transport.get_write_buffer_size():
            # The server takes leave, or answered before the end of the message: what is left of
            # that would be read as commands.
            self._abort()
        self._begun = False
        return Answer(Stage.BODY, code, text)

    def _abort(self) -> None:
        self._transport.abort()
        self._client.close()

    async def close(self) -> None:
        """As `Connection.close`."""
        if self.alive:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, ValueError):
                await self._client.quit(timeout=min(self._timeout, _LEAVE))
        self._abort()


def _is_for_good(error: Exception) -> bool:
    """Whether trying again is no use before somebody has changed the settings."""
    if isinstance(error, aiosmtplib.SMTPConnectError | aiosmtplib.SMTPTimeoutError):
        return isinstance(error.__cause__, ssl.SSLError)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return error.code not in _TEMPORARY
    if isinstance(error, aiosmtplib.SMTPServerDisconnected):
        return False
    return isinstance(error, aiosmtplib.SMTPException | ssl.SSLError)


def _words(error: BaseException) -> str:
    """One line on what went wrong."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return f"AUTH: {error.code} {one_line(error.message)}"
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {one_line(error.message)}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {getattr(error, 'verify_message', '') or error.reason or 'it failed'}"
    if isinstance(error, OSError) and error.errno:
        # asyncio puts its own words, with the address, where the system's belong.
        known = error.errno > 0 and not isinstance(error, socket.gaierror)
        return os.strerror(error.errno) if known else str(error.strerror)
    if isinstance(error.__cause__, OSError) and error.__cause__.errno:
        return _words(error.__cause__)
    return one_line(str(error)) or type(error).__name__
