"""What an edition holds, for `digest editions`: its stories by section, each with its articles."""

from collections.abc import Iterator
from typing import Any

from digest.cli.common import many
from digest.store.document import EditionDocument, RelatedArticle, StoryEntry

# What a version that is not shown is to the article that stands for it.
_IS = {
    "copy": "copy of {}",
    "update": "updated by {}",
    "correction": "corrected by {}",
    "notice": "corrects {}, told with it",
}


def contents(document: EditionDocument) -> dict[str, Any]:
    """The sections with their stories; `rank` counts from 1 in the edition and in the section."""
    sections = []
    for heading in document.headings:
        ranked = enumerate(document.stories, start=1)
        here = [(rank, story) for rank, story in ranked if story.heading == heading.key]
        stories = [
            _story(story, rank, section_rank)
            for section_rank, (rank, story) in enumerate(here, start=1)
        ]
        if stories:
            sections.append({"section": heading.path, "title": heading.title, "stories": stories})
    return {"sections": sections}


def _story(story: StoryEntry, rank: int, section_rank: int) -> dict[str, Any]:
    return {
        "id": story.position,
        "headline": story.headline,
        "lead": story.lead,
        "articles": list(story.members),
        "related": [{"article": other.article, "title": other.title} for other in story.related],
        "versions": [
            version for by, account in story.accounts.items() for version in _versions(by, account)
        ],
        "score": story.score,
        "placement": story.placement,
        "rank": rank,
        "section_rank": section_rank,
    }


def _versions(by: int, account: StoryEntry | RelatedArticle) -> Iterator[dict[str, Any]]:
    return (
        {
            "article": version.article,
            "title": version.title,
            "replaced_by": by,
            "kind": version.kind,
        }
        for version in account.versions
    )


def content_lines(data: dict[str, Any], *, whole: bool) -> Iterator[str]:
    """The same for people: each story's rank, placement, lead and headline.

    If `whole`, the other articles follow, each version below the article that stands for it.
    """
    if data["sections"]:
        yield f"{'rank':>4}  {'place':<5}  {'article':>7}"
    for section in data["sections"]:
        yield section["title"]
        for story in section["stories"]:
            place = f"{story['rank']:>4}  {story['placement']:<5}  {story['lead']:>7}"
            more = f" (and {len(story['related'])} related)" if story["related"] else ""
            yield f"{place}  {story['headline']}{'' if whole else more}"
            if whole:
                yield from _below(story)


def _below(story: dict[str, Any]) -> Iterator[str]:
    yield from _versions_of(story, story["lead"])
    for other in story["related"]:
        yield _line(other, "related")
        yield from _versions_of(story, other["article"])


def _versions_of(story: dict[str, Any], by: int) -> Iterator[str]:
    for version in story["versions"]:
        if version["replaced_by"] == by:
            yield _line(version, _IS[version["kind"]].format(by))


def _line(row: dict[str, Any], role: str) -> str:
    return f"{row['article']:>20}    {role}: {row['title']}"


def counted(document: "EditionDocument") -> str:
    """How many articles an edition shows, as its readers are told; and how many stand behind."""
    shown = sum(story.articles for story in document.stories)
    hidden = sum(len(story.members) for story in document.stories) - shown
    told = f"{many(shown, 'article')} in {many(len(document.stories), 'story', 'stories')}"
    return f"{told}, and {many(hidden, 'other version')} of them" if hidden else told
