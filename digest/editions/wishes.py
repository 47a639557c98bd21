"""What editors decided that bears on an article in an edition, and whether it acted there."""

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import chain

from pydantic import BaseModel
from sqlalchemy import select, tuple_
from sqlmodel import Session, col

from digest.editions.hand import EVERYWHERE, linked_pairs
from digest.store.document import StoryEntry
from digest.store.models import Article, ArticleMark, ArticlePair, Edition, MarkKind, PairKind

SINCE = "decided after the edition was composed"
ABSENT = "not both are in this edition"
LEFT_OUT = "the article is not in this edition"

_PAIR = tuple_(col(ArticlePair.first_id), col(ArticlePair.second_id))
_BATCH = 500


class KeptPair(BaseModel, frozen=True):
    """Two articles that an editor keeps together or apart.

    `idle` says why that did nothing in the edition; it is empty where it acted.
    """

    kind: PairKind
    articles: tuple[int, int]
    titles: tuple[str, str]
    note: str
    made: datetime
    idle: str = ""


class KeptMark(BaseModel, frozen=True):
    """An editor's pin or hide of an article; `newsletter` is None for all, `idle` as above."""

    kind: MarkKind
    newsletter: str | None
    note: str
    made: datetime
    idle: str = ""


def pairs_on(
    session: Session, edition: Edition, story: StoryEntry, number: int, members: Collection[int]
) -> tuple[KeptPair, ...]:
    """The pairs that bear on an article's place in its story, those that name it first.

    The others are the links of chains that hold its story together, but for those between two
    articles that are kept together with this one anyway.

    Args:
        session: where to look.
        edition: the edition.
        story: the article's story in it.
        number: the article.
        members: all articles of the edition.
    """
    around = select(col(Article.id)).where(col(Article.id).in_(story.members))
    known = linked_pairs(session, around)
    together = [pair for pair, kind in known.items() if kind == PairKind.TOGETHER]
    beside = set(chain.from_iterable(pair for pair in together if number in pair))
    own = [pair for pair in known if number in pair]
    links = [pair for pair in together if number not in pair and not beside.issuperset(pair)]
    linked = {*story.members, *chain.from_iterable(together)}
    rows = _rows(session, [*sorted(own), *sorted(links)])
    titles = _titles(session, chain.from_iterable(row[:2] for row in rows))
    kept = []
    for one, two, kind, note, made in rows:
        # A chain holds though a link of it is not in this edition.
        there = linked if kind == PairKind.TOGETHER and len(story.members) > 1 else members
        absent = "" if {one, two} <= {*there} else ABSENT
        kept.append(
            KeptPair(
                kind=PairKind(kind),
                articles=(one, two),
                titles=(titles[one], titles[two]),
                note=note,
                made=made,
                idle=SINCE if made > edition.composed else absent,
            )
        )
    return tuple(kept)


def _rows(
    session: Session, pairs: list[tuple[int, int]]
) -> list[tuple[int, int, str, str, datetime]]:
    found = {}
    for start in range(0, len(pairs), _BATCH):
        query = select(ArticlePair).where(_PAIR.in_(pairs[start : start + _BATCH]))
        for row in session.scalars(query):
            pair = (row.first_id, row.second_id)
            found[pair] = (*pair, row.kind, row.note, row.made)
    return [found[pair] for pair in pairs]


def _titles(session: Session, articles: Iterable[int]) -> dict[int, str]:
    wanted = sorted({*articles})
    found: dict[int, str] = {}
    for start in range(0, len(wanted), _BATCH):
        some = col(Article.id).in_(wanted[start : start + _BATCH])
        query = select(col(Article.id), col(Article.title)).where(some)
        found.update({row.id: row.title for row in session.execute(query)})
    return found


def marks_on(
    session: Session, edition: Edition, number: int, *, included: bool
) -> tuple[KeptMark, ...]:
    """The pins and hides of an article that are for an edition's newsletter."""
    query = (
        select(ArticleMark)
        .where(col(ArticleMark.article_id) == number)
        .where(col(ArticleMark.newsletter).in_([EVERYWHERE, edition.newsletter]))
        .order_by(col(ArticleMark.id))
    )
    return tuple(
        KeptMark(
            kind=MarkKind(row.kind),
            newsletter=row.newsletter or None,
            note=row.note,
            made=row.made,
            idle=_idle(row, edition, included=included),
        )
        for row in session.scalars(query)
    )


def _idle(row: ArticleMark, edition: Edition, *, included: bool) -> str:
    if row.made > edition.composed:
        return SINCE
    return LEFT_OUT if row.kind == MarkKind.PINNED and not included else ""
