"""Whether an article that an editor pins will come in a newsletter, and why not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from digest.config import Newsletter, Settings
from digest.editions.calendar import next_due
from digest.editions.hand import EVERYWHERE
from digest.editions.life import schedule_of
from digest.editions.selection import heading_of
from digest.store.models import (
    Article,
    ArticleMark,
    Edition,
    EditionArticle,
    EditionStatus,
    MarkKind,
    Section,
)

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Obstacle:
    """Why a pinned article does not come in a newsletter; "" for all that there are."""

    article: int
    newsletter: str
    reason: str


def obstacles(
    session: Session, settings: Settings, articles: Sequence[int], newsletter: str, now: datetime
) -> list[Obstacle]:
    """What keeps articles from coming in a newsletter's next edition, or in `EVERYWHERE`'s.

    Of all newsletters those count that have an article's section.
    """
    query = (
        select(col(Article.id), col(Article.published), col(Section.key))
        .join(Section, col(Section.id) == Article.section_id)
        .where(col(Article.id).in_(articles))
    )
    found = []
    for number, published, section in sorted(session.execute(query)):
        homes = [one for one in settings.newsletters if heading_of(section, one.section_keys)]
        if newsletter != EVERYWHERE and all(one.slug != newsletter for one in homes):
            found.append(Obstacle(number, newsletter, "it has not the article's section"))
        elif not homes:
            found.append(Obstacle(number, EVERYWHERE, "none has the article's section"))
        for home in homes:
            if newsletter in {EVERYWHERE, home.slug}:
                reason = _reason(session, settings, home, number, published, now)
                found += [Obstacle(number, home.slug, reason)] if reason else []
    return found


def _reason(
    session: Session,
    settings: Settings,
    newsletter: Newsletter,
    article: int,
    published: datetime,
    now: datetime,
) -> str:
    held = (
        select(col(Edition.id), col(Edition.date), col(Edition.status))
        .join(EditionArticle, col(EditionArticle.edition_id) == Edition.id)
        .where(col(EditionArticle.article_id) == article)
        .where(col(EditionArticle.newsletter) == newsletter.slug)
    )
    edition = session.execute(held).first()
    if edition and edition.status != EditionStatus.DRAFT:
        return f"it comes once, and is in edition {edition.id} of {edition.date}, {edition.status}"
    if hidden := _hidden(session, newsletter.slug, article):
        return hidden
    cutoff = _cutoff(session, settings, newsletter, now)
    if edition is None and cutoff and published < cutoff - newsletter.max_age:
        local = cutoff.astimezone(settings.zone(newsletter))
        hours = newsletter.max_age / _HOUR
        return f"older than max_age ({hours:g} hours) at its cut-off of {local:%Y-%m-%d %H:%M}"
    return ""


def _hidden(session: Session, newsletter: str, article: int) -> str:
    query = select(col(ArticleMark.newsletter)).where(
        col(ArticleMark.article_id) == article,
        col(ArticleMark.kind) == MarkKind.HIDDEN,
        col(ArticleMark.newsletter).in_([EVERYWHERE, newsletter]),
    )
    where = session.scalars(query).first()
    if where is None:
        return ""
    again = f"digest articles unhide {article}"
    return f"hidden there: {again} --newsletter {where}" if where else f"hidden: {again}"


def _cutoff(
    session: Session, settings: Settings, newsletter: Newsletter, now: datetime
) -> datetime | None:
    """The cut-off of the earliest edition that may still take articles in."""
    due = next_due(schedule_of(session, settings, newsletter), (), now, timedelta())
    drafts = select(func.min(Edition.cutoff)).where(
        col(Edition.newsletter) == newsletter.slug,
        col(Edition.status) == EditionStatus.DRAFT,
        col(Edition.cutoff) >= now - settings.delivery.give_up_after,
    )
    known = [session.scalar(drafts), due.instant if due else None]
    return min((instant for instant in known if instant is not None), default=None)


def said(article: int, found: Iterable[Obstacle]) -> str:
    """The obstacles of one article as the end of a sentence; nothing if there are none."""
    reasons = [
        f"{obstacle.newsletter or 'any newsletter'} ({obstacle.reason})"
        for obstacle in found
        if obstacle.article == article
    ]
    return f", but it will not come in {', nor in '.join(reasons)}" if reasons else ""
