"""The web side of the program as one FastAPI application."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from digest.bootstrap import App
from digest.errors import (
    BadTokenError,
    DigestError,
    ForeignFormError,
    GoneReaderError,
    PreviewForbiddenError,
    StoreError,
    TemplateBrokenError,
    TemplateMissingError,
    TrialLinkError,
    UsageError,
)
from digest.web import archive, preview, readers
from digest.web.pages import Program, languages_asked_for, message

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

# The status of each error, and what message.html says of it; of two that fit, the first.
_ANSWERS: dict[type[DigestError], tuple[int, str]] = {
    TrialLinkError: (200, "trial"),
    GoneReaderError: (200, "gone"),
    PreviewForbiddenError: (403, "nowhere"),
    ForeignFormError: (403, "nowhere"),
    TemplateBrokenError: (500, "broken"),
    TemplateMissingError: (500, "broken"),
    UsageError: (404, "nowhere"),
    BadTokenError: (404, "incomplete"),
    StoreError: (503, "broken"),
}
_OUT_OF_ORDER = (500, "broken")

logger = logging.getLogger(__name__)


def create_app(program: App) -> FastAPI:
    """The readers' pages, the archive and the preview of one program."""
    web = FastAPI(title="digest", docs_url=None, redoc_url=None, openapi_url=None)
    web.state.program = program
    web.state.preview = preview.Live(program)
    for part in (archive, readers, preview):
        web.include_router(part.router)
    web.add_api_route("/health", health)
    web.add_exception_handler(DigestError, _said)
    web.add_exception_handler(HTTPException, _no_page)
    web.add_exception_handler(RequestValidationError, _no_page)
    web.add_exception_handler(Exception, _mistaken)
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
    return _message(
        request, "nowhere", error.status_code if isinstance(error, HTTPException) else 422
    )


def _said(request: Request, error: Exception) -> Response:
    """What went wrong, on a page; a link that acts for nobody is no error of the reader's."""
    told = (answer for kind, answer in _ANSWERS.items() if isinstance(error, kind))
    status, said = next(told, _OUT_OF_ORDER)
    if request.url.path.startswith("/preview"):
        page = _message(request, "", status, text=str(error))
        if request.url.path == "/preview" and status != HTTPStatus.FORBIDDEN:
            # The desk is mending a template: the page comes back by itself.
            page.headers["Refresh"] = "2"
        return page
    if said == "broken":
        # Where our database and our files lie is for the log, not for all the world.
        logger.error("%s", error)
    return _message(request, said, status)


def _mistaken(request: Request, _error: Exception) -> Response:
    """A mistake of ours: the server logs it with its place, the reader is asked to come back."""
    page = _message(request, "broken", _OUT_OF_ORDER[0])
    page.headers.update(READER_HEADERS)
    return page


def _message(request: Request, said: str, status: int, *, text: str = "") -> Response:
    asked = languages_asked_for(request)
    return message(request.app.state.program, said, asked, status=status, text=text)
