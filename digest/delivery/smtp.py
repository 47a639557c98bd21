"""Connections to the SMTP server: aiosmtplib opens them, prepared bytes go over them."""

import asyncio
import contextlib
import logging
import socket
import ssl
from typing import Protocol

import aiosmtplib

from digest.config import Security, Smtp
from digest.delivery.envelope import Envelope, most_bytes
from digest.delivery.replies import CLOSING, Answer, Stage
from digest.delivery.wire import GO_ON, LEAVE, PipelinedConnection, words_of
from digest.errors import ServerRefusesError, ServerUnreachableError
from digest.text import one_line

_log = logging.getLogger(__name__)

_TEMPORARY = range(400, 500)


class Connection(Protocol):
    """A session with a server, in which one message after another is sent."""

    @property
    def utf8(self) -> bool:
        """Whether the server takes addresses beyond ASCII (SMTPUTF8, RFC 6531)."""

    @property
    def most_bytes(self) -> int | None:
        """The largest message that the server says it takes; None for any."""

    @property
    def alive(self) -> bool:
        """Whether another message may be tried."""

    async def announce(self, envelope: Envelope) -> Answer | None:
        """Say whom the next message is from and for.

        Returns:
            None where the server wants the message; else the answer that ended the transaction:
            the server's, or that there was none.
        """

    async def hand_over(self, message: bytes, then: Envelope | None = None) -> Answer:
        """Give the server the message that was announced.

        Args:
            message: with CRLF line ends, ending with one, no line beginning with a dot.
            then: what will be announced next, if the server is to hear of it at once; then it has
                to be the next indeed, or the connection ends.

        Returns:
            The answer that ended the transaction: the server's, or that there was none.
        """

    async def close(self) -> None:
        """Take leave of the server, if it still listens."""


async def send_one(connection: Connection, envelope: Envelope, message: bytes) -> Answer:
    """Try one message by itself."""
    return await connection.announce(envelope) or await connection.hand_over(message)


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
        self._odd = False

    @property
    def server(self) -> str:
        """The server's name and port, for messages."""
        return self._settings.name

    async def open(self) -> Connection:
        """As `Transport.open`."""
        if self._settings.username and not self._settings.password.get_secret_value():
            why = f'no password is set for the username "{self._settings.username}"'
            raise ServerRefusesError(server=self.server, why=why)
        client = self._client()
        try:
            await client.connect()
            # AUTH or STARTTLS has said EHLO before; without them nobody has.
            if client.is_ehlo_or_helo_needed:
                await _greet(client)
            connection = self._connection(client)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            await asyncio.sleep(0)  # asyncio closes the socket in its next turn
            kind = ServerRefusesError if _is_for_good(error) else ServerUnreachableError
            raise kind(server=self.server, why=_words(error)) from error
        self._name = client.local_hostname
        return connection

    def _connection(self, client: aiosmtplib.SMTP) -> Connection:
        """In groups of commands where the server offers that and keeps to it."""
        if "pipelining" not in client.esmtp_extensions or self._odd:
            return SmtpConnection(client, self._timeout)
        return PipelinedConnection(
            transport_of(client), dict(client.esmtp_extensions), self._timeout, self._find_odd
        )

    def _find_odd(self, why: str) -> None:
        if not self._odd:
            _log.warning("%s cannot do pipelining (%s): one command at a time", self.server, why)
        self._odd = True

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
        self._waits = False
        self._extensions = dict(client.esmtp_extensions)
        protocol, transport = client.protocol, transport_of(client)
        if protocol is None:
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

    @property
    def most_bytes(self) -> int | None:
        """As `Connection.most_bytes`."""
        return most_bytes(self._extensions)

    async def announce(self, envelope: Envelope) -> Answer | None:
        """As `Connection.announce`."""
        stage = Stage.MAIL
        try:
            stages = (Stage.MAIL, Stage.RCPT, Stage.DATA)
            for stage, command in zip(stages, envelope.commands(self._extensions), strict=True):
                answer = await self._ask(stage, command)
                if answer is not None:
                    return answer
        except (aiosmtplib.SMTPException, OSError) as error:
            self._abort()
            return Answer(stage, None, _words(error))
        except asyncio.CancelledError:
            self._abort()
            raise
        self._waits = True
        return None

    async def _ask(self, stage: Stage, command: bytes) -> Answer | None:
        """Say one command; None where the server wants to hear the next."""
        if stage is Stage.MAIL and self._begun:
            # The last transaction was broken off: its recipient must not get this message.
            await self._client.rset()
        self._begun = True
        code, text = await self._client.execute_command(command)
        good = code == GO_ON if stage is Stage.DATA else code // 100 == 2  # noqa: PLR2004 - 2xx
        return None if good else Answer(stage, code, text)

    async def hand_over(self, message: bytes, then: Envelope | None = None) -> Answer:  # noqa: ARG002 - one at a time
        """As `Connection.hand_over`.

        If the connection is lost while part of it is still ours, the server cannot have the dot.
        """
        self._waits = False
        try:
            self._protocol.write(message + b".\r\n")
        except (aiosmtplib.SMTPException, OSError) as error:
            self._abort()
            return Answer(Stage.DATA, None, _words(error))
        leaving = None
        if self._transport.get_write_buffer_size():
            leaving = asyncio.ensure_future(self._drained())
        try:
            code, text = await self._protocol.read_response(timeout=self._timeout)
        except (aiosmtplib.SMTPException, OSError) as error:
            ours = leaving is not None and not (leaving.done() and leaving.exception() is None)
            self._abort()
            return Answer(Stage.DATA if ours else Stage.BODY, None, _words(error))
        except asyncio.CancelledError:
            # What is still buffered must not leave after we have gone.
            self._abort()
            raise
        finally:
            if leaving is not None:
                leaving.cancel()
                await asyncio.gather(leaving, return_exceptions=True)
        if code == CLOSING or self._transport.get_write_buffer_size():
            # The server takes leave, or answered before the end of the message: what is left of
            # that would be read as commands.
            self._abort()
        # Who refuses it may have read but half of it: then RSET is not answered with a yes.
        self._begun = code // 100 != 2  # noqa: PLR2004 - 2xx
        return Answer(Stage.BODY, code, text)

    def _abort(self) -> None:
        self._transport.abort()
        self._client.close()

    async def close(self) -> None:
        """As `Connection.close`."""
        # A server that waits for a message would take "QUIT" for its text.
        if self.alive and not self._waits:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, ValueError):
                await self._client.quit(timeout=min(self._timeout, LEAVE))
        self._abort()


def transport_of(client: aiosmtplib.SMTP) -> asyncio.WriteTransport:
    """What aiosmtplib's client writes to.

    Raises:
        SMTPServerDisconnected: the connection was lost already.
    """
    transport = client.transport
    if not isinstance(transport, asyncio.WriteTransport):
        raise aiosmtplib.SMTPServerDisconnected("the connection was lost")
    return transport


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
    if isinstance(error, socket.gaierror):
        return str(error.strerror)
    if isinstance(error.__cause__, OSError) and error.__cause__.errno:
        return _words(error.__cause__)
    return words_of(error)
