"""Pages saved as text: one article's page with its related articles, or a section's listing."""

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from digest.ingest import clean, identity
from digest.ingest.dates import dateline, plausible
from digest.ingest.incoming import Incoming, Rejection
from digest.sections import section_key, split_path

FIRST_LINE = re.compile(r"date\s+(?P<day>\d{4}-\d{2}-\d{2})\s+(?P<title>\S.*)", re.IGNORECASE)
_TAGS = re.compile(r"tags\s*:(?P<tags>.*)", re.IGNORECASE)
_RELATED = re.compile(r"(related (articles|news|stories)|more from)\b.{0,80}", re.IGNORECASE)
_FURNITURE = re.compile(
    r"advertisement|.{0,80} » be a reporter\b.*|.{0,80}\(sofia news agency - .*"
    r"|related \w+:?|more from\b.{0,80}",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"(photo|image|picture|file photo|pictured|credit)\b.{0,5}:", re.IGNORECASE)
_CAPTION_LIMIT = 300
_HEADING_LIMIT = 80

Numbered = tuple[int, str]


def parse_page(
    text: str, zone: ZoneInfo, now: datetime, source: str
) -> Iterator[Incoming | Rejection]:
    """The article of a page and its related ones, each once, however often the page names it."""
    lines = _lines(text)
    first = FIRST_LINE.fullmatch(lines[0][1]) if lines else None
    if first is None:
        number = lines[0][0] if lines else 1
        yield Rejection(source, number, 'a page begins with "date YYYY-MM-DD TITLE"')
        return
    found: dict[str, Incoming] = {}
    try:
        main, rest = _main(clean.line(first["title"], clean.TITLE_LIMIT), lines[1:], zone, now)
        found[main.keys[0]] = main
    except _BadLineError as bad:
        yield Rejection(source, bad.line or lines[0][0], str(bad))
        _, _, rest = _story(lines[1:])
    for outcome in _items(rest, zone, now, source, whole=False):
        if isinstance(outcome, Rejection):
            yield outcome
        else:
            known = found.get(outcome.keys[0])
            if known is None or (
                known.source == "listing" and len(outcome.teaser) > len(known.teaser)
            ):
                found[outcome.keys[0]] = outcome
    yield from found.values()


def parse_listing(
    text: str, zone: ZoneInfo, now: datetime, source: str
) -> Iterator[Incoming | Rejection]:
    """The articles of a section or day page: runs of headline, teaser, dateline."""
    found: dict[str, Incoming] = {}
    for outcome in _items(_lines(text), zone, now, source, whole=True):
        if isinstance(outcome, Rejection):
            yield outcome
        else:
            known = found.get(outcome.keys[0])
            if known is None or len(outcome.teaser) > len(known.teaser):
                found[outcome.keys[0]] = outcome
    yield from found.values()


class _BadLineError(Exception):
    """Why the page's own article cannot be read; line 0 is the page's first."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def _lines(text: str) -> list[Numbered]:
    rows = enumerate(text.split("\n"), 1)
    return [(number, row.strip()) for number, row in rows if row.strip()]


def _main(
    title: str, lines: list[Numbered], zone: ZoneInfo, now: datetime
) -> tuple[Incoming, list[Numbered]]:
    """The page's own article, and the lines that follow it."""
    if not title:
        raise _BadLineError(0, "the first line holds no title")
    form = "Section » Subsection | Month D, YYYY, Weekday // HH:MM"
    if not lines or "|" not in lines[0][1]:
        raise _BadLineError(0, f'no dateline follows the first line: write "{form}" under it')
    number, row = lines[0]
    try:
        told = dateline(row, zone)
        if told is None:
            raise ValueError(f'"{row[:80]}" is no dateline: write "{form}"')  # noqa: TRY301 - one place says what is wrong with a dateline
        path, published = told[0], plausible(told[1], now)
    except ValueError as error:
        raise _BadLineError(number, str(error)) from error
    has_caption = len(lines) > 1 and _is_caption(lines, title)
    caption = lines[1][1] if has_caption else ""
    parts, tags, rest = _story(lines[1 + has_caption :])
    body, body_html = clean.body("\n\n".join(parts))
    article = Incoming(
        keys=identity.keys("", "", "", title, published),
        source="page",
        title=title,
        teaser=clean.first_sentences(body),
        body=body,
        body_html=body_html,
        section=clean.section(path),
        tags=tags,
        image_caption=clean.line(caption, _CAPTION_LIMIT),
        published=published,
    )
    return article, rest


def _story(
    lines: list[Numbered],
) -> tuple[list[str], tuple[str, ...] | None, list[Numbered]]:
    """The paragraphs and tags of a page's own article, and the lines that follow them."""
    parts: list[str] = []
    tags: tuple[str, ...] | None = None
    for at, (_, row) in enumerate(lines):
        tagged = _TAGS.fullmatch(row)
        if tagged:
            tags = clean.names(tagged["tags"].split(","))
        elif _RELATED.fullmatch(row):
            return parts, tags, lines[at:]
        elif not _FURNITURE.fullmatch(row):
            if tags is not None:
                return parts, tags, lines[at:]
            parts.append(row)
    return parts, tags, []


def _is_caption(lines: list[Numbered], title: str) -> bool:
    """Whether the line under the dateline captions the picture.

    It does when it repeats the title, says so, or touches the dateline and is no sentence.
    """
    (above, _), (number, row) = lines[0], lines[1]
    if len(row) > _CAPTION_LIMIT or _TAGS.fullmatch(row) or _RELATED.fullmatch(row):
        return False
    if title.casefold() in row.casefold() or _CAPTION.match(row):
        return True
    return number == above + 1 and not row.rstrip("\"”’»)'").endswith((".", "!", "?", "…", ":"))


def _items(
    lines: list[Numbered], zone: ZoneInfo, now: datetime, source: str, *, whole: bool
) -> Iterator[Incoming | Rejection]:
    """Runs of headline, teaser, dateline; `whole` says that nothing may follow the last of them."""
    pending: list[Numbered] = []
    for number, row in lines:
        try:
            told = dateline(row, zone)
        except ValueError as error:
            yield Rejection(source, number, str(error))
            pending = []
            continue
        if told is None:
            if not (_FURNITURE.fullmatch(row) or _TAGS.fullmatch(row)):
                pending.append((number, row))
            continue
        path, published = told
        before, item = _without_headings(pending, path)
        yield from _lost(before, source)
        pending = []
        if not item:
            yield Rejection(source, number, "no headline stands before this dateline")
            continue
        title = clean.line(item[0][1], clean.TITLE_LIMIT)
        try:
            plausible(published, now)
        except ValueError as error:
            yield Rejection(source, number, str(error))
            continue
        yield Incoming(
            keys=identity.keys("", "", "", title, published),
            source="listing",
            title=title,
            teaser=clean.line(item[1][1], clean.TEASER_LIMIT) if len(item) > 1 else "",
            section=clean.section(path),
            published=published,
        )
    if whole:
        yield from _lost(pending, source)


def _without_headings(pending: list[Numbered], path: str) -> tuple[list[Numbered], list[Numbered]]:
    """What stands before an item, and the item: headline and teaser, without section headings."""
    headings = {section_key(part) for part in split_path(path)} | {section_key(path)}
    kept = [(number, row) for number, row in pending if section_key(row) not in headings]
    return kept[:-2], kept[-2:]


def _lost(lines: list[Numbered], source: str) -> Iterator[Rejection]:
    """Text that belongs to no dateline; a short line alone is a heading."""
    if len(lines) > 1 or (lines and len(lines[0][1]) > _HEADING_LIMIT):
        reason = f'no dateline follows "{lines[0][1][:60]}"'
        yield Rejection(source, lines[0][0], reason)
