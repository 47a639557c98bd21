"""The servers that mail goes to, and what a sending learns of them and of destinations."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from digest.delivery.replies import About, Answer, Decision, Stage, Verdict
from digest.delivery.smtp import Transport
from digest.errors import DigestError, ServerRefusesError

_SUSPICIONS = 10
"""Refusals in a row that may be about us, with nobody accepted, that are about us."""
_SLOWED = 3
"""Answers in a row that speak of a destination or a server, with nobody accepted by it, that slow
it down."""


@dataclass
class Server:
    """A server that mail goes to, and what was learned of it.

    Attributes:
        transport: how to reach it.
        weight: its share of the mail beside others.
        connections: how many it takes at most.
        lines: how many are at work.
        utf8: whether it takes addresses beyond ASCII, once it was asked.
        trusted: it has accepted somebody: so its word counts when it says that others are gone.
        gone: addresses of which it said so before, and what it said.
        suspicions: refusals in a row that may be about us.
        slowed: times in a row that it said "later" of itself.
        settled: deliveries that had their turn since it was last joined.
        setback: its last answer that broke off a delivery untried.
        obstacle: why it is of no use at present.
    """

    transport: Transport
    weight: float = 1.0
    connections: int = 20
    lines: int = 0
    utf8: bool | None = None
    trusted: bool = False
    gone: dict[str, str] = field(default_factory=dict)
    suspicions: int = 0
    slowed: int = 0
    settled: int = 0
    setback: str = ""
    obstacle: DigestError | None = None

    @property
    def name(self) -> str:
        """Host and port."""
        return self.transport.server

    def join(self) -> None:
        """Begin anew, whatever was in the way before."""
        self.settled, self.setback, self.obstacle = 0, "", None

    def learn(self, answer: Answer, decision: Decision) -> None:
        """Learn from an answer what it says of all the others."""
        if decision.breaks_off:
            self.setback = str(answer)
        else:
            self.settled += 1
        if decision.verdict is Verdict.ACCEPTED:
            self.suspicions = 0
            self.trusted = True
        elif decision.systemic or (decision.suppress and not self.trusted):
            self.suspicions += 1
        if decision.verdict is Verdict.HALT or self.suspicions >= _SUSPICIONS:
            refuses = ServerRefusesError(server=self.name, why=str(answer))
            self.obstacle = self.obstacle or refuses

    def slows(self, decision: Decision) -> bool:
        """Whether it is to be left alone, after an answer that it gave.

        What breaks a delivery off is minded by its connection, which goes on more slowly itself.
        """
        if decision.verdict is Verdict.ACCEPTED:
            self.slowed = 0
        later = decision.verdict is Verdict.LATER and decision.about is About.SERVER
        if not (later and decision.slows):
            return False
        self.slowed += 1
        return self.slowed >= _SLOWED

    def tell_gone(self) -> tuple[tuple[str, str], ...]:
        """Addresses that are gone by its word, once that counts; it is told of each once."""
        if not self.trusted:
            return ()
        gone = tuple(self.gone.items())
        self.gone.clear()
        return gone


@dataclass
class Memory:
    """What one sending has learned and keeps from round to round."""

    broken_off: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Deliveries whose connection was lost before anything was said of them: by which servers."""
    slowed: Counter[str] = field(default_factory=Counter)

    def blame(
        self, delivery_id: int, server: Server, servers: Iterable[Server], answer: Answer
    ) -> Answer:
        """Who may be to blame for a connection that is lost before the server said anything.

        The recipient was named in the same breath. The first time at each server nobody is; then
        the delivery has had its turn, or one that kills every connection would be tried for ever.
        """
        lost_by = self.broken_off[delivery_id]
        if lost_by.issuperset(each.name for each in servers):
            return Answer(Stage.RCPT, None, answer.text)
        lost_by.add(server.name)
        return answer

    def slows(self, destination: str, decision: Decision) -> bool:
        """Whether a destination is to be left alone, after an answer to a message for it."""
        if decision.verdict is Verdict.ACCEPTED:
            self.slowed.pop(destination, None)
        if decision.slows and decision.about is About.DESTINATION:
            self.slowed[destination] += 1
        return self.slowed[destination] >= _SLOWED
