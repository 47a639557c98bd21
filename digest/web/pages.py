"""What the routes share: the program, and pages made of the templates in `templates/web`.

A reader's page is in their language where a link tells who they are, else in the newsletter's. One
that is about no newsletter is in that of its newsletters' languages which the browser asks for.
"""

import re
from functools import partial
from typing import Annotated, Any

from babel.core import negotiate_locale
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from digest.bootstrap import App
from digest.config import Theme
from digest.rendering import reader_language
from digest.rendering.page import newsletter_view, render_page, unknown_newsletter

SHOWS = ["GET", "HEAD"]
"""The methods of a page that shows something and never changes anything."""

# RFC 9110 section 12.5.4: language ranges, each with a weight.
_RANGE = re.compile(r"([a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*(?:,|$)")
_HEADER_LENGTH = 1000


def _program(request: Request) -> App:
    app: App = request.app.state.program
    return app


Program = Annotated[App, Depends(_program)]


def languages_asked_for(request: Request) -> list[str]:
    """The languages that the browser asks for, the dearest first."""
    header = request.headers.get("Accept-Language", "")[:_HEADER_LENGTH].lower()
    weighed = [(float(weight or 1), tag) for tag, weight in _RANGE.findall(header)]
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


Asked = Annotated[list[str], Depends(languages_asked_for)]


def newsletter_page(
    app: App, name: str, slug: str, *, wanted: str | None = None, **facts: object
) -> HTMLResponse:
    """A page about a newsletter, with its face; in the language `wanted` by a reader, or its own.

    Also of a newsletter that is no more somebody who still has a mail of it may leave.
    """
    settings = app.settings
    newsletter = next((one for one in settings.newsletters if one.slug == slug), None)
    own = settings.language(newsletter) if newsletter else settings.site.language
    language = reader_language(wanted, own)
    view = newsletter_view(newsletter, own, language) if newsletter else unknown_newsletter(slug)
    theme = settings.theme_of(newsletter) if newsletter else settings.theme
    return _page(app, name, language, theme, {"newsletter": view, **facts})


def shared_page(
    app: App, name: str, asked: list[str], *, status: int = 200, **facts: object
) -> HTMLResponse:
    """A page about no newsletter, or about all of them."""
    settings = app.settings
    owns = [(newsletter, settings.language(newsletter)) for newsletter in settings.newsletters]
    spoken = [own for _, own in owns] or [settings.site.language]
    language = negotiate_locale(asked, spoken, sep="-") or spoken[0]
    views = [newsletter_view(newsletter, own, language) for newsletter, own in owns]
    return _page(app, name, language, settings.theme, {"newsletters": views, **facts}, status)


def message(
    app: App, said: str, asked: list[str], *, text: str = "", status: int = 200
) -> HTMLResponse:
    """A page that says one thing: `said` is its name in `message.html`; `text` is for the desk."""
    return shared_page(app, "message.html", asked, status=status, said=said, text=text)


def _page(
    app: App, name: str, language: str, theme: Theme, facts: dict[str, Any], status: int = 200
) -> HTMLResponse:
    work = partial(render_page, name, language, app.press.site, theme, **facts)
    return _unkept(app.pages.render(name, work), status)


def _unkept(html: str, status: int) -> HTMLResponse:
    """Pages for one reader are not kept by anyone on the way."""
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})
