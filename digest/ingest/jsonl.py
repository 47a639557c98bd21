"""JSON Lines: one article an object, one object a line."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from digest.ingest import clean, identity
from digest.ingest.dates import instant, plausible
from digest.ingest.incoming import Incoming, Rejection

Names = Annotated[list[str], Field(max_length=1_000)]


_NAMES = 'write a list of at most 1,000 texts, such as ["one", "two"]'
_WANTED = {
    "title": "every article needs one, as a text in quotes",
    "published": "write an ISO 8601 instant in quotes, such as 2026-03-03T07:00:00+02:00",
    "section": 'write "World » Ukraine" or ["World", "Ukraine"]',
    "tags": _NAMES,
    "authors": _NAMES,
    "image": 'write {"url": "…", "alt": "…", "caption": "…"}',
    "priority": "write a whole number from -1000 to 1000",
}


class _Image(BaseModel):
    url: str | None = None
    alt: str | None = None
    caption: str | None = None


class _Line(BaseModel):
    """A line's object. Other fields than these are nobody's business here."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    title: str
    published: Annotated[str, Field(strict=True)]
    id: str | None = None
    url: str | None = None
    teaser: str | None = None
    body: str | None = None
    section: str | list[str] | None = None
    tags: Names | None = None
    authors: Names | None = None
    image: _Image | None = None
    language: str | None = None
    priority: Annotated[int, Field(ge=-1_000, le=1_000)] | None = None


def parse_jsonl(
    lines: Iterable[tuple[int, str | ValueError]], zone: ZoneInfo, now: datetime, source: str
) -> Iterator[Incoming | Rejection]:
    """The articles of numbered lines; one that is no text comes as the error that says why."""
    for number, text in lines:
        try:
            if isinstance(text, ValueError):
                raise text
            if text.strip():
                yield _article(text, zone, now)
        except ValidationError as error:
            yield Rejection(source, number, _in_words(text, error))
        except ValueError as error:
            yield Rejection(source, number, str(error))


def _article(text: str, zone: ZoneInfo, now: datetime) -> Incoming:
    told = _Line.model_validate_json(text)
    title = clean.line(told.title, clean.TITLE_LIMIT)
    image = told.image or _Image()
    faults = [] if title else ["title: it is empty: every article needs one"]
    published = now
    try:
        published = plausible(instant(told.published, zone), now)
    except ValueError as error:
        faults.append(f"published: {error}")
    url = _address("url", told.url, faults)
    image_url = _address("image.url", image.url, faults)
    if faults:
        raise ValueError("; ".join(faults))
    external_id = clean.line(told.id or "", identity.URL_LIMIT)
    body, body_html = clean.body(told.body or "")
    return Incoming(
        keys=identity.keys(url, external_id, "", title, published),
        source="jsonl",
        title=title,
        url=url,
        external_id=external_id,
        teaser=clean.teaser(told.teaser or ""),
        body=body,
        body_html=body_html,
        section=clean.section(told.section or ()),
        tags=None if told.tags is None else clean.names(told.tags),
        authors=None if told.authors is None else clean.names(told.authors),
        image_url=image_url,
        image_alt=clean.line(image.alt or "", clean.TITLE_LIMIT),
        image_caption=clean.line(image.caption or "", clean.TITLE_LIMIT),
        language=clean.language(told.language or ""),
        priority=told.priority,
        published=published,
    )


def _address(field: str, text: str | None, faults: list[str]) -> str:
    if not text or not text.strip():
        return ""
    url = identity.canonical_url(text)
    if not url:
        told = clean.line(text, 80)
        faults.append(f'{field}: "{told}" is no http or https address: mend it or leave it out')
    return url


def _in_words(text: Any, error: ValidationError) -> str:
    """All that is wrong with a line, each with its remedy."""
    details = error.errors(include_url=False, include_input=False)
    kind, message = details[0]["type"], details[0]["msg"]
    if kind == "json_invalid":
        why = re.sub(r" at line \d+ column", " at column", message.removeprefix("Invalid JSON: "))
        return f"this is no JSON object, or only a part of one: {why}"
    if not details[0]["loc"]:
        return f"this is {_kind_of(text)}: write one object a line"
    # A field that may be one thing or another fails as each of them: it is told once.
    faults = {str(detail["loc"][0]): detail["type"] for detail in details}
    return "; ".join(
        f'the field "{field}" is missing: {_WANTED[field]}'
        if kind == "missing"
        else f"{field}: {_WANTED.get(field, 'write a text in quotes')}"
        for field, kind in faults.items()
    )


def _kind_of(text: str) -> str:
    value = json.loads(text)
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
