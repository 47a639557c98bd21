"""Facts of each mail to the desk, ordinary and awkward ones."""

from datetime import date
from typing import Any

_EDITION = {"slug": "morning", "date": date(2026, 3, 3), "edition": 17}
_AUTH = "AUTH: 535 5.7.8 Authentication credentials invalid"

MAILS: dict[str, dict[str, Any]] = {
    "account": {
        **_EDITION,
        "account": {
            "audience": 104_233,
            "accepted": 104_120,
            "refused": 83,
            "gave_up": 12,
            "uncertain": 7,
            "skipped": 23,
        },
    },
    "failed": {
        **_EDITION,
        "reason": "/srv/digest/ours/email/edition/body.html, line 14: 'edition.titel' is "
        "undefined: correct it, or remove your copy to use the one that ships.",
    },
    "feeds": {
        "slug": "morning",
        "feeds": [
            {
                "slug": "world",
                "error": "https://news.example.org/world.rss cannot be fetched: 404 Not Found.",
                "read": date(2026, 3, 1),
            },
            {
                "slug": "sports",
                "error": "https://news.example.org/sports.rss cannot be fetched: timed out.",
                "read": None,
            },
        ],
    },
    "paused": {
        **_EDITION,
        "reason": f"The server mail.example.org:587 refuses ({_AUTH}): correct [smtp]",
    },
    "skipped": {**_EDITION, "cause": "no articles"},
}
"""By the folder of its templates."""

COMMON: dict[str, Any] = {"newsletter": "The Morning Courier", "email": "desk@example.org"}

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
