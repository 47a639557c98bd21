"""Reading on the web: past editions, and a reader's own edition."""

from datetime import date

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from digest.delivery.proof import page_for_subscriber, page_of_edition
from digest.errors import NoSuchPageError
from digest.store.models import Edition, EditionStatus, EditionStory, Subscription
from digest.web.pages import SHOWS, Asked, Program, newsletter_page, shared_page

LENGTH = 400
"""Editions that the archive's page lists: more than a year of mornings."""

# A draft is nobody's yet, and a cancelled edition nobody's any more.
_PUBLIC = (EditionStatus.SENDING, EditionStatus.PAUSED, EditionStatus.SENT)

router = APIRouter()


@router.api_route("/", methods=SHOWS)
def home(app: Program, asked: Asked) -> HTMLResponse:
    """The newsletters there are."""
    return shared_page(app, "home.html", asked)


@router.api_route("/n/{slug}", methods=SHOWS)
@router.api_route("/archive/{slug}", methods=SHOWS)
def archive(app: Program, slug: str) -> HTMLResponse:
    """A newsletter, and its past editions."""
    newsletter = app.settings.newsletter(slug)
    query = (
        sa_select(col(Edition.date), col(Edition.number), col(EditionStory.headline))
        .join(EditionStory, col(EditionStory.edition_id) == Edition.id)
        .where(col(Edition.newsletter) == slug, col(Edition.status).in_(_PUBLIC))
        .where(col(EditionStory.position) == 0)
        .order_by(col(Edition.date).desc())
        .limit(LENGTH)
    )
    with app.store.read() as session:
        editions = [
            {"date": day, "number": number, "headline": headline}
            for day, number, headline in session.execute(query)
        ]
    return newsletter_page(app, "archive.html", newsletter.slug, editions=editions)


@router.api_route("/archive/{slug}/{day}", methods=SHOWS)
def archived(app: Program, slug: str, day: date) -> HTMLResponse:
    """A past edition, whole."""
    newsletter = app.settings.newsletter(slug)
    query = select(Edition).where(
        Edition.newsletter == newsletter.slug,
        Edition.date == day,
        col(Edition.status).in_(_PUBLIC),
    )
    with app.store.read() as session:
        edition = session.exec(query).first()
    if edition is None:
        raise NoSuchPageError
    return HTMLResponse(page_of_edition(app.press, edition))


@router.api_route("/view/{token}", methods=SHOWS)
def view(app: Program, token: str) -> HTMLResponse:
    """A reader's edition in a browser; of a test mail, or once they are gone, the whole edition."""
    reader = app.tokens.read_reader(token)
    with app.store.read() as session:
        edition = session.get(Edition, reader.edition_id)
        if edition is None:
            raise NoSuchPageError
        subscription = session.get(Subscription, reader.subscription_id)
        if subscription is None:
            html = page_of_edition(app.press, edition)
        else:
            html = page_for_subscriber(session, app.press, edition, subscription)
    return HTMLResponse(html, headers={"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
