"""The buckets of servers and destinations as rows: read, taken from and written while claiming."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Table, select
from sqlmodel import Session

from digest.config import Destination, Settings, Smtp
from digest.delivery.pace import FIRST_HOLD, FIRST_REST, LONGEST_HOLD, LONGEST_REST, Bucket
from digest.store.models import Pace
from digest.store.rows import insert_into

_TURN = 0.05
"""Seconds that a message to a destination of few connections is taken to need."""

_ROWS: Table = Pace.metadata.tables["pace"]


class Paces:
    """The buckets as one transaction sees them. Used from one thread.

    Args:
        servers: those that mail goes to, by name.
        destinations: those with a pace of their own, by domain.
    """

    def __init__(self, servers: Sequence[Smtp], destinations: Sequence[Destination]) -> None:
        self.servers = {server.name: server for server in servers}
        self.destinations = {destination.domain: destination for destination in destinations}
        self._limited = bool(destinations) or any(s.per_second or s.warm_up for s in servers)
        self._buckets: dict[str, Bucket] = {}
        self._changed: set[str] = set()
        # Those who wait for a destination's tokens are told when, one after another.
        self._planned: dict[str, datetime] = {}

    @classmethod
    def of(cls, settings: Settings) -> "Paces":
        """What the settings say."""
        return cls((settings.smtp, *settings.servers), settings.destinations)

    def load(self, session: Session, now: datetime) -> None:
        """Read the buckets; where there are limits, no other sender has them meanwhile."""
        limited = [*map(_server, self.servers), *map(_domain, self.destinations)]
        self._changed = set()
        self._read(session)
        missing = [key for key in limited if key not in self._buckets]
        if self._limited and missing:
            # What is not there cannot be locked: two senders would each take what there is.
            new = [{"key": key, **asdict(Bucket())} for key in missing]
            statement = insert_into(session, _ROWS).on_conflict_do_nothing()
            session.connection().execute(statement, new)
            self._read(session)
        for key in limited:
            self._buckets.setdefault(key, Bucket()).fill(self._rate(key), now)

    def _read(self, session: Session) -> None:
        query = select(_ROWS).order_by(_ROWS.c.key)
        if self._limited:
            query = query.with_for_update()
        self._buckets = {}
        for row in session.execute(query).mappings():
            facts = dict(row)
            key = facts.pop("key")
            self._buckets[key] = Bucket(**facts)

    def server_room(self, server: str, now: datetime) -> int | None:
        """How many messages a server may get now; None for any number."""
        facts = self.servers.get(server)
        if facts is None:
            return None
        return self._buckets[_server(server)].room(facts.per_second, facts.warm_up, now)

    def server_next(self, server: str, now: datetime) -> datetime:
        """When a server has room."""
        facts = self.servers.get(server)
        if facts is None:
            return now
        return self._buckets[_server(server)].next_at(facts.per_second, facts.warm_up, now)

    def take_server(self, server: str, count: int, now: datetime) -> None:
        """Let so many messages leave to a server; less than none come back."""
        facts = self.servers.get(server)
        if count and facts and (facts.per_second or facts.warm_up):
            self._take(_server(server), count, now)

    def take_destination(self, domain: str, room: int | None, now: datetime) -> datetime | None:
        """Let a message leave to a destination; or, where it may not, say when to ask again.

        Args:
            domain: the destination.
            room: how many messages it takes at present besides those in flight; None for any.
            now: the present instant.
        """
        bucket = self._buckets.get(_domain(domain))
        if bucket is None:
            return None
        rate = self._rate(_domain(domain))
        tokens = bucket.room(rate, None, now)
        if (tokens is None or tokens > 0) and (room is None or room > 0):
            if rate is not None:
                self._take(_domain(domain), 1, now)
            return None
        due = max(bucket.next_at(rate, None, now), self._planned.get(domain, now))
        facts = self.destinations.get(domain)
        few = facts.max_connections if facts else None
        gap = max(1 / rate if rate else 0.0, _TURN / few if few else 0.0)
        self._planned[domain] = due + timedelta(seconds=gap)
        return due + timedelta(seconds=gap)

    def put_back(self, domain: str, now: datetime) -> None:
        """A message that was to leave to a destination did not."""
        if self._rate(_domain(domain)) is not None:
            self._take(_domain(domain), -1, now)

    def hold_server(self, server: str, now: datetime) -> None:
        """Leave a server alone for a while."""
        self._changing(_server(server)).hold(now, FIRST_REST, LONGEST_REST)

    def hold_destination(self, domain: str, now: datetime) -> None:
        """Leave a destination alone for a while."""
        self._changing(_domain(domain)).hold(now, FIRST_HOLD, LONGEST_HOLD)

    def welcome(self, server: str, domain: str) -> None:
        """A message was accepted: whoever of these was left alone takes our mail again."""
        for key in (_server(server), _domain(domain)):
            bucket = self._buckets.get(key)
            if bucket is not None and bucket.setbacks:
                bucket.welcome()
                self._changed.add(key)

    def save(self, session: Session) -> None:
        """Write what changed."""
        changed = [{"key": key, **asdict(self._buckets[key])} for key in sorted(self._changed)]
        if changed:
            statement = insert_into(session, _ROWS)
            values = {name: statement.excluded[name] for name in changed[0] if name != "key"}
            upsert = statement.on_conflict_do_update(index_elements=["key"], set_=values)
            session.connection().execute(upsert, changed)
        self._changed = set()

    def _changing(self, key: str) -> Bucket:
        """A bucket that is about to change; there may be none yet."""
        self._changed.add(key)
        return self._buckets.setdefault(key, Bucket())

    def _take(self, key: str, count: int, now: datetime) -> None:
        self._buckets[key].take(count, now)
        self._changed.add(key)

    def _rate(self, key: str) -> float | None:
        kind, _, name = key.partition(" ")
        limits = self.servers if kind == "server" else self.destinations
        facts = limits.get(name)
        return facts.per_second if facts else None


def _server(name: str) -> str:
    return f"server {name}"


def _domain(name: str) -> str:
    return f"domain {name}"
