"""OPML: lists of feeds, as feed readers exchange them (http://opml.org/spec2.opml)."""

import json
import re
import unicodedata
from dataclasses import dataclass
from xml.parsers import expat

from digest.errors import OpmlUnreadableError
from digest.ingest import clean
from digest.ingest.identity import canonical_url

_SLUG_LIMIT = 40
_DEPTH_LIMIT = 100


@dataclass(frozen=True)
class ListedFeed:
    """A feed of a list: its slug is made from its title, its section from the outline above it."""

    slug: str
    url: str
    title: str
    section: str


def parse_opml(data: bytes, source: str) -> list[ListedFeed]:
    """The feeds of a list, each address once, in their order.

    No entity is expanded and nothing is fetched: a document that declares one is refused.

    Raises:
        OpmlUnreadableError: this is no OPML.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = reader.entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise OpmlUnreadableError(source=source, why=f"it is no XML: {error}") from error
    except ValueError as error:
        raise OpmlUnreadableError(source=source, why=str(error)) from error
    except LookupError as error:
        why = "nobody knows the encoding that it names: save it as UTF-8"
        raise OpmlUnreadableError(source=source, why=why) from error
    return reader.feeds


def as_toml(feeds: list[ListedFeed]) -> list[str]:
    """The lines that declare these feeds in digest.toml."""
    lines: list[str] = []
    for feed in feeds:
        # TOML's basic strings are JSON's, but for the delete character, which is cleaned away.
        lines += ["[[feeds]]", f"slug = {json.dumps(feed.slug)}", f"url = {json.dumps(feed.url)}"]
        if feed.section:
            lines.append(f"section = {json.dumps(feed.section, ensure_ascii=False)}")
        lines.append("")
    return lines


class _Reader:
    """Follows the outlines; one that has no address is a folder, and names a section."""

    def __init__(self) -> None:
        self.feeds: list[ListedFeed] = []
        self._folders: list[str] = []
        self._depth = 0
        self._addresses: set[str] = set()
        self._slugs: set[str] = set()

    def entity(self, *_declaration: object) -> None:
        raise ValueError("it declares entities, which no list of feeds needs")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and name.lower() != "opml":
            raise ValueError(f"its outermost element is <{clean.line(name, 40)}>, not <opml>")
        if self._depth > _DEPTH_LIMIT:
            raise ValueError("it is nested too deeply")
        if name.lower() != "outline":
            return
        told = {key.lower(): value for key, value in attributes.items()}
        title = clean.line(told.get("title") or told.get("text") or "")
        url = canonical_url(told.get("xmlurl", ""))
        self._folders.append("" if "xmlurl" in told else title)
        if url and url not in self._addresses:
            self._addresses.add(url)
            section = next((folder for folder in reversed(self._folders) if folder), "")
            self.feeds.append(ListedFeed(self._slug(title or url), url, title, section))

    def end(self, name: str) -> None:
        self._depth -= 1
        if name.lower() == "outline":
            self._folders.pop()

    def _slug(self, title: str) -> str:
        plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
        stem = re.sub(r"[^a-z0-9]+", "-", plain.removeprefix("http")).strip("-")
        stem = stem[: _SLUG_LIMIT - 5].strip("-") or "feed"
        slug, number = stem, 1
        while slug in self._slugs:
            number += 1
            slug = f"{stem}-{number}"
        self._slugs.add(slug)
        return slug
