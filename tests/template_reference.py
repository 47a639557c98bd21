"""What docs/reference/templates.md says of mails and pages, for the tests that compare it."""

import re
from pathlib import Path

_WHOLE = (Path(__file__).parents[1] / "docs/reference/templates.md").read_text(encoding="utf-8")
EDITION, _, _REST = _WHOLE.partition("## Mails to one person")
MAILS, _, PAGES = _REST.partition("## Pages for readers")


def rows(part: str, head: str) -> list[list[str]]:
    """The cells of the table in a part of the reference whose head begins with `head`."""
    table = part.partition(f"| {head} |")[2].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def names(cell: str) -> set[str]:
    """What a cell names; of `long_date(date)` the first word."""
    return set(re.findall(r"`(\w+)", cell))


def variables(part: str) -> set[str]:
    """What is described in a part's table of variables."""
    return {name for row in rows(part, "variable") for name in names(row[0])}


def page_variables() -> dict[str, set[str]]:
    """The variables of each page of `templates/web` that are its own."""
    return {row[0].strip("`"): names(row[2]) for row in rows(PAGES, "page")}
