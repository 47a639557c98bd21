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
    if not title:
        raise ValueError("title: it is empty: every article needs one")
    try:
        published = plausible(instant(told.published, zone), now)
    except ValueError as error:
        raise ValueError(f"published: {error}") from error
    url = _address("url", told.url)
    external_id = clean.line(told.id or "", identity.URL_LIMIT)
    image = told.image or _Image()
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
        image_url=_address("image.url", image.url),
        image_alt=clean.line(image.alt or "", clean.TITLE_LIMIT),
        image_caption=clean.line(image.caption or "", clean.TITLE_LIMIT),
        language=clean.language(told.language or ""),
        priority=told.priority,
        published=published,
    )


def _address(field: str, text: str | None) -> str:
    if not text or not text.strip():
        return ""
    url = identity.canonical_url(text)
    if not url:
        raise ValueError(f'{field}: "{clean.line(text, 80)}" is no http or https address')
    return url


def _in_words(text: Any, error: ValidationError) -> str:
    """The first thing that is wrong with a line, and its remedy."""
    detail = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in detail["loc"] if isinstance(part, str))
    kind, message = detail["type"], detail["msg"]
    if kind == "json_invalid":
        why = re.sub(r" at line \d+ column", " at column", message.removeprefix("Invalid JSON: "))
        return f"this is no JSON object, or only a part of one: {why}"
    if kind in {"model_type", "model_attributes_type"}:
        return f"this is {_kind_of(text)}: write one object a line"
    if kind == "missing":
        return f'the field "{where}" is missing'
    if kind == "string_type" and where == "published":
        return "published: write an ISO 8601 instant in quotes"
    return f"{where}: {message[:1].lower()}{message[1:]}"


def _kind_of(text: str) -> str:
    value = json.loads(text)
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
