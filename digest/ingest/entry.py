"""What every kind of feed comes to: entries as JSON has them, clean and complete."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from digest.ingest import clean, identity

_TITLE_FROM_TEXT = 100


class NotAFeedError(Exception):
    """Why a document is no feed, in words."""


@dataclass
class Parsed:
    """A feed as its parser understood it; `home` is the address of the site it belongs to."""

    title: str = ""
    home: str = ""
    language: str = ""
    articles: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The form in which it leaves the child process."""
        return {
            "title": self.title,
            "home": self.home,
            "language": self.language,
            "articles": self.articles,
            "rejected": self.rejected,
        }


def headline(text: str) -> str:
    """A title on one line, harmless."""
    return clean.line(text, clean.TITLE_LIMIT)


def entry(  # noqa: PLR0913 - what an entry may hold
    *,
    base: str,
    id: str,  # noqa: A002 - the field's word
    url: str,
    title: str,
    teaser: str,
    content: str,
    tags: list[str],
    authors: list[str],
    image: str,
    language: str,
    published: datetime | None,
) -> dict[str, Any]:
    """One entry, cleaned.

    An entry without a title is called by its first sentence, or by its address; one that holds
    nothing of all this has an empty title.
    """
    body, body_html = clean.body(content, base)
    brief = clean.teaser(teaser)
    name = title or clean.line(clean.first_sentences(brief or body), _TITLE_FROM_TEXT) or url
    return {
        "id": clean.line(id, identity.URL_LIMIT),
        "url": url,
        "title": name or clean.line(id, clean.TITLE_LIMIT),
        "teaser": brief,
        "body": body,
        "body_html": body_html,
        "tags": list(clean.names(tags)),
        "authors": list(clean.names(authors)),
        "image": image,
        "language": clean.language(language),
        "published": published.isoformat() if published else None,
    }
