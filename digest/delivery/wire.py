"""SMTP in groups of commands (RFC 2920) over a connection that aiosmtplib has opened.

One turn a message: with a message go the commands that announce the next one. Each reply is matched
to its command: a recipient who is refused never gets, or gives on, a message.
"""

import asyncio
import contextlib
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from digest.delivery.envelope import Envelope, most_bytes
from digest.delivery.replies import CLOSING, Answer, Stage
from digest.text import one_line

_LINE = re.compile(rb"(\d{3})(?:([ -])(.*))?", re.DOTALL)
GO_ON = 354
_ENVELOPE = (Stage.MAIL, Stage.RCPT, Stage.DATA)
LEAVE = 5.0
"""Seconds that a server gets to answer QUIT: nothing depends on it any more."""
_LONGEST = 100_000
"""Octets of a reply: RFC 5321 section 4.5.3.1.5 allows 512 a line."""


class OddServerError(Exception):
    """What the server says is no answer to what it was asked."""


class Dialogue(asyncio.Protocol):
    """What is said on a connection: bytes out, replies in, in their order."""

    def __init__(self, transport: asyncio.WriteTransport, timeout: float) -> None:
        self._transport = transport
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._words: list[str] = []
        self._length = 0
        self._replies: deque[tuple[int, str]] = deque()
        self._awaited: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._owed = 0
        self._end: Exception | None = None
        self.stuck = False
        """Whether bytes that were written are still ours, and not yet with the system."""
        self.narrow = False
        """Whether that has ever been so: then a message goes by itself."""
        # Then "stuck" is told of every single byte.
        transport.set_write_buffer_limits(high=1, low=0)
        transport.set_protocol(self)

    @property
    def alive(self) -> bool:
        """Whether more may be said."""
        return self._end is None

    def say(self, data: bytes, replies: int) -> None:
        """Send bytes that the server has so many replies to."""
        self._owed += replies
        self._transport.write(data)

    async def hear(self) -> tuple[int, str]:
        """The next reply: its code and its words.

        Raises:
            OSError: the connection is lost, or nothing came in time.
            OddServerError: what came is no reply.
        """
        if not self._replies:
            if self._end:
                raise self._end
            self._awaited = self._loop.create_future()
            self._deadline = self._loop.time() + self._timeout
            if self._timer is None:
                self._timer = self._loop.call_later(self._timeout, self._look_at_the_clock)
            await self._awaited
        return self._replies.popleft()

    def abort(self, why: Exception | None = None) -> None:
        """End the connection; what is still ours is never sent."""
        self._finish(why or ConnectionAbortedError("the connection was given up"))
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take in what the server says."""
        lines = (self._buffer + data).split(b"\n")
        self._buffer = lines.pop()
        try:
            for line in lines:
                self._read(line)
        except OddServerError as error:
            self.abort(error)
            return
        if len(self._buffer) + self._length > _LONGEST:
            self.abort(OddServerError("a reply without an end"))
        if self._replies and self._awaited and not self._awaited.done():
            self._awaited.set_result(None)

    def _read(self, line: bytes) -> None:
        match = _LINE.fullmatch(line.rstrip(b"\r"))
        if match is None:
            raise OddServerError(f"no reply: {one_line(line.decode('utf-8', 'replace'), 100)}")
        self._words.append((match[3] or b"").decode("utf-8", "replace"))
        self._length += len(line)
        if match[2] == b"-":
            return
        code, words = int(match[1]), "\n".join(self._words)
        self._words, self._length = [], 0
        if not self._owed:
            if code == CLOSING:
                self.abort(ConnectionResetError(f"{code} {one_line(words)}"))
                return
            raise OddServerError(f"unasked: {code} {one_line(words, 100)}")
        self._owed -= 1
        self._replies.append((code, words))

    def eof_received(self) -> None:
        """The server has said its last: the transport closes."""

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is no more."""
        self._finish(error or ConnectionResetError("the server closed the connection"))

    def pause_writing(self) -> None:
        """The system has no room for what was written."""
        self.stuck = self.narrow = True

    def resume_writing(self) -> None:
        """The system has it all."""
        self.stuck = False

    def _finish(self, why: Exception) -> None:
        if self._end is None:
            self._end = why
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._awaited and not self._awaited.done():
            if self._replies:
                # What came before the end is an answer, though both came at once.
                self._awaited.set_result(None)
            else:
                self._awaited.set_exception(self._end)

    def _look_at_the_clock(self) -> None:
        """One timer for all replies: one each would cost more than the replies."""
        self._timer = None
        if self._awaited is None or self._awaited.done():
            return
        left = self._deadline - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look_at_the_clock)
        else:
            self.abort(TimeoutError(f"timed out after {self._timeout:g} s"))


class PipelinedConnection:
    """A session in groups of commands, as `smtp.Connection` describes.

    Args:
        transport: ready for the first message.
        extensions: what the server said it can do, in small letters.
        timeout: seconds that a server gets for each answer.
        on_odd: called with the reason when the server does not keep to the rules of groups.
    """

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        extensions: Mapping[str, str],
        timeout: float,
        on_odd: Callable[[str], object],
    ) -> None:
        self._dialogue = Dialogue(transport, timeout)
        self._extensions = extensions
        self._on_odd = on_odd
        self._announced: Envelope | None = None
        self._open = False
        self._refused = False
        self._waits = False

    @property
    def utf8(self) -> bool:
        """As `Connection.utf8`."""
        return "smtputf8" in self._extensions

    @property
    def most_bytes(self) -> int | None:
        """As `Connection.most_bytes`."""
        return most_bytes(self._extensions)

    @property
    def alive(self) -> bool:
        """As `Connection.alive`."""
        return self._dialogue.alive

    async def announce(self, envelope: Envelope) -> Answer | None:
        """As `Connection.announce`."""
        replies: list[tuple[int, str]] = []
        early = self._announced is not None
        try:
            await self._introduce(envelope)
            for _ in _ENVELOPE:
                replies.append(await self._dialogue.hear())
                if self._refused and replies[0][0] // 100 == 5:  # noqa: PLR2004 - 5xx
                    # It may have read but half of the message it refused, and the rest as commands.
                    raise _odd("after a refused message", *replies[0])
                self._refused = False
            return await self._refusal(replies)
        except OSError as error:
            if answer := _first_no(replies):
                # It left without a word on the rest of the group.
                self._dialogue.abort()
                return answer
            if early and not replies and isinstance(error, TimeoutError):
                self._on_odd("what comes with a message is lost")
            return self._broken(_ENVELOPE[min(len(replies), 2)], error)
        except OddServerError as error:
            return self._broken(_ENVELOPE[0 if self._refused else min(len(replies), 2)], error)
        except asyncio.CancelledError:
            self._dialogue.abort()
            raise

    async def _introduce(self, envelope: Envelope) -> None:
        """Say the commands of an envelope, unless they went with the last message."""
        if self._open:
            # The last transaction was broken off: its recipient must not get this message.
            self._open = False
            self._dialogue.say(b"RSET\r\n" + self._group(envelope), 4)
            code, words = await self._dialogue.hear()
            if code // 100 != 2:  # noqa: PLR2004 - 2xx
                raise _odd("RSET", code, words)
        elif self._announced is None:
            self._dialogue.say(self._group(envelope), 3)
        elif self._announced != envelope:
            raise ConnectionAbortedError("another message was announced")
        self._announced = None

    async def _refusal(self, replies: list[tuple[int, str]]) -> Answer | None:
        """The first reply that is a no, once the server wants nothing more of this message."""
        wants = [code // 100 == 2 for code, _ in replies[:2]]  # noqa: PLR2004 - 2xx
        wants.append(replies[2][0] == GO_ON)
        if all(wants):
            self._waits = True
            return None
        place = wants.index(False)
        answer = Answer(_ENVELOPE[place], *replies[place])
        self._open = True
        if any(code == CLOSING for code, _ in replies):
            self._dialogue.abort()
        elif wants[2]:
            # It goes on to the message though nobody is to get it (RFC 2920 section 3.1).
            self._dialogue.say(b".\r\n", 1)
            try:
                await self._dialogue.hear()
            except (OSError, OddServerError):
                self._dialogue.abort()
        return answer

    async def hand_over(self, message: bytes, then: Envelope | None = None) -> Answer:
        """As `Connection.hand_over`."""
        dialogue = self._dialogue
        self._waits = False
        if then is None or dialogue.narrow:
            dialogue.say(message + b".\r\n", 1)
        else:
            dialogue.say(b"".join((message, b".\r\n", self._group(then))), 4)
            self._announced = then
        try:
            code, text = await dialogue.hear()
        except (OSError, OddServerError) as error:
            # While part of the message is still ours, the server cannot have its final dot; what
            # is ours may be the announcement alone, if there is one.
            ours = dialogue.stuck and self._announced is None
            return self._broken(Stage.DATA if ours else Stage.BODY, error)
        except asyncio.CancelledError:
            # What is still buffered must not leave after we have gone.
            dialogue.abort()
            raise
        if code == CLOSING or dialogue.stuck:
            # The server takes leave, or answered before the end of the message: what is left of
            # that would be read as commands.
            dialogue.abort()
        self._refused = code // 100 != 2  # noqa: PLR2004 - 2xx
        # Nothing is open; but an answer to RSET tells a server that has read all of the message
        # from one that reads the rest of it as commands.
        self._open = self._refused and self._announced is None
        return Answer(Stage.BODY, code, text)

    async def close(self) -> None:
        """As `Connection.close`."""
        # A server that waits for a message would take "QUIT" for its text.
        if self.alive and self._announced is None and not self._waits:
            with contextlib.suppress(OSError, OddServerError, TimeoutError):
                async with asyncio.timeout(LEAVE):
                    self._dialogue.say(b"QUIT\r\n", 1)
                    await self._dialogue.hear()
        self._dialogue.abort()
        await asyncio.sleep(0)  # asyncio closes the socket in its next turn

    def _group(self, envelope: Envelope) -> bytes:
        return b"\r\n".join((*envelope.commands(self._extensions), b""))

    def _broken(self, stage: Stage, error: Exception) -> Answer:
        self._dialogue.abort()
        if isinstance(error, OddServerError):
            self._on_odd(str(error))
        return Answer(stage, None, words_of(error))


def _first_no(replies: Iterable[tuple[int, str]]) -> Answer | None:
    for stage, (code, words) in zip(_ENVELOPE, replies, strict=False):
        if code // 100 != 2:  # noqa: PLR2004 - 2xx
            return Answer(stage, code, words)
    return None


def _odd(of: str, code: int, words: str) -> OddServerError:
    return OddServerError(f"{of}: {code} {one_line(words, 100)}")


def words_of(error: BaseException) -> str:
    """One line on what went wrong with a connection."""
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        # asyncio puts its own words, with the address, where the system's belong.
        return os.strerror(error.errno)
    return one_line(str(error)) or type(error).__name__
