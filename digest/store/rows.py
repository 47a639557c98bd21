"""What the type checker cannot know of rows."""

from typing import Protocol


class HasId(Protocol):
    """A row with a number of its own."""

    id: int | None


def row_id(row: HasId) -> int:
    """The number of a row that has been flushed; asking earlier is a programming error."""
    if row.id is None:
        raise ValueError(f"{row!r} has not been flushed")
    return row.id
