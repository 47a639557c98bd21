"""Readers' own pages: leaving and choosing. GET shows and POST acts; GET never changes anything.

Mail scanners follow every link of every mail, so a link by itself must not unsubscribe anybody.
"""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from sqlmodel import Session

from digest.bootstrap import App
from digest.errors import ActsForNobodyError
from digest.sections import section_key
from digest.store.models import Subscription, SubscriptionStatus
from digest.store.rows import row_id
from digest.subscribers.choices import read_choices
from digest.subscribers.subscribing import unsubscribe
from digest.subscribers.withdrawing import holder, withdrawing
from digest.web.pages import SHOWS, Program, page

ONE_CLICK = "One-Click"
_PREVIEW = "This link stands in a preview or a test mail: it acts for nobody"
_GONE = "You get no mail from us any more: there is nothing to change"

router = APIRouter()


@router.api_route("/unsubscribe/{token}", methods=SHOWS)
def ask_to_unsubscribe(app: Program, token: str) -> HTMLResponse:
    """The page with the button."""
    with app.store.read() as session:
        return _leaving(app, token, _subscription(app, session, token))


@router.post("/unsubscribe/{token}")
def leave(
    app: Program, token: str, one_click: Annotated[str, Form(alias="List-Unsubscribe")] = ""
) -> Response:
    """RFC 8058 section 3.2: 200, no cookie, no redirect, whatever kind of form it comes in."""
    with app.store.read() as session:
        number = row_id(_subscription(app, session, token))
    with withdrawing(app.store, holder(number)) as session:
        subscription = _subscription(app, session, token)
        unsubscribe(session, row_id(subscription), app.clock())
        session.refresh(subscription)
    if one_click == ONE_CLICK:
        return PlainTextResponse("unsubscribed\n")
    return _leaving(app, token, subscription)


def _leaving(app: App, token: str, subscription: Subscription) -> HTMLResponse:
    slug = subscription.newsletter
    # Also of a newsletter that is no more somebody who still has a mail of it may leave.
    titles = {newsletter.slug: newsletter.title for newsletter in app.settings.newsletters}
    newsletter = {"slug": slug, "title": titles.get(slug, slug)}
    done = subscription.status == SubscriptionStatus.UNSUBSCRIBED
    return page(app, "unsubscribe.html", token=token, newsletter=newsletter, done=done)


@router.api_route("/preferences/{token}", methods=SHOWS)
def show_preferences(app: Program, token: str) -> HTMLResponse:
    """The page with the choice of sections."""
    with app.store.read() as session:
        return _choosing(app, token, _subscription(app, session, token))


@router.post("/preferences/{token}")
def save_preferences(
    app: Program, token: str, section: Annotated[list[str] | None, Form()] = None
) -> HTMLResponse:
    """Save a choice of sections; an empty one is refused, for it would mean no mail."""
    with app.store.write() as session:
        subscription = _subscription(app, session, token)
        if not section:
            return _choosing(app, token, subscription, said="empty")
        subscription.sections = _chosen(app, subscription, section)
    return _choosing(app, token, subscription, said="saved")


def _chosen(app: App, subscription: Subscription, paths: list[str]) -> list[str] | None:
    """The sections chosen; None for all there are, so that a section that is added is among them.

    Raises:
        UnknownSectionError: a section is none of the newsletter's.
    """
    newsletter = app.settings.newsletter(subscription.newsletter)
    chosen = read_choices(app.settings, [newsletter.slug], paths)[newsletter.slug] or []
    keys = {section_key(path) for path in chosen}
    return None if keys.issuperset(newsletter.section_keys) else chosen


def _choosing(app: App, token: str, subscription: Subscription, said: str = "") -> HTMLResponse:
    newsletter = app.settings.newsletter(subscription.newsletter)
    declared = app.settings.declared_sections()
    own = [(declared[key].path, declared[key].title) for key in newsletter.section_keys]
    # What was chosen above or below the newsletter's own sections stays choosable.
    others = [
        (path, None)
        for path in subscription.sections or []
        if section_key(path) not in newsletter.section_keys
    ]
    chosen = {section_key(path) for path in subscription.sections or newsletter.sections}
    return page(
        app,
        "preferences.html",
        token=token,
        newsletter=newsletter,
        sections=[
            {"path": path, "title": title or path, "chosen": section_key(path) in chosen}
            for path, title in own + others
        ],
        said=said,
        active=subscription.status == SubscriptionStatus.ACTIVE,
    )


def _subscription(app: App, session: Session, token: str) -> Subscription:
    """Whom a link is for.

    Raises:
        BadTokenError: we did not sign it.
        ActsForNobodyError: it stands in a test mail, or its subscriber was erased.
    """
    reader = app.tokens.read_reader(token)
    if reader.is_preview:
        raise ActsForNobodyError(why=_PREVIEW)
    subscription = session.get(Subscription, reader.subscription_id)
    if subscription is None:
        raise ActsForNobodyError(why=_GONE)
    return subscription
