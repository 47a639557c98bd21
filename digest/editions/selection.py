"""What an edition covers: the articles of its sections in its window, and a reason for the rest.

An edition takes every article of its newsletter's sections that is known when it is composed, was
published at or before the cut-off, has not been in an earlier edition of that newsletter, and is
no older than the newsletter's `max_age`; unless an editor hid it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from digest.editions.hand import is_hidden
from digest.sections import ancestors
from digest.store.models import Article, Edition, EditionArticle, Section
from digest.store.rows import row_id

# Articles that are older still were old when they came in: they are "too old" by the same rule,
# which `why` applies to any article, but an archive of years is not listed one by one.
LOOK_BACK = timedelta(days=30)
MOST_LISTED = 1_000

TOO_OLD = "too old"
AFTER_CUTOFF = "published after the cut-off"
OTHER_SECTION = "not in this newsletter's sections"
NOT_YET_KNOWN = "not known when the edition was composed"
HIDDEN = "hidden by the editor"


@dataclass(frozen=True)
class Window:
    """The instants an edition covers: published in `[oldest, cutoff]`, known by `composed`."""

    oldest: datetime
    cutoff: datetime
    composed: datetime


@dataclass(frozen=True)
class Filed:
    """An article with its place in the newsletter.

    `heading` is the key of the newsletter's section it stands under.
    """

    article: Article
    section: Section
    heading: str


@dataclass(frozen=True)
class Excluded:
    """An article that is left out, and why."""

    article: int
    title: str
    reason: str


@dataclass(frozen=True)
class Selection:
    """What an edition takes and leaves; `more` when there were more to leave than are listed."""

    taken: list[Filed]
    excluded: list[Excluded]
    more: bool


def heading_of(section: str, headings: Iterable[str]) -> str | None:
    """The deepest of a newsletter's sections that a section lies in (all are keys)."""
    known = set(headings)
    return next((key for key in ancestors(section) if key in known), None)


def exclusion(
    window: Window,
    *,
    published: datetime,
    known: datetime,
    heading: str | None,
    earlier: str | None = None,
) -> str | None:
    """Why an article is not in an edition; None when it belongs there. Pure.

    `earlier` names the newsletter's other edition that has it.
    """
    if heading is None:
        return OTHER_SECTION
    if earlier is not None:
        return f"in edition {earlier}"
    if published > window.cutoff:
        return AFTER_CUTOFF
    if published < window.oldest:
        return TOO_OLD
    if known > window.composed:
        return NOT_YET_KNOWN
    return None


def select_articles(
    session: Session, newsletter: str, headings: tuple[str, ...], window: Window
) -> Selection:
    """The articles that an edition takes, oldest first, and those it leaves.

    Left ones are listed when they came in, or were published, since the edition before: each is
    listed once as left for good. Hidden ones are listed in every edition that would hold them, for
    they may be shown again. The cost does not grow with the archive: every query reads an index
    from the window's end.
    """
    sections = {section.id: section for section in session.exec(select(Section))}
    places = {number: heading_of(section.key, headings) for number, section in sections.items()}
    inside = [number for number, heading in places.items() if heading is not None]
    mine = select(EditionArticle.article_id).where(EditionArticle.newsletter == newsletter)
    wanted = (
        select(Article, is_hidden(newsletter))
        .where(col(Article.section_id).in_(inside))
        .where(Article.published >= window.oldest, Article.published <= window.cutoff)
        .where(Article.known <= window.composed)
        .where(~mine.where(EditionArticle.article_id == Article.id).exists())
        .order_by(col(Article.published), col(Article.id))
    )
    taken, hidden = [], []
    for article, is_left_out in session.exec(wanted):
        heading = places[article.section_id]
        if is_left_out:
            hidden.append(Excluded(row_id(article), article.title, HIDDEN))
        elif heading is not None:
            taken.append(Filed(article, sections[article.section_id], heading))
    settled = {row_id(filed.article) for filed in taken} | {left.article for left in hidden}
    excluded, more = _left(session, newsletter, window, places, settled)
    return Selection(taken, hidden + excluded, more)


def _left(
    session: Session,
    newsletter: str,
    window: Window,
    places: dict[int | None, str | None],
    settled: set[int],
) -> tuple[list[Excluded], bool]:
    before = session.execute(
        sa_select(func.max(Edition.cutoff), func.max(Edition.composed)).where(
            col(Edition.newsletter) == newsletter, col(Edition.cutoff) < window.cutoff
        )
    ).one()
    floor = window.cutoff - LOOK_BACK
    rows: dict[int, tuple[str, str | None]] = {}
    columns = sa_select(
        col(Article.id),
        col(Article.title),
        col(Article.published),
        col(Article.known),
        col(Article.section_id),
    )
    since = max(before[0], floor) if before[0] else floor
    recent = [columns.where(col(Article.published) > since).order_by(col(Article.published).desc())]
    if before[1]:
        late = columns.where(col(Article.known) > before[1], col(Article.published) > floor)
        recent.append(late.order_by(col(Article.known).desc()))
    more = False
    for query in recent:
        found = session.execute(query.limit(MOST_LISTED + len(settled) + 1)).all()
        more = more or len(found) > MOST_LISTED + len(settled)
        for number, title, published, known, section in found:
            if number in settled or number is None:
                continue
            heading = places[section]
            reason = exclusion(window, published=published, known=known, heading=heading)
            rows[number] = (title, reason)
    earlier = earlier_editions(session, newsletter, rows)
    excluded = []
    for number, (title, rule) in sorted(rows.items()):
        reason = f"in edition {earlier[number]}" if number in earlier else rule
        if reason is not None:
            excluded.append(Excluded(number, title, reason))
    return excluded[:MOST_LISTED], more or len(excluded) > MOST_LISTED


def earlier_editions(session: Session, newsletter: str, articles: Iterable[int]) -> dict[int, str]:
    """For each of some articles that are in an edition of a newsletter, that edition's date."""
    wanted = list(articles)
    found: dict[int, str] = {}
    for start in range(0, len(wanted), 500):
        query = (
            sa_select(col(EditionArticle.article_id), col(Edition.date))
            .join(Edition, col(Edition.id) == EditionArticle.edition_id)
            .where(col(EditionArticle.newsletter) == newsletter)
            .where(col(EditionArticle.article_id).in_(wanted[start : start + 500]))
        )
        found.update({article: day.isoformat() for article, day in session.execute(query)})
    return found
