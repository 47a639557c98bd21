"""Rows in columns, for a person: plain text that stands straight in any script."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines with two spaces between columns, each as wide as its widest cell on the screen."""
    rows = [tuple(row) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
