"""The preview: the edition of a day as its readers will get it, while the desk still works on it.

It shows drafts, so it answers only to this machine: to a browser on the loopback that asks for a
loopback name, with nothing between that says it passed the request on.
"""

import hashlib
import ipaddress
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from digest.bootstrap import App
from digest.config import Newsletter, Settings
from digest.delivery.message import MAX_BYTES
from digest.delivery.proof import (
    NOBODY,
    Proof,
    choice_of,
    language_of,
    proof_of_document,
    proof_of_edition,
)
from digest.editions.calendar import FIRST_DAY, LAST_DAY
from digest.editions.hand import hand_state
from digest.editions.life import compose_edition, schedule_of
from digest.errors import PreviewForbiddenError
from digest.ingest.panels import read_panels
from digest.store.document import Panel
from digest.store.models import Article, Edition, Subscriber, Subscription
from digest.subscribers import find_subscription
from digest.web.pages import Program, page

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_PICKED = 200
# The preview's own page runs our script and frames the mails; the mails themselves run none.
_CSP = (
    "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'; frame-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)

Wanted = Annotated[str, Query(alias="newsletter")]
Day = Annotated[date | None, Query(alias="date", ge=FIRST_DAY, le=LAST_DAY)]
Reader = Annotated[str, Query(alias="subscriber")]


def local_only(request: Request) -> None:
    """Refuse whoever is not on this machine.

    Raises:
        PreviewForbiddenError: the request came from elsewhere, or through a proxy.
    """
    client = request.client.host if request.client else ""
    named = (request.url.hostname or "").strip("[]")
    passed_on = any(name in request.headers for name in _FORWARDED)
    if passed_on or not (_is_loopback(client) and (named == "localhost" or _is_loopback(named))):
        raise PreviewForbiddenError


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


router = APIRouter(prefix="/preview", dependencies=[Depends(local_only)])


@router.get("")
def show(
    app: Program, newsletter: Wanted = "", day: Day = None, subscriber: Reader = ""
) -> HTMLResponse:
    """The page with all views of the edition."""
    wanted = _newsletter(app, newsletter)
    on = _date(app, wanted, day)
    with app.store.read() as session:
        # Taken first: what changes while the page is made must make it load again.
        seen = _version(session, app, wanted, on)
        shown = _proof(session, app, wanted, on, subscriber)
        edition = _stored(session, wanted, on)
        readers = list(_readers(session, wanted))
    made = page(
        app,
        "preview.html",
        newsletters=app.settings.newsletters,
        newsletter=wanted,
        date=on,
        subscriber=subscriber,
        readers=readers,
        proof=shown,
        version=seen,
        limit=MAX_BYTES,
        state=edition.status if edition else "not built yet",
        query=urlencode({"newsletter": wanted.slug, "date": on, "subscriber": subscriber}),
    )
    made.headers["Content-Security-Policy"] = _CSP
    return made


@router.get("/mail.{kind}")
def mail(
    app: Program,
    kind: Literal["html", "txt", "eml"],
    newsletter: Wanted = "",
    day: Day = None,
    subscriber: Reader = "",
) -> Response:
    """A part of the mail, or the whole of it."""
    wanted = _newsletter(app, newsletter)
    with app.store.read() as session:
        proof = _proof(session, app, wanted, _date(app, wanted, day), subscriber)
    if kind == "html":
        return HTMLResponse(proof.html)
    if kind == "txt":
        return PlainTextResponse(proof.text)
    return Response(proof.message, media_type="message/rfc822")


@router.get("/version")
def version(app: Program, newsletter: Wanted = "", day: Day = None) -> PlainTextResponse:
    """A word that changes with the templates, the edition, its articles, and editors' decisions."""
    wanted = _newsletter(app, newsletter)
    with app.store.read() as session:
        return PlainTextResponse(_version(session, app, wanted, _date(app, wanted, day)))


def _newsletter(app: App, slug: str) -> Newsletter:
    if not slug and app.settings.newsletters:
        return app.settings.newsletters[0]
    return app.settings.newsletter(slug)


def _date(app: App, newsletter: Newsletter, day: date | None) -> date:
    return day or app.clock().astimezone(app.settings.zone(newsletter)).date()


def _stored(session: Session, newsletter: Newsletter, day: date) -> Edition | None:
    query = select(Edition).where(Edition.newsletter == newsletter.slug, Edition.date == day)
    return session.exec(query).first()


def _proof(session: Session, app: App, newsletter: Newsletter, day: date, subscriber: str) -> Proof:
    """The stored edition of a day, or what would be built of what is known now."""
    reader = find_subscription(session, newsletter.slug, subscriber) if subscriber else None
    choice, language = choice_of(reader), language_of(session, reader)
    to = subscriber or NOBODY
    edition = _stored(session, newsletter, day)
    if edition is not None:
        return proof_of_edition(app.press, edition, choice, to, language)
    composed = compose_edition(
        session, app.settings, newsletter, day, app.clock(), panels=_panels(app, newsletter)
    )
    return proof_of_document(app.press, composed.document, choice, to, language)


def _panels(app: App, newsletter: Newsletter) -> tuple[Panel, ...]:
    return _panels_of(app.settings, newsletter.slug, app.clock().replace(second=0, microsecond=0))


@lru_cache(maxsize=4)
def _panels_of(settings: Settings, slug: str, minute: datetime) -> tuple[Panel, ...]:
    """What a newsletter's panels hold: asked once a minute, for each look takes several pages."""
    return read_panels(settings, settings.newsletter(slug), minute)


def _readers(session: Session, newsletter: Newsletter) -> Iterator[dict[str, object]]:
    query = (
        select(Subscriber.email, Subscription.sections)
        .join(Subscription, col(Subscription.subscriber_id) == Subscriber.id)
        .where(Subscription.newsletter == newsletter.slug)
        .order_by(col(Subscriber.id))
        .limit(_PICKED)
    )
    for email, sections in session.exec(query):
        yield {"email": email, "sections": ", ".join(sections or []) or "all sections"}


def _version(session: Session, app: App, newsletter: Newsletter, day: date) -> str:
    cutoff = schedule_of(session, app.settings, newsletter).cutoff(day) or app.clock()
    counted = session.execute(
        sa_select(func.count(), func.max(Article.changed), func.max(Article.known)).where(
            col(Article.published) >= cutoff - newsletter.max_age,
            col(Article.published) <= cutoff,
        )
    ).one()
    edition = _stored(session, newsletter, day)
    composed: datetime | None = edition.composed if edition else None
    status = edition.status if edition else ""
    panels = () if edition else _panels(app, newsletter)
    facts = (*counted, composed, status, *hand_state(session), _templates_changed(app), panels)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _templates_changed(app: App) -> float:
    """When a template was last changed, in seconds since 1970."""
    files = (file for folder in app.templates.folders for file in folder.rglob("*"))
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0.0)
