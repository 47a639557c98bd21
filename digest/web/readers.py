"""Readers' own pages: leaving and choosing. GET shows and POST acts; GET never changes anything.

Mail scanners follow every link of every mail, so a link by itself must not unsubscribe anybody.
"""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from sqlmodel import Session

from digest.bootstrap import App
from digest.delivery.proof import language_of
from digest.errors import GoneReaderError, TrialLinkError, UnknownSectionError
from digest.sections import section_key
from digest.store.models import Subscription, SubscriptionStatus
from digest.store.rows import row_id
from digest.subscribers.choices import read_choices
from digest.subscribers.subscribing import unsubscribe
from digest.subscribers.withdrawing import holder, withdrawing
from digest.web.pages import SHOWS, Program, newsletter_page

ONE_CLICK = "One-Click"

router = APIRouter()


@router.api_route("/unsubscribe/{token}", methods=SHOWS)
def ask_to_unsubscribe(app: Program, token: str) -> HTMLResponse:
    """The page with the button."""
    with app.store.read() as session:
        return _leaving(app, session, token)


@router.post("/unsubscribe/{token}")
def leave(
    app: Program, token: str, one_click: Annotated[str, Form(alias="List-Unsubscribe")] = ""
) -> Response:
    """RFC 8058 section 3.2: 200, no cookie, no redirect, whatever kind of form it comes in."""
    with app.store.read() as session:
        number = row_id(_subscription(app, session, token))
    with withdrawing(app.store, holder(number)) as session:
        unsubscribe(session, row_id(_subscription(app, session, token)), app.clock())
    if one_click == ONE_CLICK:
        return PlainTextResponse("unsubscribed\n")
    return ask_to_unsubscribe(app, token)


def _leaving(app: App, session: Session, token: str) -> HTMLResponse:
    subscription = _subscription(app, session, token)
    return newsletter_page(
        app,
        "unsubscribe.html",
        subscription.newsletter,
        wanted=language_of(session, subscription),
        token=token,
        done=subscription.status == SubscriptionStatus.UNSUBSCRIBED,
    )


@router.api_route("/preferences/{token}", methods=SHOWS)
def show_preferences(app: Program, token: str) -> HTMLResponse:
    """The page with the choice of sections."""
    with app.store.read() as session:
        return _choosing(app, session, token)


@router.post("/preferences/{token}")
def save_preferences(
    app: Program,
    token: str,
    section: Annotated[list[str] | None, Form()] = None,
    up: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Save a choice of sections in its order; an empty one is refused, for it would mean no mail.

    The section named by `up` changes places with the one before it.
    """
    said = "saved" if section else "empty"
    if section:
        try:
            with app.store.write() as session:
                subscription = _subscription(app, session, token)
                subscription.sections = _chosen(app, subscription, _moved(section, up))
        except UnknownSectionError:
            said = "changed"  # while the page was open the desk changed the newsletter's sections
    with app.store.read() as session:
        return _choosing(app, session, token, said)


def _moved(paths: list[str], up: str) -> list[str]:
    place = paths.index(up) if up in paths else 0
    return [*paths[: place - 1], up, paths[place - 1], *paths[place + 1 :]] if place else paths


def _chosen(app: App, subscription: Subscription, paths: list[str]) -> list[str] | None:
    """The sections chosen, in their order.

    None for all in the newsletter's own order, so that a section that is added is among them.

    Raises:
        UnknownSectionError: a section is none of the newsletter's.
    """
    newsletter = app.settings.newsletter(subscription.newsletter)
    chosen = read_choices(app.settings, [newsletter.slug], paths)[newsletter.slug] or []
    keys = [key for path in chosen if (key := section_key(path)) in newsletter.section_keys]
    return None if keys == list(newsletter.section_keys) else chosen


def _choosing(app: App, session: Session, token: str, said: str = "") -> HTMLResponse:
    subscription = _subscription(app, session, token)
    newsletter = app.settings.newsletter(subscription.newsletter)
    declared = app.settings.declared_sections()
    own = [(declared[key].path, declared[key].title) for key in newsletter.section_keys]
    # What was chosen above or below the newsletter's own sections stays choosable.
    others: list[tuple[str, str | None]] = [
        (path, None)
        for path in subscription.sections or []
        if section_key(path) not in newsletter.section_keys
    ]
    titles = dict(own + others)
    spelt = {section_key(path): path for path in titles}
    chosen = [section_key(path) for path in subscription.sections or newsletter.sections]
    order = [spelt[key] for key in dict.fromkeys(chosen)]
    order += [path for path in titles if path not in order]
    return newsletter_page(
        app,
        "preferences.html",
        newsletter.slug,
        wanted=language_of(session, subscription),
        token=token,
        sections=[
            {"path": path, "title": titles[path] or path, "chosen": section_key(path) in chosen}
            for path in order
        ],
        said=said,
        active=subscription.status == SubscriptionStatus.ACTIVE,
    )


def _subscription(app: App, session: Session, token: str) -> Subscription:
    """Whom a link is for.

    Raises:
        BadTokenError: we did not sign it.
        TrialLinkError: it stands in a test mail.
        GoneReaderError: its subscriber was erased.
    """
    reader = app.tokens.read_reader(token)
    if reader.is_preview:
        raise TrialLinkError
    subscription = session.get(Subscription, reader.subscription_id)
    if subscription is None:
        raise GoneReaderError
    return subscription
