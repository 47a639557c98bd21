"""The ledger: one row for each reader of an edition, and what one sender does with them."""

import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, func, select, update
from sqlmodel import Session, col

from digest.delivery.addresses import BadAddressError, domain_of
from digest.delivery.journal import Hold
from digest.delivery.paces import Paces
from digest.delivery.statements import as_they_stand, has_open, record, suppress
from digest.delivery.transitions import Fields, skip_reason, skipped, untouched
from digest.store import Store
from digest.store.models import (
    OPEN,
    TRIABLE,
    Delivery,
    DeliveryStatus,
    Edition,
    EditionStatus,
)
from digest.store.rows import among
from digest.subscribers.withdrawing import FRESH

MOST = 500
"""Rows a statement."""
SOON = timedelta(seconds=5)
"""For so long connections wait for the next delivery to be due, rather than close."""

_ROWS = Delivery.metadata.tables["delivery"]
_HELD = (DeliveryStatus.CLAIMED,)
_FRESH = timedelta(seconds=FRESH)


class Claim(NamedTuple):
    """A delivery that this sender alone may try until the lease ends, and whom it is for."""

    delivery_id: int
    fence: int
    attempts: int
    server: str
    until: datetime
    subscription_id: int
    email: str
    destination: str
    name: str
    sections: tuple[str, ...] | None
    since: datetime
    language: str | None = None

    @property
    def hold(self) -> Hold:
        """Which claim of which row this is."""
        return Hold(self.delivery_id, self.fence)


class Outcome(NamedTuple):
    """What became of a claim, and what it teaches of others.

    `gone` are addresses that are not to be mailed again, each with what was said of it; `held` says
    that the claim's destination is to be left alone for a while, `server_held` that its server is;
    `unused` that nothing of the claim was said to any server: it counts for no pace.
    """

    claim: Claim
    fields: Fields
    gone: tuple[tuple[str, str], ...] = ()
    held: bool = False
    server_held: bool = False
    unused: bool = False


@dataclass(frozen=True)
class Order:
    """What a sender wants of an exchange: so many claims for each server.

    `rooms` says of destinations that take few messages at a time how many more they take.
    """

    wanted: Mapping[str, int] = field(default_factory=dict)
    rooms: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Handout:
    """What came of an exchange.

    `again` has the servers that get less than was wanted, and when there may be more: None where
    the edition has nothing open that is in nobody's hand. `paced` says when the server itself may
    get more, whatever is due. `sending` is whether the edition is being sent at all.
    """

    sending: bool
    claims: dict[str, list[Claim]] = field(default_factory=dict)
    again: dict[str, datetime | None] = field(default_factory=dict)
    paced: dict[str, datetime] = field(default_factory=dict)


class Ledger:
    """One sender's hold on an edition's rows. Used from one thread.

    Args:
        store: the database.
        edition_id: whose rows.
        newsletter: the edition's newsletter.
        owner: this sender's name in the rows that it claims.
        lease: how long a claim holds; longer than any message's transaction can take.
        paces: how fast mail may leave.
    """

    def __init__(
        self,
        store: Store,
        edition_id: int,
        newsletter: str,
        owner: str,
        lease: timedelta,
        paces: Paces,
    ) -> None:
        self._store = store
        self._edition_id = edition_id
        self._newsletter = newsletter
        self._owner = owner
        self._lease = lease
        self._paces = paces
        self._candidates: deque[int] = deque()
        # Senders that work side by side rarely reach for the same rows.
        self._random = random.Random(owner)  # noqa: S311 - spreads, protects nothing

    def exchange(self, outcomes: Sequence[Outcome], order: Order, now: datetime) -> Handout:
        """Record outcomes and claim rows that are due, in one transaction.

        There are fewer claims than wanted where no more are due or may leave yet, and none unless
        the edition is being sent.
        """
        with self._store.write() as session:
            # Nobody calls the edition sent while a row of it is opened again.
            reopens = any(outcome.fields["status"] in OPEN for outcome in outcomes)
            status = edition_status(session, self._edition_id, lock=reopens)
            record(session, ((outcome.claim.hold, outcome.fields) for outcome in outcomes))
            suppress(session, chain.from_iterable(outcome.gone for outcome in outcomes), now)
            if reopens and status == EditionStatus.SENT and has_open(session, self._edition_id):
                # This sender slept, others gave its claims up for lost and called the edition sent:
                # an answer that came after all opens it again.
                status = self._reopen(session)
            handout = Handout(status == EditionStatus.SENDING)
            self._paces.load(session, now)
            for outcome in outcomes:
                self._learn(outcome, now)
            if handout.sending and any(order.wanted.values()):
                self._hand_out(session, handout, order, now)
            self._paces.save(session)
        return handout

    def _reopen(self, session: Session) -> str:
        edition = update(Edition).where(col(Edition.id) == self._edition_id)
        again = edition.values(status=EditionStatus.SENDING.value, completed=None)
        session.connection().execute(again)
        return EditionStatus.SENDING

    def _learn(self, outcome: Outcome, now: datetime) -> None:
        server, destination = outcome.claim.server, outcome.claim.destination
        if outcome.unused:
            self._paces.take_server(server, -1, now)
            self._paces.put_back(destination, now)
        elif outcome.fields["status"] == DeliveryStatus.ACCEPTED:
            self._paces.welcome(server, destination)
        if outcome.held:
            self._paces.hold_destination(destination, now)
        if outcome.server_held:
            self._paces.hold_server(server, now)

    def is_stale(self, claim: Claim, now: datetime) -> bool:
        """Whether a claim was made so long ago that its subscriber may have left since."""
        return now - (claim.until - self._lease) > _FRESH

    def renew(self, claim: Claim, now: datetime) -> Fields | None:
        """Look again whether a claim's message may leave; if not, the row as it is from now on."""
        with self._store.write() as session:
            ids = [claim.delivery_id]
            rows = as_they_stand(session, self._newsletter, ids, _HELD, wait=True)
            if not rows or rows[0].fence != claim.fence:
                return untouched(attempts=claim.attempts, now=now)
            row = rows[0]
            reason = skip_reason(row.subscriber_id, row.status, suppressed=row.key is not None)
            return skipped(reason, attempts=claim.attempts, now=now) if reason else None

    def give_back(self) -> None:
        """Let others have what this sender claimed and did not settle: none of it was begun.

        Also claims that it never heard of: a commit had come through, and the word of it was lost.
        """
        mine = update(_ROWS).where(
            _ROWS.c.edition_id == self._edition_id,
            _ROWS.c.status == DeliveryStatus.CLAIMED,
            _ROWS.c.claimed_by == self._owner,
        )
        back = mine.values(status=DeliveryStatus.WAITING.value, claimed_by="", claimed_until=None)
        with self._store.write() as session:
            session.connection().execute(back)

    def _hand_out(self, session: Session, handout: Handout, order: Order, now: datetime) -> None:
        rooms = dict(order.rooms)
        refills = 1
        for server, most in order.wanted.items():
            room = self._paces.server_room(server, now)
            count = most if room is None else min(most, room)
            claims = handout.claims.setdefault(server, [])
            while len(claims) < count:
                if not self._candidates:
                    if not refills:
                        break
                    refills -= 1
                    self._refill(session, now)
                    continue
                claims += self._claim(session, server, count - len(claims), rooms, now)
            self._paces.take_server(server, len(claims), now)
            if len(claims) < most:
                due, paced = self._next_due(session), self._paces.server_next(server, now)
                handout.again[server] = due and max(due, paced)
                handout.paced[server] = paced

    def _next_due(self, session: Session) -> datetime | None:
        rows = _ROWS.c
        mine = (rows.edition_id == self._edition_id) & rows.status.in_(TRIABLE)
        query = select(rows.due).where(mine).order_by(rows.due).limit(1)
        return session.scalars(query).first()

    def _refill(self, session: Session, now: datetime) -> None:
        query = (
            select(_ROWS.c.id)
            .where(_ROWS.c.edition_id == self._edition_id)
            .where(_ROWS.c.status.in_(TRIABLE))
            .where(_ROWS.c.due <= now)
            .limit(2 * MOST)
        )
        found = list(session.scalars(query))
        self._random.shuffle(found)
        self._candidates.extend(found)

    def _claim(
        self, session: Session, server: str, wanted: int, rooms: dict[str, int], now: datetime
    ) -> list[Claim]:
        """Claim some of the candidates, as they stand now: whoever left is skipped."""
        count = min(wanted, len(self._candidates), MOST)
        ids = [self._candidates.popleft() for _ in range(count)]
        claims, skips, later = [], [], []
        connection = session.connection()
        for row in as_they_stand(session, self._newsletter, ids):
            if row.due > now:  # another sender has tried it meanwhile, and put it off
                continue
            reason = skip_reason(row.subscriber_id, row.status, suppressed=row.key is not None)
            if reason is not None:
                fields = skipped(reason, attempts=row.attempts, now=now)
                skips.append((Hold(row.id, row.fence), fields))
                continue
            claim = self._claim_of(row, server, now)
            room = rooms.get(claim.destination)
            due = self._paces.take_destination(claim.destination, room, now)
            if due is None:
                claims.append(claim)
                if room is not None:
                    rooms[claim.destination] = room - 1
            else:
                later.append({"row": row.id, "when": due})
        record(session, skips)
        if later:
            connection.execute(_POSTPONE, later)
        if claims:
            taken = among(session, _ROWS.c.id, [claim.delivery_id for claim in claims])
            until = now + self._lease
            connection.execute(_CLAIM.where(taken), {"by": self._owner, "until": until})
        return claims

    def _claim_of(self, row: Row[Any], server: str, now: datetime) -> Claim:
        return Claim(
            delivery_id=row.id,
            fence=row.fence + 1,
            attempts=row.attempts,
            server=server,
            until=now + self._lease,
            subscription_id=row.subscription_id,
            email=row.email,
            destination=_destination(row.email),
            name=row.name,
            sections=None if row.sections is None else tuple(row.sections),
            since=row.since,
            language=row.language,
        )


_CLAIM = update(_ROWS).values(
    status=DeliveryStatus.CLAIMED.value,
    claimed_by=bindparam("by"),
    claimed_until=bindparam("until"),
    fence=_ROWS.c.fence + 1,
)
_POSTPONE = update(_ROWS).where(_ROWS.c.id == bindparam("row")).values(due=bindparam("when"))


def _destination(email: str) -> str:
    """The domain that a mail goes to, as settings name it."""
    if email.isascii():
        return email.rpartition("@")[2].lower()
    try:
        return domain_of(email)
    except BadAddressError:
        return ""


def outlook(store: Store, edition_id: int, now: datetime) -> tuple[str, datetime | None, int]:
    """What lies before an edition's senders.

    Returns:
        The edition's status; when its next open row is due, None when none is open (a claimed one
        counts as due when its lease ends); how many rows are due soon, counted up to 500.
    """
    rows = _ROWS.c
    mine = rows.edition_id == edition_id
    triable = select(rows.due).where(mine, rows.status.in_(TRIABLE))
    claimed = select(rows.claimed_until).where(mine, rows.status == DeliveryStatus.CLAIMED)
    ready = triable.where(rows.due <= now + SOON).limit(MOST).subquery()
    with store.read() as session:
        status = edition_status(session, edition_id)
        instants = [
            session.scalars(triable.order_by(rows.due).limit(1)).first(),
            session.scalars(claimed.order_by(rows.claimed_until).limit(1)).first(),
        ]
        count = session.scalars(select(func.count()).select_from(ready)).one()
    return status, min((at for at in instants if at), default=None), count


def edition_status(session: Session, edition_id: int, *, lock: bool = False) -> str:
    """Where the edition stands in its life, as the database has it now.

    With `lock`, nobody changes that before the transaction ends.
    """
    query = select(col(Edition.status)).where(col(Edition.id) == edition_id)
    if lock:
        query = query.with_for_update()
    return session.scalars(query).one()
