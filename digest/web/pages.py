"""What the routes share: the program, and pages made of the templates in `templates/web`."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from digest.bootstrap import App

SHOWS = ["GET", "HEAD"]
"""The methods of a page that shows something and never changes anything."""


def _program(request: Request) -> App:
    app: App = request.app.state.program
    return app


Program = Annotated[App, Depends(_program)]


def page(app: App, name: str, *, status: int = 200, **context: object) -> HTMLResponse:
    """A page of `templates/web`; pages for one reader are not kept by anyone on the way."""
    html = app.templates.render(f"web/{name}", site=app.press.site, **context)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})


def message(app: App, text: str, *, status: int = 200) -> HTMLResponse:
    """A page that says one thing."""
    return page(app, "message.html", status=status, text=text)
