"""What the mails to the desk are rehearsed with: facts of each folder, as a notice stores them."""

from typing import Any

_EDITION: dict[str, Any] = {"edition": 17, "date": "2026-03-03"}
_UNBEGUN = {"date": "2026-03-03"}
_BROKEN = {
    "reason": "/srv/digest/ours/email/edition/body.html, line 14: 'edition.titel' is undefined: "
    "correct it, or remove your copy to use the one that ships."
}
_REFUSES = {
    "reason": "The server mail.example.org:587 refuses (AUTH: 535 5.7.8 Authentication credentials "
    "invalid): correct [smtp] or [[servers]], restart `digest run`."
}
_LONG = {
    "reason": "/srv/templates/email/edition/body.html, line 17: 'edition' has no attribute 'titel' "
    '<b>"quoted" & \x1b[31mcoloured</b> ' + "x" * 120
}

NOTICES: dict[str, tuple[dict[str, Any], ...]] = {
    "account": (
        {
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
    ),
    "failed": (_UNBEGUN | _BROKEN, _UNBEGUN | _LONG),
    "feeds": (
        {
            "feeds": [
                {
                    "slug": "world",
                    "url": "https://news.example.org/world.rss",
                    "error": "https://news.example.org/world.rss cannot be fetched: 404 Not Found.",
                    "read": "2026-03-01T04:00:00+00:00",
                },
                {
                    "slug": "sports",
                    "url": "https://news.example.org/sports.rss",
                    "error": "https://news.example.org/sports.rss cannot be fetched: timed out.",
                    "read": None,
                },
            ]
        },
        {
            "feeds": [
                {
                    "slug": "x" * 40,
                    "url": "https://news.example.org/" + "x" * 120,
                    "error": _LONG["reason"],
                    "read": None,
                },
            ]
        },
    ),
    "paused": (_EDITION | _REFUSES, _EDITION | _LONG),
    "replaced": (_EDITION | _BROKEN, _EDITION | _LONG),
    "skipped": (
        {**_EDITION, "cause": "no articles"},
        {**_UNBEGUN, "cause": "given up"},
    ),
}
"""By the folder; of each the first is an ordinary one."""
