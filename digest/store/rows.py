"""What the type checker cannot know of rows, and how to ask for many of them."""

from collections.abc import Collection
from typing import Any, Protocol

from sqlalchemy import ColumnElement, any_, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session


class HasId(Protocol):
    """A row with a number of its own."""

    id: int | None


def row_id(row: HasId) -> int:
    """The number of a row that has been flushed; asking earlier is a programming error."""
    if row.id is None:
        raise ValueError(f"{row!r} has not been flushed")
    return row.id


def is_sqlite(session: Session) -> bool:
    """Whether the session's database is SQLite, where one transaction at a time writes."""
    return session.get_bind().dialect.name == "sqlite"


def insert_into(session: Session, table: Any) -> Any:
    """An INSERT that can say what to do on a conflict: each database has its own words for that."""
    return (sqlite if is_sqlite(session) else postgresql).insert(table)


def among(session: Session, column: Any, values: Collection[object]) -> ColumnElement[bool]:
    """The condition that a column has one of a few hundred values.

    PostgreSQL gets them as one array: its driver handles a parameter each at several times the
    cost of looking the rows up.
    """
    condition: ColumnElement[bool] = (
        column.in_(values)
        if is_sqlite(session)
        else column == any_(bindparam(None, list(values), postgresql.ARRAY(column.type)))
    )
    return condition
