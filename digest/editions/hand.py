"""What editors decided, as the composition of an edition needs it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, or_, select, union
from sqlmodel import Session, col

from digest.store.models import Article, ArticleMark, ArticlePair, MarkKind, PairKind
from digest.stories import Hand

EVERYWHERE = ""
"""The newsletter of a mark that holds in all of them."""

_FIRST, _SECOND = col(ArticlePair.first_id), col(ArticlePair.second_id)


def hand_for(session: Session, newsletter: str, oldest: datetime, cutoff: datetime) -> Hand:
    """What was decided for a newsletter on the articles published between two instants.

    It takes two statements, whatever the store holds.
    """
    within = col(Article.published).between(oldest, cutoff)
    named = union(
        select(_FIRST).join(Article, col(Article.id) == _FIRST).where(within),
        select(_SECOND).join(Article, col(Article.id) == _SECOND).where(within),
    )
    pins = (
        select(col(ArticleMark.article_id))
        .join(Article, col(Article.id) == ArticleMark.article_id)
        .where(col(ArticleMark.kind) == MarkKind.PINNED, _holds_in(newsletter), within)
        .order_by(col(ArticleMark.id))
    )
    return as_hand(linked_pairs(session, named), session.scalars(pins))


def hand_state(session: Session) -> tuple[object, ...]:
    """Facts of which one changes whenever an editor decides something."""
    made = (col(ArticlePair.made), col(ArticleMark.made))
    return tuple(
        fact
        for column in made
        for fact in session.execute(select(func.count(), func.max(column))).one()
    )


def is_hidden(newsletter: str) -> ColumnElement[bool]:
    """The condition that an article is hidden in a newsletter."""
    of_article = col(ArticleMark.article_id) == Article.id
    kind = col(ArticleMark.kind) == MarkKind.HIDDEN
    return exists().where(of_article, kind, _holds_in(newsletter))


def _holds_in(newsletter: str) -> ColumnElement[bool]:
    return col(ArticleMark.newsletter).in_([EVERYWHERE, newsletter])


def linked_pairs(session: Session, articles: Any) -> dict[tuple[int, int], str]:
    """The kinds of the pairs that bear on some articles, which a query selects.

    Those are their own, and those of every article that a chain of pairs kept together leads to:
    two articles of today may be one story by way of one that was in yesterday's edition.
    """
    reached = select(articles.subquery().c[0].label("id")).cte(recursive=True)
    other = case((reached.c.id == _FIRST, _SECOND), else_=_FIRST)
    reached = reached.union(
        select(other)
        .join(reached, or_(reached.c.id == _FIRST, reached.c.id == _SECOND))
        .where(col(ArticlePair.kind) == PairKind.TOGETHER)
    )
    found = select(reached.c.id)
    pairs = select(_FIRST, _SECOND, col(ArticlePair.kind))
    # Each end by itself: for one or the other PostgreSQL would read every pair that there is.
    query = union(pairs.where(_FIRST.in_(found)), pairs.where(_SECOND.in_(found)))
    return {(one, two): kind for one, two, kind in session.execute(query)}


def as_hand(pairs: Mapping[tuple[int, int], str], pins: Iterable[int] = ()) -> Hand:
    """Rows as grouping sees them."""
    kept: dict[str, list[tuple[str, str]]] = {PairKind.TOGETHER: [], PairKind.APART: []}
    for (one, two), kind in sorted(pairs.items()):
        kept[kind].append((str(one), str(two)))
    return Hand(
        together=tuple(kept[PairKind.TOGETHER]),
        apart=tuple(kept[PairKind.APART]),
        pins=tuple(dict.fromkeys(map(str, pins))),
    )
