"""The web side of the program as one FastAPI application."""

import logging
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from digest.bootstrap import App
from digest.errors import (
    ActsForNobodyError,
    BadTokenError,
    DigestError,
    NoSuchPageError,
    PreviewForbiddenError,
    StoreError,
    TemplateBrokenError,
    TemplateMissingError,
    UsageError,
)
from digest.web import archive, preview, readers
from digest.web.pages import Program, message

# No script runs on a reader's page; pictures come from where the publisher keeps them. Links
# carry tokens: no other site may learn the address a reader came from.
READER_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

OUT_OF_ORDER = "Something is out of order here: please try again in a few minutes."
_OURS = 500
"""Statuses from here on speak of our own faults."""

logger = logging.getLogger(__name__)


def create_app(program: App) -> FastAPI:
    """The readers' pages, the archive and the preview of one program."""
    web = FastAPI(title="digest", docs_url=None, redoc_url=None, openapi_url=None)
    web.state.program = program
    for part in (archive, readers, preview):
        web.include_router(part.router)
    web.add_api_route("/health", health)
    web.add_exception_handler(DigestError, _said)
    web.add_exception_handler(HTTPException, _no_page)
    web.add_exception_handler(RequestValidationError, _no_page)
    web.middleware("http")(_careful)
    return web


def health(app: Program) -> JSONResponse:
    """Alive, and able to read a database that fits."""
    try:
        app.store.check()
    except StoreError as error:
        logger.error("health: %s", error)  # noqa: TRY400 - said in words
        return JSONResponse({"status": "failing", "part": "database"}, status_code=503)
    return JSONResponse({"status": "ok"})


async def _careful(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await proceed(request)
    for name, value in READER_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _no_page(request: Request, error: Exception) -> Response:
    """What the framework refuses, as a page: an address or a form that is none of ours."""
    status = error.status_code if isinstance(error, HTTPException) else 422
    return message(request.app.state.program, str(NoSuchPageError()), status=status)


def _said(request: Request, error: Exception) -> Response:
    """What went wrong, on a page; a link that acts for nobody is no error of the reader's."""
    statuses: dict[type[Exception], int] = {
        ActsForNobodyError: 200,
        PreviewForbiddenError: 403,
        TemplateBrokenError: 500,
        TemplateMissingError: 500,
        UsageError: 404,
        BadTokenError: 404,
        StoreError: 503,
    }
    status = next((s for kind, s in statuses.items() if isinstance(error, kind)), 500)
    text = str(error)
    if status >= _OURS and not request.url.path.startswith("/preview"):
        # Where our database and our files lie is for the log, not for all the world.
        logger.error("%s", error)
        text = OUT_OF_ORDER
    page = message(request.app.state.program, text, status=status)
    if request.url.path == "/preview" and status != statuses[PreviewForbiddenError]:
        # The desk is mending a template: the page comes back by itself.
        page.headers["Refresh"] = "2"
    return page
