"""A transport without a network, with the script of the real test server: see `SmtpServer`."""

from dataclasses import dataclass, field

from digest.delivery.envelope import Envelope
from digest.delivery.replies import Answer, Stage
from digest.delivery.smtp import Connection
from digest.errors import ServerUnreachableError
from tests.smtp import ANYONE, Entry
from tests.smtp_session import DROP, DROP_INSIDE


@dataclass
class FakeTransport:
    """Takes what comes unless its script says otherwise; `refused` openings fail first."""

    script: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    utf8: bool = True
    refused: int = 0
    server: str = "mail.example.org:25"
    entries: list[Entry] = field(default_factory=list)
    opened: int = 0

    async def open(self) -> Connection:
        if self.refused:
            self.refused -= 1
            raise ServerUnreachableError(server=self.server, why="Connection refused")
        self.opened += 1
        return FakeConnection(self)

    def scripted(self, stage: Stage, recipient: str) -> str | None:
        for who in (ANYONE,) if stage is Stage.MAIL else (recipient, ANYONE):
            replies = self.script.get((stage.name, who))
            if replies:
                return replies.pop(0)
        return None


@dataclass
class FakeConnection:
    transport: FakeTransport
    alive: bool = True
    most_bytes: int | None = None
    announced: Envelope | None = None

    @property
    def utf8(self) -> bool:
        return self.transport.utf8

    async def announce(self, envelope: Envelope) -> Answer | None:
        if not self.alive:
            return Answer(Stage.MAIL, None, "not connected")
        self.announced = envelope
        for stage in (Stage.MAIL, Stage.RCPT, Stage.DATA):
            reply = self.transport.scripted(stage, envelope.recipient.address)
            if reply == DROP_INSIDE:
                self.transport.script[("BODY", envelope.recipient.address)] = [DROP]
            elif reply is not None:
                return self._answer(stage, reply)
        return None

    async def hand_over(self, message: bytes, then: Envelope | None = None) -> Answer:  # noqa: ARG002 - as if it did no pipelining
        assert self.announced is not None
        recipient = self.announced.recipient.address
        reply = self.transport.scripted(Stage.BODY, recipient) or "250 taken"
        head = message.decode().split("Message-ID: ")[-1].split("\r\n")[0]
        self.transport.entries.append(Entry(recipient, head, reply))
        return self._answer(Stage.BODY, reply)

    def _answer(self, stage: Stage, reply: str) -> Answer:
        if reply == DROP:
            self.alive = False
            return Answer(stage, None, "connection lost")
        code, _, text = reply.partition(" ")
        self.alive = code != "421"
        return Answer(stage, int(code), text)

    async def close(self) -> None:
        self.alive = False
