"""Many subscribers at once: read in batches, each planned in memory and written in one go."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel

from digest.config import Settings
from digest.errors import LeftBeforeError, SuppressedAddressError, UsageError
from digest.store import Store
from digest.store.models import SubscriptionStatus
from digest.store.rows import among
from digest.store.suppressed import suppressed
from digest.subscribers.addresses import Address, read_address
from digest.subscribers.choices import Choices, Profile, read_choices, read_profile, several
from digest.subscribers.csv_reading import CsvRow
from digest.text import one_line

BATCH = 500
_ATTEMPTS = 3
# The tables themselves: with mapped classes SQLAlchemy does work for each row that nobody needs.
_SUBSCRIBER = SQLModel.metadata.tables["subscriber"]
_SUBSCRIPTION = SQLModel.metadata.tables["subscription"]
_PROFILE = ("name", "timezone", "language")
_CONSENT = ("status", "sections", "consent", "confirmed")


@dataclass(frozen=True)
class Rejection:
    """A line that was left out, and why."""

    line: int
    email: str
    reason: str


@dataclass
class ImportReport:
    """What became of the lines: `read` is the sum of the others."""

    read: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True)
class _Line:
    """A line whose every cell makes sense by itself."""

    number: int
    address: Address
    profile: Profile
    choices: Choices


@dataclass
class _Person:
    """A subscriber as they will be; `id` is None for a new one."""

    values: dict[str, Any]
    id: int | None = None
    ties: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: bool = False
    changed_ties: set[str] = field(default_factory=set)


class SubscriberImport:
    """Takes lines into a store and keeps the account in `report`.

    With `consent` (a note on where it was given) subscriptions are active, otherwise pending.
    `newsletters` are for the lines that name none. Somebody who has unsubscribed is never brought
    back, and an address that is suppressed never let in.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        now: datetime,
        *,
        newsletters: Sequence[str] = (),
        consent: str = "",
    ) -> None:
        self.report = ImportReport()
        self._store = store
        self._now = now
        self._consent = consent
        # Thousands of lines say the same: each wording is checked once.
        self._choices = lru_cache(maxsize=1024)(
            lambda named, sections: read_choices(
                settings, several(named) or newsletters, several(sections)
            )
        )
        self._profile = lru_cache(maxsize=1024)(
            lambda timezone, language: read_profile(None, timezone or None, language or None)
        )

    def run(self, rows: Iterable[CsvRow], progress: Callable[[int], None]) -> ImportReport:
        """Take every row; `progress` hears after each batch how many have been read."""
        remaining = iter(rows)
        while batch := list(islice(remaining, BATCH)):
            rejected: list[Rejection] = []
            lines = list(self._understood(batch, rejected))
            rejected += self._apply(lines)
            self.report.rejected += sorted(rejected, key=lambda rejection: rejection.line)
            self.report.read += len(batch)
            progress(self.report.read)
        return self.report

    def _understood(self, rows: Iterable[CsvRow], rejected: list[Rejection]) -> Iterator[_Line]:
        for row in rows:
            if row.problem:
                rejected.append(_rejection(row, row.problem))
                continue
            try:
                address = read_address(row.cells["email"])
                choices = self._choices(row.cells["newsletters"], row.cells["sections"])
                yield _Line(row.line, address, self._read_profile(row.cells), choices)
            except UsageError as error:
                rejected.append(_rejection(row, str(error)))

    def _read_profile(self, cells: dict[str, str]) -> Profile:
        """An empty cell says nothing: it does not clear what is known."""
        checked: Profile = self._profile(cells["timezone"].strip(), cells["language"].strip())
        name = read_profile(cells["name"]).name or None
        return Profile(name, checked.timezone, checked.language)

    def _apply(self, lines: list[_Line]) -> list[Rejection]:
        """Plan and write a batch; again where somebody signed up between our look and our write."""
        for attempt in range(_ATTEMPTS):
            try:
                with self._store.write() as session:
                    plan = _Plan(session, lines, self._now, self._consent)
                    plan.write()
                break
            except IntegrityError:
                if attempt == _ATTEMPTS - 1:
                    raise
        self.report.added += plan.added
        self.report.updated += plan.updated
        self.report.unchanged += plan.unchanged
        return plan.rejected


def _rejection(row: CsvRow, reason: str) -> Rejection:
    # The reason may quote the cell.
    return Rejection(row.line, one_line(row.cells.get("email", ""), 100), one_line(reason, 500))


class _Plan:
    """What a batch changes, worked out on what the database holds of the people in it."""

    def __init__(
        self, session: Session, lines: Sequence[_Line], now: datetime, consent: str
    ) -> None:
        self.added = self.updated = self.unchanged = 0
        self.rejected: list[Rejection] = []
        self._session = session
        self._now = now
        self._consent = consent
        keys = {line.address.key for line in lines}
        self._people = _people(session, keys)
        self._suppressed = suppressed(session, keys)
        for line in lines:
            try:
                self._take(line)
            except UsageError as error:
                self.rejected.append(Rejection(line.number, line.address.email, str(error)))

    def _take(self, line: _Line) -> None:
        address = line.address
        if suppression := self._suppressed.get(address.key):
            raise SuppressedAddressError(email=address.email, reason=suppression.reason)
        person = self._people.get(address.key)
        known = person is not None
        if person is None:
            values = {"email": address.email, "key": address.key, "created": self._now}
            person = _Person(values | {"name": "", "timezone": None, "language": None})
        for slug in line.choices:
            tie = person.ties.get(slug)
            if tie and tie["status"] == SubscriptionStatus.UNSUBSCRIBED:
                left = tie["unsubscribed"] or tie["created"]
                raise LeftBeforeError(email=address.email, newsletter=slug, date=left)
        changes = [self._set_profile(person, line.profile)]
        changes += [self._tie(person, slug, sections) for slug, sections in line.choices.items()]
        self._people[address.key] = person
        if not known:
            self.added += 1
        elif any(changes):
            self.updated += 1
        else:
            self.unchanged += 1

    def _set_profile(self, person: _Person, profile: Profile) -> bool:
        said = {name: getattr(profile, name) for name in _PROFILE}
        news = {
            name: value
            for name, value in said.items()
            if value is not None and value != person.values[name]
        }
        person.values |= news
        person.changed = person.changed or bool(news)
        return bool(news)

    def _tie(self, person: _Person, slug: str, sections: list[str] | None) -> bool:
        new = {"newsletter": slug, "created": self._now, "status": SubscriptionStatus.PENDING}
        before = person.ties.get(slug, new | {"sections": None, "consent": "", "confirmed": None})
        tie = before | ({} if sections is None else {"sections": sections})
        if self._consent and tie["status"] == SubscriptionStatus.PENDING:
            tie |= {"consent": self._consent, "confirmed": self._now}
            tie["status"] = SubscriptionStatus.ACTIVE
        if slug in person.ties and tie == before:
            return False
        person.ties[slug] = tie
        person.changed_ties.add(slug)
        return True

    def write(self) -> None:
        """Put the plan into the database, a statement for each kind of change."""
        people = self._people.values()
        self._insert_subscribers([person for person in people if person.id is None])
        changed = [person for person in people if person.changed]
        self._update(
            _SUBSCRIBER, _PROFILE, [person.values | {"id": person.id} for person in changed]
        )
        ties = [
            person.ties[slug] | {"subscriber_id": person.id}
            for person in people
            for slug in person.ties
            if slug in person.changed_ties
        ]
        fresh = [tie for tie in ties if "id" not in tie]
        if fresh:
            self._session.connection().execute(insert(_SUBSCRIPTION), fresh)
        self._update(_SUBSCRIPTION, _CONSENT, [tie for tie in ties if "id" in tie])

    def _insert_subscribers(self, people: Sequence[_Person]) -> None:
        if not people:
            return
        statement = insert(_SUBSCRIBER).returning(_SUBSCRIBER.c.key, _SUBSCRIBER.c.id)
        made = self._session.connection().execute(statement, [person.values for person in people])
        ids = {row.key: row.id for row in made}
        for person in people:
            # Inserted with all that is known: there is nothing to update.
            person.id, person.changed = ids[person.values["key"]], False

    def _update(self, table: Any, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
        if not rows:
            return
        statement = update(table).where(table.c.id == bindparam("row"))
        statement = statement.values({column: bindparam(f"new_{column}") for column in columns})
        values = [
            {"row": row["id"]} | {f"new_{column}": row[column] for column in columns}
            for row in rows
        ]
        self._session.connection().execute(statement, values)


def _people(session: Session, keys: set[str]) -> dict[str, _Person]:
    connection = session.connection()
    query = select(_SUBSCRIBER).where(among(session, _SUBSCRIBER.c.key, keys))
    people = {
        row["key"]: _Person(dict(row), row["id"])
        for row in connection.execute(query).mappings().all()
    }
    by_id = {person.id: person for person in people.values()}
    if by_id:
        ties = select(_SUBSCRIPTION).where(among(session, _SUBSCRIPTION.c.subscriber_id, by_id))
        for row in connection.execute(ties).mappings().all():
            by_id[row["subscriber_id"]].ties[row["newsletter"]] = dict(row)
    return people
