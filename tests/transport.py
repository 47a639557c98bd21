"""A transport without a network, with the script of the real test server: see `SmtpServer`."""

from dataclasses import dataclass, field

from digest.delivery.replies import Answer, Stage
from digest.delivery.smtp import Envelope
from digest.errors import ServerUnreachableError
from tests.smtp import ANYONE, DROP, DROP_INSIDE, Entry


@dataclass
class FakeTransport:
    """Takes what comes unless its script says otherwise; `refused` openings fail first."""

    script: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    utf8: bool = True
    refused: int = 0
    server: str = "mail.example.org:25"
    entries: list[Entry] = field(default_factory=list)
    opened: int = 0

    async def open(self) -> "FakeConnection":
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

    @property
    def utf8(self) -> bool:
        return self.transport.utf8

    async def send(self, envelope: Envelope, message: bytes) -> Answer:
        recipient = envelope.recipient.address
        if not self.alive:
            return Answer(Stage.MAIL, None, "not connected")
        for stage in Stage:
            reply = self.transport.scripted(stage, recipient)
            if stage is Stage.BODY:
                head = message.decode().split("Message-ID: ")[-1].split("\r\n")[0]
                self.transport.entries.append(Entry(recipient, head, reply or "250 taken"))
            if reply is None:
                continue
            if reply in {DROP, DROP_INSIDE}:
                self.alive = False
                late = Stage.BODY if reply == DROP_INSIDE else stage
                return Answer(late, None, "connection lost")
            code, _, text = reply.partition(" ")
            self.alive = code != "421"
            return Answer(stage, int(code), text)
        return Answer(Stage.BODY, 250, "taken")

    async def close(self) -> None:
        self.alive = False
