"""The tree of sections: found by their keys, made where they are absent."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from digest.config import Section as DeclaredSection
from digest.sections import ancestors, join_path, section_key
from digest.store.models import Section


class SectionTree:
    """The sections as one transaction sees them.

    A declared section is written as it was declared; any other as it first came in. The empty
    path is a section, too: of the articles of which nobody said where they belong.
    """

    def __init__(self, session: Session, declared: Mapping[str, DeclaredSection]) -> None:
        self._session = session
        self._declared = declared
        columns = (Section.id, Section.key, Section.path, Section.declared)
        rows = session.execute(select(*(_column(column) for column in columns))).all()
        self._ids: dict[str, int] = {row.key: row.id for row in rows}
        for row in rows:
            path = self._path(row.key, row.path)
            if (path, self.is_declared(row.key)) != (row.path, row.declared):
                values = {"path": path, "declared": self.is_declared(row.key)}
                session.execute(update(Section).where(_column(Section.id) == row.id).values(values))

    def is_declared(self, key: str) -> bool:
        """Whether the configuration names this section or one above it."""
        return any(ancestor in self._declared for ancestor in ancestors(key))

    @property
    def unfiled(self) -> int | None:
        """The id of the empty path, where there is one yet."""
        return self._ids.get("")

    def find_or_create(self, parts: tuple[str, ...]) -> int:
        """The id of a section; those above it are there, too, afterwards."""
        key = section_key(parts)
        found = self._ids.get(key)
        if found is not None:
            return found
        parent = self.find_or_create(parts[:-1]) if len(parts) > 1 else None
        values = {
            "key": key,
            "path": self._path(key, join_path(parts)),
            "parent_id": parent,
            "declared": self.is_declared(key),
        }
        statement = insert(Section).values(values).returning(_column(Section.id))
        found = int(self._session.execute(statement).scalar_one())
        self._ids[key] = found
        return found

    def _path(self, key: str, otherwise: str) -> str:
        declared = self._declared.get(key)
        return declared.path if declared else otherwise


def _column(attribute: Any) -> Any:
    """SQLModel types its columns as the values that they hold."""
    return attribute
