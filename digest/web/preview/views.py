"""The views of a mail: the same document as a phone, a desk, the dark and old clients show it.

Only what is looked at is changed here, never the mail that is sent. Pure.
"""

import re
from typing import NamedTuple

# What decides between light and dark in a style sheet (Media Queries 5, section 11.5).
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
# Where a condition can stand: never in text, whose "<" is escaped.
_CONDITIONAL = re.compile(
    r"<style\b[^>]*>.*?</style\s*>|<(?:source|link)\b[^>]*>", re.DOTALL | re.IGNORECASE
)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_HEAD_END = re.compile(r"</head\s*>", re.IGNORECASE)
# Conditions that always and never hold, to stand in the place of another within a longer one.
_HOLDS, _FAILS = "(min-width:0)", "(max-width:0)"
# The whole page turned over, pictures turned back: about what Gmail on iOS and Outlook's apps make
# of a mail without dark colours of its own.
_TURNED = (
    "html{background:#fff;filter:invert(1) hue-rotate(180deg)}"
    "img,video{filter:invert(1) hue-rotate(180deg)}"
)


class View(NamedTuple):
    """A way to look at the HTML part; `width` is in CSS pixels."""

    name: str
    title: str
    width: int
    dark: bool = False
    images: bool = True
    inverted: bool = False


VIEWS = {
    view.name: view
    for view in (
        View("phone", "Phone", 375),
        View("desktop", "Desktop", 700),
        View("phone-dark", "Phone, dark", 375, dark=True),
        View("desktop-dark", "Desktop, dark", 700, dark=True),
        View("no-images", "Images off", 375, images=False),
        View("inverted", "Forced inversion", 375, inverted=True),
    )
}
PANES = {"text": "Text part", "headers": "Headers", "source": "Source"}
"""What is shown beside the views: not as a page, but as it is written."""
USUAL = ("phone", "desktop", "phone-dark", "text")
"""What is shown until somebody says otherwise."""


def dressed(html: str, view: View) -> str:
    """The document as a view shows it.

    Conditions on light and dark are decided here instead of by the browser, whose user prefers one
    of them. Links open beside the preview.
    """

    def decide(condition: re.Match[str]) -> str:
        return _HOLDS if (condition[1].lower() == "dark") == view.dark else _FAILS

    decided = _CONDITIONAL.sub(lambda place: _SCHEME.sub(decide, place[0]), html)
    scheme = "dark" if view.dark else "light"
    # A scroll bar would make the page narrower than the view is.
    style = f":root{{color-scheme:{scheme}!important;scrollbar-width:none}}"
    style += _TURNED if view.inverted else ""
    opened = _HEAD.sub(lambda head: f'{head[0]}<base target="_blank">', decided, count=1)
    return _HEAD_END.sub(lambda end: f"<style>{style}</style>{end[0]}", opened, count=1)


def policy(view: View) -> str:
    """The Content-Security-Policy of a view: nothing runs; with images off none is asked for."""
    images = "https: http: data:" if view.images else "'none'"
    return (
        f"default-src 'none'; img-src {images}; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    )
