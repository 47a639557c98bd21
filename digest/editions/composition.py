"""Composition: the stories of a day become the document of an edition. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from digest.sections import join_path, split_path
from digest.store.document import (
    EditionDocument,
    Heading,
    Image,
    Placement,
    RelatedArticle,
    StoryEntry,
)
from digest.store.models import Article
from digest.stories import Item, Story
from digest.text import one_line

TEASER_LENGTH = 320
# A morning on which one section has all the news still shows that there are others.
TOP_FROM_ONE_HEADING = 2


@dataclass(frozen=True)
class Masthead:
    """What an edition says of itself, and how it is laid out."""

    newsletter: str
    title: str
    strapline: str
    date: date
    number: int
    language: str
    timezone: str
    send_at: str
    cutoff: datetime
    headings: tuple[Heading, ...]
    top_stories: int
    stories_per_section: int


@dataclass(frozen=True)
class Piece:
    """An article as composition needs it: its row, its section's path and key, its heading."""

    article: Article
    path: str
    key: str
    heading: str


def item_of(piece: Piece) -> Item:
    """An article as grouping and ranking see it."""
    article = piece.article
    return Item(
        id=str(article.id),
        title=article.title,
        body=article.body,
        teaser=article.teaser,
        published=article.published,
        section=piece.key,
        tags=tuple(article.tags),
        language=article.language,
        priority=article.priority,
    )


def compose(
    masthead: Masthead, stories: Sequence[Story], pieces: Iterable[Piece]
) -> EditionDocument:
    """The document of an edition: every article of `pieces` has its place in it.

    `stories` come best first; the best become top stories, each section shows its next ones, and
    the others follow in brief.
    """
    by_id = {str(piece.article.id): piece for piece in pieces}
    placements = _placements(masthead, [by_id[story.items[0].id].heading for story in stories])
    entries = (
        _entry(position, placement, story, by_id)
        for position, (placement, story) in enumerate(zip(placements, stories, strict=True))
    )
    return EditionDocument(
        newsletter=masthead.newsletter,
        title=masthead.title,
        strapline=masthead.strapline,
        date=masthead.date,
        number=masthead.number,
        language=masthead.language,
        timezone=masthead.timezone,
        send_at=masthead.send_at,
        cutoff=masthead.cutoff,
        headings=masthead.headings,
        stories=tuple(entries),
    )


def _placements(masthead: Masthead, headings: Sequence[str]) -> list[Placement]:
    """Where each story goes, from the headings of the stories in the order of their rank."""
    tops, shown = Counter[str](), Counter[str]()
    placements = []
    for heading in headings:
        if tops.total() < masthead.top_stories and tops[heading] < TOP_FROM_ONE_HEADING:
            tops[heading] += 1
            placements.append(Placement.TOP)
        elif shown[heading] < masthead.stories_per_section:
            shown[heading] += 1
            placements.append(Placement.STORY)
        else:
            placements.append(Placement.BRIEF)
    return placements


def _entry(
    position: int, placement: Placement, story: Story, by_id: Mapping[str, Piece]
) -> StoryEntry:
    lead, *others = (by_id[item.id] for item in story.items)
    article = lead.article
    return StoryEntry(
        position=position,
        headline=article.title,
        lead=_number(article),
        url=article.url,
        teaser=one_line(article.teaser or article.body, TEASER_LENGTH),
        section=lead.path,
        heading=lead.heading,
        sections=tuple(dict.fromkeys([lead.key, *(piece.key for piece in others)])),
        placement=placement,
        published=article.published,
        updated=article.changed if article.changed > article.known else None,
        language=article.language,
        image=_image(article),
        related=tuple(_related(piece) for piece in others),
        score=story.score,
        reasons=story.reasons,
        tied=story.tied,
    )


def _related(piece: Piece) -> RelatedArticle:
    article = piece.article
    return RelatedArticle(
        article=_number(article),
        title=article.title,
        url=article.url,
        section=piece.path,
        published=article.published,
    )


def _image(article: Article) -> Image | None:
    if not article.image_url:
        return None
    return Image(url=article.image_url, alt=article.image_alt, caption=article.image_caption)


def _number(article: Article) -> int:
    if article.id is None:
        raise ValueError("an article is composed after it was stored")
    return article.id


def heading(key: str, path: str, title: str | None) -> Heading:
    """A newsletter's section as its readers see it: by its title, or by the path's last part."""
    parts = split_path(path)
    return Heading(key=key, path=join_path(parts), title=title or parts[-1])
