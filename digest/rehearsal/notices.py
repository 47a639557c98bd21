"""What the mails to the desk are rehearsed with: the facts of each folder of templates."""

from typing import Any

_DATE = "2026-03-03"
_LONG = (
    "/srv/templates/email/edition/body.html, line 17: 'edition' has no attribute 'titel': correct "
    'it, or remove your copy; <b>"quoted" & \x1b[31mcoloured</b> ' + "x" * 120
)

NOTICES: dict[str, tuple[dict[str, Any], ...]] = {
    "failed": ({"date": _DATE, "reason": _LONG},),
    "paused": ({"edition": 17, "date": _DATE, "reason": _LONG},),
    "skipped": (
        {"edition": 17, "date": _DATE, "cause": "no articles"},
        {"date": _DATE, "cause": "given up"},
    ),
    "account": (
        {
            "edition": 17,
            "date": _DATE,
            "account": {
                "audience": 100_000,
                "accepted": 99_800,
                "refused": 120,
                "gave_up": 20,
                "uncertain": 3,
                "skipped": 77,
            },
        },
    ),
    "feeds": (
        {
            "feeds": [
                {"slug": "world", "error": _LONG, "read": "2026-03-01T04:00:00+00:00"},
                {"slug": "x" * 40, "error": "404", "read": None},
            ]
        },
    ),
}
