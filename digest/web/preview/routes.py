"""The preview's addresses: the page, the mail in its views, and the test sent from there."""

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from digest.delivery import send_test
from digest.errors import (
    DigestError,
    InlineError,
    NoSuchPageError,
    NothingToSendError,
    StoreError,
    TemplateBrokenError,
    TemplateMissingError,
    UsageError,
)
from digest.subscribers.addresses import read_address
from digest.web.preview.asked import Wanted
from digest.web.preview.guard import local_only, own_form
from digest.web.preview.live import Desk, Live, Told
from digest.web.preview.page import Visit, always, content, frame
from digest.web.preview.readers import find_readers
from digest.web.preview.views import VIEWS, dressed, policy

router = APIRouter(prefix="/preview", dependencies=[Depends(local_only)])

_UNKEPT = {"Cache-Control": "no-store"}
_TEMPLATES = (TemplateBrokenError, TemplateMissingError, InlineError)
_PLAIN_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)


def _visit(live: Desk, asked: Wanted) -> Iterator[Visit]:
    app = live.app
    with app.store.read() as session:
        yield Visit(live, app, session, asked)


Visited = Annotated[Visit, Depends(_visit)]


@router.get("")
def show(request: Request, visit: Visited, told: str = "") -> Response:
    """The page with everything; where something is wrong, with what that is in its place."""
    facts, status = always(visit.live, visit.app, visit.asked), 200
    try:
        facts |= frame(visit)
        if visit.asked.subscriber not in {"", visit.reader.email}:
            # Written out, so that the address stays theirs when somebody comes who fits, too.
            whole = request.url.include_query_params(subscriber=visit.reader.email)
            return RedirectResponse(str(whole), 303)
        # Before the rest: what changes while the page is made must make it load again.
        facts["seen"] = visit.version
        facts |= content(visit)
    except StoreError:
        raise
    except DigestError as error:
        ours = isinstance(error, _TEMPLATES) or not isinstance(error, UsageError)
        facts["error"], facts["mending"] = str(error), ours
        status = 500 if ours else 404
    return _page(visit.live, status, told=visit.live.told(told), **facts)


def _page(live: Live, status: int, **facts: object) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    html = live.pages.render("web/preview.html", nonce=nonce, **facts)
    headers = {
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; "
            f"script-src 'nonce-{nonce}'; frame-src 'self'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        ),
        # The form says where it comes from, to us alone.
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html, status, headers)


@router.get("/view/{name}")
def view(visit: Visited, name: str) -> HTMLResponse:
    """The HTML part as a view shows it."""
    if name not in VIEWS:
        raise NoSuchPageError
    chosen = VIEWS[name]
    html = dressed(visit.proof.html, chosen)
    return HTMLResponse(html, headers={"Content-Security-Policy": policy(chosen)} | _UNKEPT)


@router.get("/source")
def source(visit: Visited) -> HTMLResponse:
    """The source of the HTML part, in numbered lines."""
    lines = visit.proof.html.split("\n")
    html = visit.live.pages.render("web/preview_source.html", lines=lines)
    return HTMLResponse(html, headers={"Content-Security-Policy": _PLAIN_POLICY} | _UNKEPT)


@router.get("/mail.{kind}")
def mail(visit: Visited, kind: Literal["html", "txt", "eml"]) -> Response:
    """A part of the mail, or the whole of it, as it is sent."""
    proof = visit.proof
    if kind == "html":
        headers = {"Content-Security-Policy": policy(VIEWS["desktop"])} | _UNKEPT
        return HTMLResponse(proof.html, headers=headers)
    if kind == "txt":
        return PlainTextResponse(proof.text, headers=_UNKEPT)
    if not proof.stories:
        raise NothingToSendError
    return Response(proof.message, media_type="message/rfc822", headers=_UNKEPT)


@router.get("/version")
def version(visit: Visited) -> PlainTextResponse:
    """A word that changes with everything that the page shows."""
    return PlainTextResponse(visit.version, headers=_UNKEPT)


@router.get("/readers")
def readers(visit: Visited, typed: str = "") -> JSONResponse:
    """The readers who fit what was typed."""
    found = find_readers(visit.session, visit.newsletter, typed)
    return JSONResponse([asdict(one) for one in found], headers=_UNKEPT)


@router.post("/test-send")
def send(
    request: Request,
    visit: Visited,
    to: Annotated[str, Form()] = "",
    token: Annotated[str, Form()] = "",
) -> Response:
    """Send what is shown to one address, marked as a test, outside the accounts."""
    live = visit.live
    own_form(request, token, live.token)
    try:
        told = _send(visit, to)
    except StoreError:
        raise
    except DigestError as error:
        told = Told(to, accepted=False, reply=str(error))
    return RedirectResponse(f"/preview?{visit.query()}&told={live.tell(told)}#test", 303)


def _send(visit: Visit, to: str) -> Told:
    email = read_address(to).email
    proof = visit.look.proof(visit.reader, email)
    if not proof.stories:
        raise NothingToSendError
    visit.session.close()  # the server may take its time
    sent = send_test(visit.app.settings, proof.sender, email, proof.message)
    accepted, reply = asyncio.run(sent)
    return Told(email, accepted, reply)
