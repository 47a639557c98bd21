"""Why an article is where it is in an edition, or why it is not in it."""

from collections.abc import Iterable

from pydantic import BaseModel
from sqlmodel import Session, col, select

from digest.config import Settings
from digest.editions.life import load_document
from digest.editions.selection import (
    Excluded,
    Window,
    earlier_editions,
    exclusion,
    heading_of,
)
from digest.editions.wishes import KeptMark, KeptPair, marks_on, pairs_on
from digest.errors import NoSuchArticleError
from digest.store.document import EditionDocument, Factor, StoryEntry, Version
from digest.store.models import Article, Edition, Exclusion, Section
from digest.store.rows import row_id


class OlderVersion(BaseModel, frozen=True):
    """An article that another stands for; `kind` is what the other is to it."""

    article: int
    title: str
    kind: str


class Rank(BaseModel, frozen=True):
    """A story's place, from 1, among all of the edition and among those under its heading."""

    place: int
    stories: int
    section_place: int
    section_stories: int


class ArticlePlace(BaseModel, frozen=True):
    """An article's place in an edition; `reason` says why where it has none.

    `place` counts the story's shown articles from 1, the lead; `order` are the factors of that
    place and `reasons` those of the story's rank, each list's product the figure that decides.
    `stands_for` are older versions that are not shown because of this one; where this one is not
    shown itself, `replaced_by` has what is, and `kind` what that is to it. `pairs` and `marks` are
    what editors decided that bears on it.
    """

    edition: int
    article: int
    title: str
    included: bool
    reason: str = ""
    placement: str = ""
    heading: str = ""
    headline: str = ""
    is_lead: bool = False
    place: int | None = None
    order: tuple[Factor, ...] = ()
    replaced_by: int | None = None
    kind: str = ""
    stands_for: tuple[OlderVersion, ...] = ()
    rank: Rank | None = None
    score: float | None = None
    reasons: tuple[Factor | str, ...] = ()
    tied: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    pairs: tuple[KeptPair, ...] = ()
    marks: tuple[KeptMark, ...] = ()


def why_article(
    session: Session, settings: Settings, edition: Edition, number: int
) -> ArticlePlace:
    """Why an article is in an edition, where and beside which; or why it is not.

    Raises:
        NoSuchArticleError: there is no such article.
    """
    article = session.get(Article, number)
    if article is None:
        raise NoSuchArticleError(article=number)
    document = load_document(edition)
    for story in document.stories:
        if number in story.members:
            members = {member for one in document.stories for member in one.members}
            decided = {
                "pairs": pairs_on(session, edition, story, number, members),
                "marks": marks_on(session, edition, number, included=True),
            }
            return _place(row_id(edition), document, story, number).model_copy(update=decided)
    reason = _excluded(session, settings, edition, article)
    return ArticlePlace(
        edition=row_id(edition),
        article=number,
        title=article.title,
        included=False,
        reason=reason,
        marks=marks_on(session, edition, number, included=False),
    )


def _place(edition: int, document: EditionDocument, story: StoryEntry, number: int) -> ArticlePlace:
    accounts = story.accounts
    by, version = next(
        (by, version)
        for by, account in accounts.items()
        for version in (None, *account.versions)
        if number == (by if version is None else version.article)
    )
    shown = {story.lead: story.headline, **{r.article: r.title for r in story.related}}
    account = accounts[by]
    titles = {heading.key: heading.title for heading in document.headings}
    return ArticlePlace(
        edition=edition,
        article=number,
        title=version.title if version else shown[number],
        included=True,
        placement=story.placement,
        heading=titles[story.heading],
        headline=story.headline,
        is_lead=number == story.lead,
        place=None if version else list(shown).index(number) + 1,
        order=() if version else account.order,
        replaced_by=by if version else None,
        kind=version.kind if version else "",
        stands_for=() if version else tuple(map(_older, account.versions)),
        rank=rank_of(document, story),
        score=story.score,
        reasons=story.reasons,
        tied=version.tied if version else account.tied,
        beside=tuple(title for member, title in shown.items() if member != number),
    )


def _older(version: Version) -> OlderVersion:
    return OlderVersion(article=version.article, title=version.title, kind=version.kind)


def rank_of(document: EditionDocument, story: StoryEntry) -> Rank:
    """A story's place in its edition."""
    beside = [other for other in document.stories if other.heading == story.heading]
    return Rank(
        place=_before(document.stories, story) + 1,
        stories=len(document.stories),
        section_place=_before(beside, story) + 1,
        section_stories=len(beside),
    )


def _before(stories: Iterable[StoryEntry], story: StoryEntry) -> int:
    return sum(other.position < story.position for other in stories)


def left_out(session: Session, edition: Edition) -> list[Excluded]:
    """The articles that a stored edition left out and lists, by their numbers."""
    query = (
        select(Exclusion.article_id, Article.title, Exclusion.reason)
        .join(Article, col(Article.id) == Exclusion.article_id)
        .where(Exclusion.edition_id == edition.id)
        .order_by(col(Exclusion.article_id))
    )
    return [Excluded(*row) for row in session.exec(query)]


def _excluded(session: Session, settings: Settings, edition: Edition, article: Article) -> str:
    listed = select(Exclusion.reason).where(
        Exclusion.edition_id == edition.id, col(Exclusion.article_id) == article.id
    )
    if reason := session.exec(listed).first():
        return reason
    # Not listed: an article of the archive, or one that came later. The same rule decides.
    newsletter, number = settings.newsletter(edition.newsletter), row_id(article)
    section = session.get(Section, article.section_id)
    window = Window(edition.cutoff - newsletter.max_age, edition.cutoff, edition.composed)
    return (
        exclusion(
            window,
            published=article.published,
            known=article.known,
            heading=heading_of(section.key if section else "", newsletter.section_keys),
            earlier=earlier_editions(session, newsletter.slug, [number]).get(number),
        )
        or "changed its section or its time after the edition was composed"
    )
