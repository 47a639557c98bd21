"""The process that parses one feed: bytes on standard input, one JSON document on standard output.

A hostile document can cost its parser any time and memory; here it costs this process's, which is
limited, and no more. Run as `python -m digest.ingest.feed_child CPU_SECONDS MEMORY_BYTES`.
"""

import io
import json
import resource
import sys
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin
from xml.sax import SAXParseException

import feedparser

from digest.ingest import clean, jsonfeed
from digest.ingest.entry import NotAFeedError, Parsed, entry, headline
from digest.ingest.identity import canonical_url


def parse(data: bytes, base: str = "") -> Parsed:
    """A feed's articles as JSON would have them; `base` is the address it came from.

    Raises:
        NotAFeedError: it is none; the message says what it is instead.
    """
    start = data[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n\0")
    if start.startswith((b"{", b"[")):
        return jsonfeed.parse(data, base)
    if data.startswith(b"\x1f\x8b"):
        raise NotAFeedError("this is a gzip archive, not a feed: unpack it first")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # feedparser's own deprecations are not the user's affair
        # The stream form: given bytes, feedparser would try them as an address or a file's name.
        # Our own cleaning is stricter, and quicker on hostile input, than feedparser's.
        told = feedparser.parse(
            io.BytesIO(data),
            response_headers={"content-location": base} if base else {},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
        if not told.entries and not told.get("version"):
            raise NotAFeedError(_what_instead(data, start, base))
        if not told.entries and isinstance(told.get("bozo_exception"), SAXParseException):
            why = clean.line(told.bozo_exception.getMessage())
            raise NotAFeedError(f"its XML is broken or cut off, and holds no entry: {why}")
        return _parsed(told, base)


def _parsed(told: Any, base: str) -> Parsed:
    channel = told.get("feed", {})
    return Parsed(
        title=_plain(channel, "title"),
        home=canonical_url(_text(channel.get("link")), base),
        language=clean.language(_text(channel.get("language"))),
        articles=[_entry(item, base) for item in told.entries],
    )


def _entry(item: Any, base: str) -> dict[str, Any]:
    link = _text(item.get("link"))
    place = canonical_url(link, base) or base
    content, summary = _content(item), _text(item.get("summary"))
    full, brief = (content, summary) if content else (summary, "")
    return entry(
        base=place,
        id=_text(item.get("id")),
        url=canonical_url(link, base),
        title=_plain(item, "title"),
        teaser=brief,
        content=full,
        tags=[_text(tag.get("label") or tag.get("term")) for tag in _dicts(item.get("tags"))],
        authors=_authors(item),
        image=_image(item, place),
        language=_language(item),
        published=_published(item),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _dicts(value: object) -> list[Any]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _plain(item: Any, name: str) -> str:
    """A title: feedparser says whether it holds HTML."""
    detail = item.get(f"{name}_detail")
    value = _text(item.get(name))
    is_html = isinstance(detail, dict) and "html" in _text(detail.get("type"))
    return headline(clean.html_text(value) if is_html else value)


def _content(item: Any) -> str:
    pieces = [_text(content.get("value")) for content in _dicts(item.get("content"))]
    return max(pieces, key=len, default="")


def _authors(item: Any) -> list[str]:
    people = [_text(author.get("name")) for author in _dicts(item.get("authors"))]
    return [person for person in people if person] or [_text(item.get("author"))]


def _language(item: Any) -> str:
    details = [*_dicts(item.get("content")), item.get("summary_detail"), item.get("title_detail")]
    found = (_text(detail.get("language")) for detail in _dicts(details))
    return next((language for language in found if language), "")


def _image(item: Any, base: str) -> str:
    media = [*_dicts(item.get("media_content")), *_dicts(item.get("enclosures"))]
    pictures = [
        _text(one.get("url") or one.get("href"))
        for one in media
        if _text(one.get("type")).startswith("image/") or one.get("medium") == "image"
    ]
    pictures += [_text(one.get("url")) for one in _dicts(item.get("media_thumbnail"))]
    found = (canonical_url(picture, base) for picture in pictures)
    return next((picture for picture in found if picture), "")


def _published(item: Any) -> datetime | None:
    for name in ("published_parsed", "updated_parsed", "created_parsed"):
        told = item.get(name)
        if told:
            try:
                year, month, day, hour, minute, second = told[:6]
                return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
            except (ValueError, TypeError):
                continue
    return None


class _Alternates(HTMLParser):
    """Finds the feeds that a web page names."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        kinds = ("application/rss+xml", "application/atom+xml", "application/feed+json")
        wanted = tag == "link" and "alternate" in told.get("rel", "").lower().split()
        if wanted and told.get("type", "").lower() in kinds:
            address = urljoin(self.base, told.get("href", ""))
            self.found.append(canonical_url(address) or address)


def _what_instead(data: bytes, start: bytes, base: str) -> str:
    if not start:
        return "this is empty, not a feed: check the address"
    lowered = data[:100_000].lower()
    if b"<html" not in lowered and b"<!doctype html" not in lowered:
        return "this is no RSS, Atom or JSON Feed: check the address"
    page = _Alternates(base)
    page.feed(data[:500_000].decode("utf-8", "replace"))
    if page.found:
        return f"this is a web page, not a feed: it names the feed {clean.line(page.found[0], 300)}"
    return "this is a web page, not a feed: look on it for the address of its feed"


def answer(data: bytes, base: str) -> dict[str, Any]:
    """What the parent gets to hear: the articles, or an error in words."""
    try:
        return parse(data, base).as_json()
    except NotAFeedError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "parsing it needs more memory than a feed may take"}
    except RecursionError:
        return {"error": "it is nested too deeply"}
    except Exception as error:  # noqa: BLE001 - whatever a hostile document does to its parser
        return {
            "error": f"its parser failed ({type(error).__name__}: {clean.line(str(error), 200)})"
        }


def main() -> None:
    """Limit this process, then parse."""
    cpu, memory = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    told = answer(sys.stdin.buffer.read(), sys.argv[3] if len(sys.argv) > 3 else "")  # noqa: PLR2004 - the third argument
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
