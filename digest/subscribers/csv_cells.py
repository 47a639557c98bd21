"""Cells that a spreadsheet cannot take for formulas, and the way back.

Spreadsheets compute cells that begin with certain characters, whoever wrote them
(https://owasp.org/www-community/attacks/CSV_Injection). Exported cells get an apostrophe before
them, which spreadsheets take for "this is text"; importing takes that one apostrophe away again.
Where a file is opened with another delimiter, a cell begins after any semicolon or tab.
"""

import re

COLUMNS = ("email", "name", "newsletters", "sections", "timezone", "language")

# Of the spaces only those that are no beginning themselves: each stretch is then looked at once.
_FORMULA = r"(?=(?:[^\S\t\r\n]|')*[=+\-@\t\r\n＝＋－＠])"
_TO_GUARD = re.compile(rf"(^|[;\t]){_FORMULA}")
_GUARDED = re.compile(rf"(^|[;\t])'{_FORMULA}")


def guard(cell: str) -> str:
    """A cell that no spreadsheet computes."""
    return _TO_GUARD.sub(r"\1'", cell)


def unguard(cell: str) -> str:
    """The cell as it was before it was guarded."""
    return _GUARDED.sub(r"\1", cell) if "'" in cell else cell
