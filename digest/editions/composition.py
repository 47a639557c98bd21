"""Composition: the stories of a day become the document of an edition. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from digest.sections import join_path, split_path
from digest.store.document import (
    EditionDocument,
    Factor,
    Heading,
    Image,
    Panel,
    Placement,
    RelatedArticle,
    StoryEntry,
    Version,
)
from digest.store.models import Article
from digest.stories import Item, Story
from digest.stories.items import Account, VersionKind
from digest.stories.items import Factor as Reason
from digest.stories.markers import read_marker
from digest.text import one_line

TEASER_LENGTH = 320
# A notice of correction says what is right at its end.
NOTICE_LENGTH = 400
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
    panels: tuple[Panel, ...] = ()


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

    `stories` come best first; the best and all that are pinned become top stories, each section
    shows its next ones, and the others follow in brief.
    """
    by_id = {str(piece.article.id): piece for piece in pieces}
    placements = _placements(
        masthead, [(by_id[story.lead.id].heading, story.pinned) for story in stories]
    )
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
        panels=masthead.panels,
        headings=masthead.headings,
        stories=tuple(entries),
    )


def _placements(masthead: Masthead, ranked: Sequence[tuple[str, bool]]) -> list[Placement]:
    """Where each story goes, from its heading and whether it is pinned, in the order of rank."""
    tops, shown = Counter[str](), Counter[str]()
    placements = []
    for heading, pinned in ranked:
        has_room = tops.total() < masthead.top_stories and tops[heading] < TOP_FROM_ONE_HEADING
        if pinned or has_room:
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
    lead = by_id[story.lead.id]
    article, account = lead.article, story.accounts[0]
    return StoryEntry(
        position=position,
        headline=article.title,
        lead=_number(article),
        url=article.url,
        teaser=one_line(article.teaser or article.body, TEASER_LENGTH),
        section=lead.path,
        heading=lead.heading,
        sections=tuple(dict.fromkeys(by_id[item.id].key for item in story.items)),
        placement=placement,
        published=article.published,
        updated=article.changed if article.changed > article.known else None,
        language=article.language,
        image=_image(article),
        related=tuple(_related(account, by_id) for account in story.accounts[1:]),
        score=story.score,
        reasons=_factors(story.reasons),
        **_told_of(account, by_id),
    )


def _related(account: Account, by_id: Mapping[str, Piece]) -> RelatedArticle:
    piece = by_id[account.item.id]
    return RelatedArticle(
        **_facts(piece),
        **_told_of(account, by_id),
    )


def _told_of(account: Account, by_id: Mapping[str, Piece]) -> dict[str, Any]:
    """What is told of an account, the lead's or another's."""
    versions = tuple(
        Version(**_facts(by_id[version.item.id]), kind=version.kind, tied=version.tied)
        for version in account.versions
    )
    return {
        "mark": account.mark,
        "correction": _correction(account),
        "versions": versions,
        "order": _factors(account.order),
        "tied": account.tied,
    }


def _correction(account: Account) -> str:
    """What the latest notice on an account says, without the word that it begins with."""
    for version in account.versions:  # the latest first
        if version.kind is VersionKind.NOTICE:
            item = version.item
            said = (one_line(text, NOTICE_LENGTH) for text in (item.body, item.teaser, item.title))
            return next(filter(None, (read_marker(text).text for text in said)), "")
    return ""


def _facts(piece: Piece) -> dict[str, Any]:
    article = piece.article
    return {
        "article": _number(article),
        "title": article.title,
        "url": article.url,
        "section": piece.path,
        "published": article.published,
    }


def _factors(factors: Iterable[Reason]) -> tuple[Factor, ...]:
    return tuple(Factor(**asdict(factor)) for factor in factors)


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
