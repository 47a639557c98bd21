"""JSON Feed, versions 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import json
from datetime import UTC, datetime
from typing import Any

from digest.ingest import clean
from digest.ingest.entry import NotAFeedError, Parsed, entry, headline
from digest.ingest.identity import canonical_url


def parse(data: bytes, base: str) -> Parsed:
    """The articles of a JSON Feed; a field of the wrong type counts as absent.

    Raises:
        NotAFeedError: it is no JSON, or JSON of another kind.
    """
    try:
        feed = json.loads(data, parse_constant=_refuse)
    except RecursionError as error:
        raise NotAFeedError("this JSON is nested too deeply to be a feed") from error
    except ValueError as error:
        raise NotAFeedError(f"this is no JSON Feed: {clean.line(str(error), 200)}") from error
    version = _text(feed, "version")
    if not version.removeprefix("https://").startswith("jsonfeed.org/version/"):
        raise NotAFeedError("this JSON is no JSON Feed: its version is missing")
    items = feed.get("items")
    if not isinstance(items, list):
        raise NotAFeedError("this JSON Feed has no list of items")
    parsed = Parsed(
        title=headline(_text(feed, "title")),
        home=canonical_url(_text(feed, "home_page_url") or _text(feed, "feed_url"), base),
        language=clean.language(_text(feed, "language")),
    )
    for number, item in enumerate(items, 1):
        if isinstance(item, dict):
            parsed.articles.append(_entry(item, base))
        else:
            parsed.rejected.append(f"entry {number} is no object")
    return parsed


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON (RFC 8259, section 6)")


def _text(value: Any, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _entry(item: dict[str, Any], base: str) -> dict[str, Any]:
    url = canonical_url(_text(item, "url"), base) or canonical_url(
        _text(item, "external_url"), base
    )
    told_id = item.get("id")
    # Version 1.1: other ids than texts are to be turned into texts.
    is_number = isinstance(told_id, int) and not isinstance(told_id, bool)
    return entry(
        base=url or base,
        id=str(told_id) if is_number else _text(item, "id"),
        url=url,
        title=headline(_text(item, "title")),
        teaser=_text(item, "summary"),
        content=_text(item, "content_html") or _as_html(_text(item, "content_text")),
        tags=[tag for tag in _list(item, "tags") if isinstance(tag, str)],
        authors=[_text(author, "name") for author in _list(item, "authors")]
        or [_text(item.get("author"), "name")],
        image=canonical_url(_text(item, "image") or _text(item, "banner_image"), base),
        language=_text(item, "language"),
        published=_instant(_text(item, "date_published")) or _instant(_text(item, "date_modified")),
    )


def _as_html(text: str) -> str:
    """Plain text says that it is plain: its angle brackets are no tags."""
    return clean.text_html(clean.paragraphs(text))


def _list(item: dict[str, Any], name: str) -> list[Any]:
    found = item.get(name)
    return found if isinstance(found, list) else []


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
