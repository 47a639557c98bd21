"""Articles into the store, in bulk: each is added, updated or found unchanged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, insert, select, text, update
from sqlmodel import Session, SQLModel

from digest.config import Section as DeclaredSection
from digest.ingest.incoming import Incoming, Rejection, Report
from digest.ingest.merge import merged, new_row
from digest.ingest.tree import SectionTree
from digest.sections import join_path, section_key
from digest.store import Store
from digest.store.models import Article, ArticleKey

BATCH = 500
# Any number will do that nothing else in this database locks.
_LOCK = 0x61727469


def store_articles(
    store: Store,
    outcomes: Iterable[Incoming | Rejection],
    declared: Mapping[str, DeclaredSection],
    now: datetime,
) -> Report:
    """Add or update what came in, some hundreds in a transaction; `now` is when it became known.

    Outcomes are taken one by one and never held all at once. Two imports at a time wait for each
    other, batch by batch.

    Raises:
        StoreError: the database failed; the batches before that one are in.
    """
    report = Report()
    for batch in _batches(outcomes, report):
        with store.write() as session:
            exclusive(session, store)
            tally = _Batch(session, SectionTree(session, declared), now).run(batch)
        report.added += tally.added
        report.updated += tally.updated
        report.unchanged += tally.unchanged
        report.without_section += tally.without_section
        report.undeclared_sections |= tally.undeclared_sections
    return report


def exclusive(session: Session, store: Store) -> None:
    """Let no other import write until this transaction ends."""
    if not store.is_sqlite:  # SQLite has one writer at a time, anyway
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _batches(outcomes: Iterable[Incoming | Rejection], report: Report) -> Iterator[list[Incoming]]:
    """The articles in batches; rejections go straight to the report."""

    def accepted() -> Iterator[Incoming]:
        for outcome in outcomes:
            if isinstance(outcome, Rejection):
                report.rejected.append(outcome)
            else:
                yield outcome

    articles = accepted()
    while batch := list(islice(articles, BATCH)):
        yield batch


@dataclass(slots=True)
class _Slot:
    """An article of the batch: its row as it was, as it becomes, and how often it came in."""

    id: int | None
    before: dict[str, Any] | None
    row: dict[str, Any]
    keys: set[str] = field(default_factory=set)
    came: int = 0
    changes: int = 0


class _Batch:
    """One transaction's work: keys and rows are looked up and written in one statement each."""

    def __init__(self, session: Session, tree: SectionTree, now: datetime) -> None:
        self.session = session
        self.tree = tree
        self.now = now

    def run(self, batch: Sequence[Incoming]) -> Report:
        wanted = {key for incoming in batch for key in incoming.keys}
        known = self._known_keys(wanted)
        rows = self._rows(set(known.values()))
        by_id: dict[int, _Slot] = {}
        by_key: dict[str, _Slot] = {}
        for key, article in known.items():
            slot = by_id.setdefault(article, _Slot(article, rows[article], rows[article]))
            by_key[key] = slot
        report = Report()
        slots = list(by_id.values())
        for incoming in batch:
            parts = incoming.section or incoming.otherwise_section
            section = self.tree.find_or_create(parts)
            self._note_section(parts, report)
            found = next((by_key[key] for key in incoming.keys if key in by_key), None)
            if found is None:
                found = _Slot(None, None, new_row(incoming, section, self.now))
                slots.append(found)
            else:
                named = section if incoming.section else None
                nowhere = found.row["section_id"] == self.tree.unfiled
                row = merged(found.row, incoming, named, unfiled=nowhere)
                found.changes += row != found.row
                found.row = row
            found.came += 1
            for key in incoming.keys:
                if by_key.setdefault(key, found) is found and key not in known:
                    found.keys.add(key)
        self._write(slots, report)
        return report

    def _note_section(self, parts: tuple[str, ...], report: Report) -> None:
        if not parts:
            report.without_section += 1
        elif not self.tree.is_declared(section_key(parts)):
            report.undeclared_sections.add(join_path(parts))

    def _known_keys(self, wanted: set[str]) -> dict[str, int]:
        keys = table(ArticleKey)
        found: dict[str, int] = {}
        for some in _chunks(sorted(wanted)):
            query = select(keys.c.key, keys.c.article_id).where(keys.c.key.in_(some))
            found.update((row.key, row.article_id) for row in self.session.execute(query))
        return found

    def _rows(self, ids: set[int]) -> dict[int, dict[str, Any]]:
        articles = table(Article)
        found: dict[int, dict[str, Any]] = {}
        for some in _chunks(sorted(ids)):
            rows = self.session.execute(select(articles).where(articles.c.id.in_(some))).mappings()
            for row in rows:
                values = dict(row)
                found[values.pop("id")] = values
        return found

    def _write(self, slots: list[_Slot], report: Report) -> None:
        new = [slot for slot in slots if slot.id is None]
        changed = [slot for slot in slots if slot.id is not None and slot.row != slot.before]
        for slot in slots:
            first, updated = slot.id is None, slot.row != slot.before
            report.added += first
            # An article that came several times at once and ends as it was has not changed.
            again = slot.changes if first else int(updated)
            report.updated += again
            report.unchanged += slot.came - first - again
        self._insert(new)
        self._update(changed)
        keys = [{"key": key, "article_id": slot.id} for slot in slots for key in sorted(slot.keys)]
        if keys:
            self.session.execute(insert(table(ArticleKey)), keys)

    def _insert(self, slots: list[_Slot]) -> None:
        if not slots:
            return
        articles = table(Article)
        statement = insert(articles).returning(articles.c.id, sort_by_parameter_order=True)
        ids = self.session.execute(statement, [slot.row for slot in slots]).scalars()
        for slot, found in zip(slots, ids, strict=True):
            slot.id = found

    def _update(self, slots: list[_Slot]) -> None:
        if not slots:
            return
        articles = table(Article)
        # A bound parameter may not be called as a column.
        values: dict[str, Any] = {
            name: bindparam(f"new_{name}") for name in slots[0].row if name != "known"
        }
        statement = update(articles).where(articles.c.id == bindparam("of_id")).values(values)
        rows = [
            {"of_id": slot.id}
            | {f"new_{name}": slot.row[name] for name in values}
            | {"new_changed": self.now}
            for slot in slots
        ]
        self.session.connection().execute(statement, rows)


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]


def table(model: type[SQLModel]) -> Any:
    """The table of a model, for statements that make no objects of its rows."""
    return model.__table__  # type: ignore[attr-defined] # SQLModel types no tables
