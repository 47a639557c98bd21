"""Why an article is where it is in an edition, or why it is not in it."""

from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from digest.config import Settings
from digest.editions.life import load_document
from digest.editions.selection import Window, earlier_editions, exclusion, heading_of
from digest.errors import NoSuchArticleError
from digest.store.models import Article, Edition, Exclusion, Section
from digest.store.rows import row_id


@dataclass(frozen=True)
class ArticlePlace:
    """An article's place in an edition; `reason` says why where it has none."""

    article: int
    title: str
    included: bool
    reason: str = ""
    placement: str = ""
    heading: str = ""
    headline: str = ""
    is_lead: bool = False
    score: float | None = None
    reasons: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()
    beside: list[str] = field(default_factory=list)


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
    titles = {heading.key: heading.title for heading in document.headings}
    for story in document.stories:
        members = {story.lead: story.headline, **{r.article: r.title for r in story.related}}
        if number in members:
            return ArticlePlace(
                article=number,
                title=members[number],
                included=True,
                placement=story.placement,
                heading=titles[story.heading],
                headline=story.headline,
                is_lead=number == story.lead,
                score=story.score,
                reasons=story.reasons,
                tied=story.tied,
                beside=[title for member, title in members.items() if member != number],
            )
    reason = _excluded(session, settings, edition, article)
    return ArticlePlace(article=number, title=article.title, included=False, reason=reason)


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
