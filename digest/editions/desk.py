"""What editors decide of articles: kept together or apart, pinned or hidden. It holds for good.

Whoever changes their mind says the opposite, which takes the place of what was said before, or
takes it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import combinations
from typing import Any

from sqlalchemy import Select, and_, delete, insert, or_, select, text, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from digest.editions.hand import EVERYWHERE, as_hand, linked_pairs
from digest.editions.selection import HIDDEN
from digest.errors import NothingKeptError, NotMarkedError, SameArticleError
from digest.store.models import (
    Article,
    ArticleMark,
    ArticlePair,
    Edition,
    EditionArticle,
    EditionStatus,
    Exclusion,
    MarkKind,
    PairKind,
)
from digest.store.rows import is_sqlite
from digest.stories.hand import NO_HAND, check

Pair = tuple[int, int]
_PAIR = tuple_(col(ArticlePair.first_id), col(ArticlePair.second_id))
_BATCH = 500


@dataclass(frozen=True)
class Kept:
    """What became of a wish on pairs: those that are new, that were the opposite, or were so."""

    added: list[Pair] = field(default_factory=list)
    replaced: list[Pair] = field(default_factory=list)
    unchanged: list[Pair] = field(default_factory=list)


def keep(
    session: Session, kind: PairKind, articles: Sequence[int], note: str, now: datetime
) -> Kept:
    """Keep every two of some articles together or apart from now on.

    Raises:
        SameArticleError: there are not two different ones among them.
        ContradictionError: what is kept already says otherwise, by way of further articles.
    """
    if len(set(articles)) < 2:  # noqa: PLR2004 - a pair has two
        raise SameArticleError(articles=" ".join(map(str, articles)))
    _take_turns_on_pairs(session)
    known = linked_pairs(session, select(col(Article.id)).where(col(Article.id).in_(articles)))
    wanted = dict.fromkeys(combinations(sorted(set(articles)), 2), kind)
    wished = as_hand(wanted) if kind == PairKind.TOGETHER else NO_HAND
    check(as_hand({**known, **wanted}), wished.together)
    kept = Kept()
    for pair in wanted:
        of_kind = kept.unchanged if known.get(pair) == kind else kept.replaced
        (of_kind if pair in known else kept.added).append(pair)
    _delete(session, kept.replaced)
    rows = [
        {"first_id": one, "second_id": two, "kind": kind.value, "note": note, "made": now}
        for one, two in (*kept.added, *kept.replaced)
    ]
    if rows:
        session.execute(insert(ArticlePair), rows)
    return kept


def forget(session: Session, articles: Sequence[int]) -> list[Pair]:
    """No longer keep every two of some articles, or anything about a single one.

    Raises:
        NothingKeptError: nothing is kept about them.
    """
    _take_turns_on_pairs(session)
    one, two = (col(end).in_(articles) for end in (ArticlePair.first_id, ArticlePair.second_id))
    query = select(col(ArticlePair.first_id), col(ArticlePair.second_id)).where(
        or_(one, two) if len(set(articles)) == 1 else and_(one, two)
    )
    found = [(first, second) for first, second in session.execute(query)]
    if not found:
        raise NothingKeptError(articles=" ".join(map(str, articles)))
    _delete(session, found)
    return sorted(found)


def _delete(session: Session, pairs: Sequence[Pair]) -> None:
    for start in range(0, len(pairs), _BATCH):
        session.execute(delete(ArticlePair).where(_PAIR.in_(pairs[start : start + _BATCH])))


def _take_turns_on_pairs(session: Session) -> None:
    """Of two editors at a time the second sees what the first decided: of any articles.

    For chains of articles that neither of them names can make their wishes contradict each other.
    """
    if not is_sqlite(session):  # which has one writer at a time
        session.execute(text("LOCK TABLE article_pair IN SHARE ROW EXCLUSIVE MODE"))


def _take_turns(session: Session, articles: Sequence[int]) -> None:
    """Of two editors at a time on the same articles, the second sees what the first decided."""
    query = select(col(Article.id)).where(col(Article.id).in_(articles)).order_by(col(Article.id))
    session.execute(query.with_for_update(key_share=True))


@dataclass(frozen=True)
class Marked:
    """What became of a wish on articles: those that are new, that were the opposite, or were so.

    `opposed` says of some where the opposite holds still: everywhere, or in some newsletters.
    """

    added: list[int] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    opposed: dict[int, list[str]] = field(default_factory=dict)


def mark(
    session: Session,
    kind: MarkKind,
    articles: Sequence[int],
    newsletter: str,
    note: str,
    now: datetime,
) -> Marked:
    """Pin or hide articles from now on, in one newsletter or `EVERYWHERE`.

    Several are pinned in the order given, after those that are pinned already.
    """
    _take_turns(session, articles)
    query = select(ArticleMark).where(col(ArticleMark.article_id).in_(articles))
    known = {(row.article_id, row.newsletter): row for row in session.scalars(query)}
    marked = Marked()
    for article in dict.fromkeys(articles):
        row = known.get((article, newsletter))
        if row is not None and row.kind == kind:
            marked.unchanged.append(article)
            continue
        if row is not None:
            session.delete(row)
            session.flush()
        (marked.added if row is None else marked.replaced).append(article)
        new = ArticleMark(article_id=article, newsletter=newsletter, kind=kind, note=note, made=now)
        session.add(new)
        # One by one: their numbers are the order in which they were pinned.
        session.flush()
    for (article, where), row in sorted(known.items()):
        if row.kind != kind and where != newsletter and EVERYWHERE in (where, newsletter):
            marked.opposed.setdefault(article, []).append(where)
    return marked


def unmark(
    session: Session, kind: MarkKind, articles: Sequence[int], newsletter: str | None
) -> None:
    """Take back what `mark` did, in one newsletter, or wherever it was done.

    Raises:
        NotMarkedError: one of the articles is not pinned, or hidden, there.
    """
    for article in dict.fromkeys(articles):
        gone = delete(ArticleMark).where(
            col(ArticleMark.article_id) == article, col(ArticleMark.kind) == kind
        )
        if newsletter is not None:
            gone = gone.where(col(ArticleMark.newsletter) == newsletter)
        if not session.connection().execute(gone).rowcount:
            where = "anywhere" if newsletter is None else f"in {newsletter} by itself"
            raise NotMarkedError(article=article, mark=kind, where=where)


def pairs_kept(session: Session) -> list[dict[str, Any]]:
    """All pairs that are kept together or apart, the latest first."""
    one, two = aliased(Article), aliased(Article)
    query: Select[*tuple[Any, ...]] = (
        select(
            col(ArticlePair.kind),
            col(ArticlePair.first_id).label("first"),
            col(one.title).label("first_title"),
            col(ArticlePair.second_id).label("second"),
            col(two.title).label("second_title"),
            col(ArticlePair.note),
            col(ArticlePair.made),
        )
        .join(one, col(one.id) == ArticlePair.first_id)
        .join(two, col(two.id) == ArticlePair.second_id)
        .order_by(
            col(ArticlePair.made).desc(), col(ArticlePair.first_id), col(ArticlePair.second_id)
        )
    )
    return [dict(row) for row in session.execute(query).mappings()]


@dataclass(frozen=True)
class Concerned:
    """An edition that was composed before something was decided of its articles."""

    id: int
    newsletter: str
    date: date
    status: str

    @property
    def is_draft(self) -> bool:
        """Whether it can be composed anew."""
        return self.status == EditionStatus.DRAFT


def editions_concerned(
    session: Session, articles: Sequence[int], newsletter: str = EVERYWHERE
) -> list[Concerned]:
    """The editions that hold some of the articles, and drafts that left them out as hidden."""
    named = set(articles)  # pairs name an article again and again
    holding = select(col(EditionArticle.edition_id)).where(
        col(EditionArticle.article_id).in_(named)
    )
    hiding = select(col(Exclusion.edition_id)).where(
        col(Exclusion.article_id).in_(named), col(Exclusion.reason) == HIDDEN
    )
    is_draft = col(Edition.status) == EditionStatus.DRAFT
    columns = (col(Edition.id), col(Edition.newsletter), col(Edition.date), col(Edition.status))
    query = select(*columns).order_by(col(Edition.id))
    query = query.where(
        or_(col(Edition.id).in_(holding), and_(is_draft, col(Edition.id).in_(hiding)))
    )
    if newsletter != EVERYWHERE:
        query = query.where(col(Edition.newsletter) == newsletter)
    return [Concerned(*row) for row in session.execute(query)]
