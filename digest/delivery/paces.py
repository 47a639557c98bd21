"""The buckets of servers and destinations as rows: read, taken from and written while claiming."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from digest.config import Destination, Settings, Smtp
from digest.delivery.pace import Bucket
from digest.store.models import Pace

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
        self._known: set[str] = set()
        self._changed: set[str] = set()
        # Those who wait for a destination's tokens are told when, one after another.
        self._planned: dict[str, datetime] = {}

    @classmethod
    def of(cls, settings: Settings) -> "Paces":
        """What the settings say."""
        return cls((settings.smtp, *settings.servers), settings.destinations)

    def load(self, session: Session, now: datetime) -> None:
        """Read the buckets; where there are limits, no other sender has them meanwhile."""
        query = select(_ROWS).order_by(_ROWS.c.key)
        if self._limited:
            query = query.with_for_update()
        rows = session.execute(query).mappings()
        self._buckets = {}
        for row in rows:
            facts = dict(row)
            key = facts.pop("key")
            self._buckets[key] = Bucket(**facts)
        self._known = set(self._buckets)
        self._changed = set()
        for key in [*map(_server, self.servers), *map(_domain, self.destinations)]:
            self._buckets.setdefault(key, Bucket()).fill(self._rate(key), now)

    def server_room(self, server: str, now: datetime) -> int | None:
        """How many messages a server may get now; None for any number."""
        facts = self.servers.get(server)
        if facts is None:
            return None
        return self._buckets[_server(server)].room(facts.per_second, facts.warm_up, now)

    def server_next(self, server: str, now: datetime) -> datetime:
        """When a server without room has some."""
        facts = self.servers[server]
        return self._buckets[_server(server)].next_at(facts.per_second, facts.warm_up, now)

    def take_server(self, server: str, count: int, now: datetime) -> None:
        """Let so many messages leave to a server."""
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

    def hold(self, domain: str, now: datetime) -> None:
        """Leave a destination alone for a while."""
        self._buckets.setdefault(_domain(domain), Bucket()).hold(now)
        self._changed.add(_domain(domain))

    def welcome(self, domain: str) -> None:
        """A destination that was left alone takes our mail again."""
        bucket = self._buckets.get(_domain(domain))
        if bucket is not None and bucket.setbacks:
            bucket.welcome()
            self._changed.add(_domain(domain))

    def save(self, session: Session) -> None:
        """Write what changed."""
        changed = [{"key": key, **asdict(self._buckets[key])} for key in sorted(self._changed)]
        new = [row for row in changed if row["key"] not in self._known]
        old = [
            {f"new_{name}": value for name, value in row.items()}
            for row in changed
            if row["key"] in self._known
        ]
        if new:
            dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
            # Another sender may have been first: then its word stands.
            session.connection().execute(dialect.insert(_ROWS).on_conflict_do_nothing(), new)
        if old:
            columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in changed[0]}
            statement = update(_ROWS).where(_ROWS.c.key == bindparam("new_key")).values(columns)
            session.connection().execute(statement, old)
        self._known |= self._changed
        self._changed = set()

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
