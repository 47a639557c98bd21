"""Facts of each mail to the desk, ordinary and awkward ones."""

from typing import Any
from zoneinfo import ZoneInfo

from digest.notices.letter import with_dates
from digest.rehearsal.notices import NOTICES

MAILS = {name: with_dates(samples[0], ZoneInfo("UTC")) for name, samples in NOTICES.items()}
"""An ordinary one of each, by the folder of its templates."""

COMMON: dict[str, Any] = {
    "newsletter": "The Morning Courier",
    "slug": "morning",
    "email": "desk@example.org",
}

AWKWARD = (
    "x\r\nBcc: all@example.org\n\n<script>alert(1)</script>\u202e &amp; "
    + "首" * 300
    + " "
    + "W" * 300
)


def awkward(value: Any) -> Any:
    """The same facts with texts that want to break lines, heads and pages."""
    if isinstance(value, str):
        return AWKWARD
    if isinstance(value, dict):
        return {key: awkward(inner) for key, inner in value.items()}
    return [awkward(inner) for inner in value] if isinstance(value, list) else value
