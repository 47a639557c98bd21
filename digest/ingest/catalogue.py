"""What the store holds of articles, for a person to look through."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlmodel import Session

from digest.errors import NoSuchArticleError, UsageError
from digest.ingest import clean
from digest.ingest.identity import URL_LIMIT, canonical_url, id_key, url_key
from digest.ingest.upsert import table
from digest.sections import SEPARATOR, section_key
from digest.store import Store
from digest.store.models import Article, ArticleKey, Section

# What a number of ours has at most: PostgreSQL takes no larger one.
_DIGITS = 18


def find_article(session: Session, name: str, scopes: Iterable[str] = ()) -> int:
    """The number of the article that somebody names: by it, by its address, or by its id outside.

    Args:
        session: where to look.
        name: what was typed.
        scopes: the feeds whose ids count, besides those in article files.

    Raises:
        NoSuchArticleError: no article goes by that name, or several do.
    """
    name = clean.line(name, URL_LIMIT)
    if name.isascii() and name.isdigit() and len(name) <= _DIGITS:
        found = session.get(Article, int(name))
        if found is not None and found.id is not None:
            return found.id
    url = canonical_url(name)
    wanted = [*([url_key(url)] if url else []), *(id_key(scope, name) for scope in ("", *scopes))]
    keys = table(ArticleKey)
    query = select(keys.c.article_id).where(keys.c.key.in_(wanted)).distinct().limit(2)
    numbers = list(session.scalars(query))
    if len(numbers) != 1:
        raise NoSuchArticleError(article=name)
    return int(numbers[0])


def list_articles(
    store: Store, zone: ZoneInfo, *, day: date | None, section: str | None, limit: int
) -> list[dict[str, Any]]:
    """The latest articles first: of one day in `zone`, and of a section and those below it.

    Raises:
        UsageError: the day is the first or the last that there is.
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
        try:
            start = datetime.combine(day, time(), zone).astimezone(UTC)
            end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        except OverflowError as error:
            raise UsageError(detail=f"{day} is at the end of time: choose another date") from error
        query = query.where(articles.c.published >= start, articles.c.published < end)
    if section is not None:
        key = section_key(clean.section(section))
        below = sections.c.key.startswith(key + SEPARATOR, autoescape=True)
        query = query.where(or_(sections.c.key == key, below))
    with store.read() as session:
        return [dict(row) for row in session.execute(query).mappings()]
