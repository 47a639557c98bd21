"""A quick SMTP server that takes every mail and keeps its bytes, in files to be read later.

It does nothing else: no faults, no script. For those there is `tests.smtp`, which is slower.
"""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from tests.smtp import Received

A_FILE = 500
"""Mails that one file holds."""

_HELLO = b"250-catcher\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 0\r\n"
_MAIL = re.compile(r"MAIL FROM:<([^>]*)>(.*)", re.IGNORECASE)
_RCPT = re.compile(r"RCPT TO:<([^>]*)>", re.IGNORECASE)
_DOT = b"\r\n.\r\n"


class Catcher:
    """Use as a context manager; `port` is known within.

    Args:
        folder: where the files go; it is made.
    """

    port = 0

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._written = 0
        self._files: list[Path] = []
        self._file: BinaryIO | None = None
        self._transports: set[asyncio.WriteTransport] = set()

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._close()

    def _run(self, ready: threading.Event) -> None:
        opening = self._loop.create_server(lambda: _Session(self), "127.0.0.1", 0)
        server = self._loop.run_until_complete(opening)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        server.close()
        for transport in self._transports:
            transport.abort()
        # Transports close their sockets in the loop's next turn.
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def files(self) -> list[Path]:
        """What has come in since this was asked last; nothing may be on its way."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result()
        files, self._files = self._files, []
        return files

    async def _cut(self) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def keep(self, mail: Received) -> None:
        """Write a mail down."""
        if self._written % A_FILE == 0:
            self._close()
        if self._file is None:
            path = self._folder / f"from-{self._written}"
            self._files.append(path)
            self._file = path.open("wb")
        self._written += 1
        facts = [mail.sender, mail.recipient, mail.options, len(mail.data)]
        self._file.write(json.dumps(facts).encode("ascii") + b"\n" + mail.data)


def caught(file: Path) -> Iterator[Received]:
    """The mails of a file."""
    with file.open("rb") as lines:
        while line := lines.readline():
            sender, recipient, options, size = json.loads(line)
            yield Received(sender, recipient, options, lines.read(size))


class _Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, room: Catcher) -> None:
        self._room = room
        self._came = bytearray()
        self._inside = False
        self._sender, self._options = "", [""]
        self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._room._transports.add(transport)
        transport.write(b"220 catcher\r\n")

    def connection_lost(self, _error: Exception | None) -> None:
        self._room._transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        # What was looked through before may hold the beginning of the end that is sought.
        searched = max(len(self._came) - len(_DOT), 0)
        self._came += data
        while True:
            end = _DOT if self._inside else b"\r\n"
            at = self._came.find(end, searched)
            if at < 0:
                return
            searched = 0
            if self._inside:
                self._take(bytes(self._came[2 : at + 2]))
                del self._came[: at + len(_DOT)]
            else:
                line = self._came[:at].decode("utf-8")
                self._inside = line.upper() == "DATA"
                # The line break before a message belongs to the end of an empty one.
                del self._came[: at if self._inside else at + 2]
                self._transport.write(self._answer(line))
                if line.upper() == "QUIT":
                    self._transport.close()

    def _answer(self, line: str) -> bytes:
        if said := _MAIL.fullmatch(line):
            self._sender, self._options = said[1], said[2].split()
        elif said := _RCPT.fullmatch(line):
            self._recipient = said[1]
        elif self._inside:
            return b"354 go on\r\n"
        elif line[:4].upper() == "EHLO":
            return _HELLO
        elif line.upper() == "QUIT":
            return b"221 bye\r\n"
        elif line.upper() not in {"RSET", "NOOP"}:
            return b"500 what?\r\n"
        return b"250 ok\r\n"

    def _take(self, stuffed: bytes) -> None:
        self._inside = False
        # RFC 5321 section 4.5.2.
        data = stuffed.replace(b"\r\n.", b"\r\n").removeprefix(b".")
        self._room.keep(Received(self._sender, self._recipient, self._options, data))
        self._transport.write(b"250 2.0.0 taken\r\n")
