"""What the store holds of articles, for a person to look through."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlmodel import Session

from digest.errors import (
    AmbiguousArticleError,
    NoSuchArticleError,
    NoSuchSectionError,
)
from digest.ingest import clean
from digest.ingest.identity import URL_LIMIT, canonical_url, id_key, url_key
from digest.ingest.upsert import BATCH, table
from digest.sections import SEPARATOR, ancestors, section_key
from digest.store import Store
from digest.store.models import Article, ArticleKey, ArticleMark, Section
from digest.text import one_line

# What a number of ours has at most: PostgreSQL takes no larger one.
_DIGITS = 18
# So many articles of one name are told.
_NAMESAKES = 10
# So many sections are named to somebody who asks for one that is not there, whose name is cut.
_SECTIONS, _SHOWN = 20, 80


def find_article(session: Session, name: str, scopes: Iterable[str] = ()) -> int:
    """The number of the article that somebody names: by it, by its address, or by its id outside.

    What is one article's number and another's id is taken for the number; see `namesakes`.

    Args:
        session: where to look.
        name: what was typed.
        scopes: the feeds whose ids count, besides those in article files.

    Raises:
        NoSuchArticleError: no article goes by that name.
        AmbiguousArticleError: several have it as their id.
    """
    name = clean.line(name, URL_LIMIT)
    if name.isascii() and name.isdigit() and len(name) <= _DIGITS:
        found = session.get(Article, int(name))
        if found is not None and found.id is not None:
            return found.id
    numbers = _known_outside(session, name, scopes)
    if not numbers:
        raise NoSuchArticleError(article=name)
    if len(numbers) > 1:
        raise AmbiguousArticleError(article=name, numbers=", ".join(map(str, numbers)))
    return numbers[0]


def namesakes(session: Session, name: str, article: int, scopes: Iterable[str] = ()) -> list[int]:
    """The other articles whose id or address is what somebody named an article by."""
    known = _known_outside(session, clean.line(name, URL_LIMIT), scopes)
    return [number for number in known if number != article]


def _known_outside(session: Session, name: str, scopes: Iterable[str]) -> list[int]:
    url = canonical_url(name)
    wanted = [*([url_key(url)] if url else []), *(id_key(scope, name) for scope in ("", *scopes))]
    keys = table(ArticleKey)
    query = select(keys.c.article_id).where(keys.c.key.in_(wanted)).distinct()
    return sorted(session.scalars(query.order_by(keys.c.article_id).limit(_NAMESAKES)))


def list_articles(
    store: Store,
    zone: ZoneInfo,
    *,
    day: date | None,
    section: str | None,
    limit: int,
    declared: Iterable[str] = (),
    marked: bool = False,
) -> list[dict[str, Any]]:
    """The latest articles first: of one day in `zone`, and of a section and those below it.

    `declared` are the paths of sections that may be asked for before any article is in them.
    `marked` wants those only that an editor pinned or hid. Each article comes with its marks; one
    that holds in all newsletters names none.

    Raises:
        NoSuchSectionError: no article is, or is to be, in the section or in one below it.
        StoreError: the database failed.
    """
    articles, sections = table(Article), table(Section)
    query = (
        select(
            articles.c.id,
            articles.c.url,
            articles.c.title,
            articles.c.teaser,
            sections.c.path.label("section"),
            articles.c.tags,
            articles.c.published,
        )
        .join(sections, articles.c.section_id == sections.c.id)
        .order_by(articles.c.published.desc(), articles.c.id.desc())
        .limit(limit)
    )
    if day is not None:
        start = datetime.combine(day, time(), zone).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        query = query.where(articles.c.published >= start, articles.c.published < end)
    if section is not None:
        key = section_key(clean.section(section))
        _check_section(store, section, key, declared)
        below = sections.c.key.startswith(key + SEPARATOR, autoescape=True)
        query = query.where(or_(sections.c.key == key, below))
    if marked:
        query = query.where(articles.c.id.in_(select(table(ArticleMark).c.article_id)))
    with store.read() as session:
        rows = [dict(row) | {"marks": []} for row in session.execute(query).mappings()]
        by_id = {row["id"]: row for row in rows}
        for mark in _marks(session, list(by_id)):
            by_id[mark.article_id]["marks"].append(
                {"mark": mark.kind, "newsletter": mark.newsletter or None, "note": mark.note}
            )
    return rows


def _check_section(store: Store, section: str, key: str, declared: Iterable[str]) -> None:
    known = {section_key(path): path for path in declared}
    sections = table(Section)
    with store.read() as session:
        known.update(session.execute(select(sections.c.key, sections.c.path)).all())
    around = {above for each in known for above in ancestors(each)}
    if key not in around:
        shown = sorted(filter(None, known.values()))  # what names no section is in one without name
        more = [f"… ({len(shown) - _SECTIONS} more)"] if len(shown) > _SECTIONS else []
        told = ", ".join([*shown[:_SECTIONS], *more]) or "none: no article is there yet"
        raise NoSuchSectionError(section=one_line(section, _SHOWN), known=told)


def _marks(session: Session, articles: Sequence[int]) -> Iterator[Any]:
    marks = table(ArticleMark)
    for start in range(0, len(articles), BATCH):
        some = marks.c.article_id.in_(articles[start : start + BATCH])
        yield from session.execute(select(marks).where(some).order_by(marks.c.id))
