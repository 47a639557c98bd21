"""One connection of the test server: what it says, and the faults a script asks for."""

import asyncio
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, Envelope, Session

if TYPE_CHECKING:
    from tests.smtp import SmtpServer

HANG = "hang"
"""A script's reply: none, and the connection stays open."""
DROP = "drop"
"""A script's reply: none, and the connection is cut."""
DROP_IN_LINE = "drop in line"
"""A script's reply: the beginning of one, and the connection is closed."""
DROP_INSIDE = "drop inside"
"""At the stage DATA: the connection is cut while the message is on its way."""
LEAVE = "leave "
"""Before a script's reply: the connection is closed after it, whatever else was asked."""
HASTY = "hasty "
"""At the stage DATA, before a script's reply: it comes after some lines of the message, the rest of
which is read as commands."""
HASTY_LINES = 20
TRICKLE = "trickle "
"""Before a script's reply: it comes byte by byte, with `TRICKLE_PAUSE` after each."""
TRICKLE_PAUSE = 0.01


class SmtpSession(SMTP):
    """One connection, counted, with a script for the DATA command."""

    _counted = False

    def __init__(self, room: "SmtpServer", **options: Any) -> None:
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
        elif reply is not None and reply.startswith(HASTY):
            await self.push("354 go on")
            for _ in range(HASTY_LINES):
                await self._reader.readline()
            await self.push(reply.removeprefix(HASTY))
        elif reply is not None:
            await self.push(await _play(self, reply))
        else:
            await super().smtp_DATA(arg)


class _Handler:
    """Looks into the script before each answer."""

    def __init__(self, room: "SmtpServer") -> None:
        self._room = room

    async def handle_EHLO(  # noqa: N802 - aiosmtpd finds hooks by this name
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        session.host_name = name
        return [*replies[:-1], "250-PIPELINING", replies[-1]] if self._room.pipelining else replies

    async def handle_MAIL(  # noqa: N802 - as above
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self._room.scripted("MAIL", []) or "250 2.1.0 go on"
        if says_yes(reply):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return await _play(server, reply)

    async def handle_RCPT(  # noqa: N802 - as above
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self._room.scripted("RCPT", [address]) or "250 2.1.5 go on"
        if says_yes(reply):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return await _play(server, reply)

    async def handle_DATA(  # noqa: N802 - as above
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        await self._room._quorate.wait()
        reply = self._room.scripted("BODY", envelope.rcpt_tos) or "250 2.0.0 taken"
        self._room.note(envelope, reply)
        return await _play(server, reply)


def says_yes(reply: str) -> bool:
    """Whether a script's reply is a yes."""
    return reply.removeprefix(TRICKLE).startswith("2")


def _cut(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()


async def _play(server: SMTP, reply: str) -> str:
    """Do what a script asks for; what is left to be written."""
    if reply == HANG:
        await asyncio.Event().wait()
    if reply == DROP:
        _cut(server)
        # What this returns is written to nobody.
        return "421 gone"
    assert isinstance(server.transport, asyncio.WriteTransport)
    if reply == DROP_IN_LINE:
        server.transport.write(b"25")
        server.transport.close()
        return "421 gone"
    if reply.startswith(LEAVE):
        server.transport.write(reply.removeprefix(LEAVE).encode() + b"\r\n")
        server.transport.close()
        return "421 gone"
    if reply.startswith(TRICKLE):
        for letter in reply.removeprefix(TRICKLE):
            server.transport.write(letter.encode())
            await asyncio.sleep(TRICKLE_PAUSE)
        return ""
    return reply
