"""What the preview says of a mail: its size, the lint's findings, why each story is there. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from email import message_from_bytes
from typing import NamedTuple

from babel import Locale, UnknownLocaleError

from digest.delivery.message import MAX_BYTES
from digest.editions.reasons import replaced, said
from digest.editions.selection import Excluded
from digest.editions.why import Rank, rank_of
from digest.rendering import Choice
from digest.rendering.lint import Finding
from digest.rendering.viewer import web_address
from digest.sections import is_within
from digest.store.document import EditionDocument, Placement, RelatedArticle, StoryEntry, Version

_LINE = re.compile(r"line (\d+): ")
_PARTS = {
    "related": ("list of related articles", "lists of related articles"),
    "teaser": ("teaser", "teasers"),
    "brief": ("brief", "briefs"),
    "story": ("story", "stories"),
}


def language_name(tag: str) -> str:
    """A language by its English name: `Portuguese (Brazil)`; what has none stays a tag."""
    try:
        return Locale.parse(tag, sep="-").get_display_name("en") or tag
    except (UnknownLocaleError, ValueError):
        return tag


class Sizes(NamedTuple):
    """Bytes of a mail as it is sent; `head` holds the boundaries between the parts, too."""

    head: int
    text: int
    html: int
    limit: int = MAX_BYTES

    @property
    def total(self) -> int:
        """All of it."""
        return self.head + self.text + self.html

    @property
    def shares(self) -> dict[str, float]:
        """Each part in hundredths of the limit, the largest first."""
        parts = {"HTML": self.html, "text": self.text, "headers": self.head}
        return {name: 100 * size / self.limit for name, size in parts.items()}


def sizes_of(message: bytes) -> Sizes:
    """The sizes of a mail of two parts; of none, nothing."""
    payloads = {
        part.get_content_type(): len(str(part.get_payload()).replace("\n", "\r\n"))
        for part in message_from_bytes(message.replace(b"\r\n", b"\n")).walk()
        if not part.is_multipart() and message
    }
    text, html = payloads.get("text/plain", 0), payloads.get("text/html", 0)
    return Sizes(len(message) - text - html, text, html)


def shed_in_words(shed: Iterable[str]) -> list[str]:
    """What was left out for size, counted: `12 teasers`."""
    counts = Counter(_kind(scope) for scope in shed)
    return [
        f"{counts[kind]:,} {words[counts[kind] > 1]}"
        for kind, words in _PARTS.items()
        if counts[kind]
    ]


def _kind(scope: str) -> str:
    """What a scope is: a part of a story, a brief, or a story whatever place it has."""
    name, *_, last = scope.split()
    if last in {"related", "teaser"}:
        return last
    return "brief" if name == Placement.BRIEF else "story"


class Said(NamedTuple):
    """A finding of the lint; `line` is where in the source, 0 where it is elsewhere."""

    finding: Finding
    line: int


def findings_said(findings: Iterable[Finding]) -> list[Said]:
    """The findings, each with the line of the source that it names."""
    return [
        Said(finding, int(place[1]) if (place := _LINE.match(finding.place)) else 0)
        for finding in findings
    ]


class ArticleRow(NamedTuple):
    """An article of a story: its number, and why it stands where it does.

    `url` is empty where there is no web address; `role` is "lead", "related", or why it is not
    shown; `order` are the factors of its place.
    """

    article: int
    title: str
    url: str
    section: str
    role: str
    order: str
    tied: tuple[str, ...]


class StoryRow(NamedTuple):
    """A story; `absent` says why it is not in this reader's mail, `shed` what of it is not."""

    story: StoryEntry
    rank: Rank
    heading: str
    reasons: str
    articles: tuple[ArticleRow, ...]
    absent: str
    shed: str


def story_rows(document: EditionDocument, choice: Choice, shed: Collection[str]) -> list[StoryRow]:
    """Every story of an edition in the order of its rank, with why it has it."""
    titles = {heading.key: heading.title for heading in document.headings}
    lost: dict[int, set[str]] = {}
    for scope in shed:
        lost.setdefault(int(scope.split()[1]), set()).add(_kind(scope))
    rows = []
    for number, story in enumerate(document.stories):
        gone = lost.get(number, set())
        parts = " and ".join(_PARTS[kind][0] for kind in ("related", "teaser") if kind in gone)
        absent = "left out for size" if gone & {"story", "brief"} else ""
        if not _is_chosen(story, choice):
            absent = "not in this reader's sections"
        rows.append(
            StoryRow(
                story=story,
                rank=rank_of(document, story),
                heading=titles[story.heading],
                reasons=said(story.reasons),
                articles=tuple(_articles(story)),
                absent=absent,
                shed="" if absent else parts,
            )
        )
    return rows


def _is_chosen(story: StoryEntry, choice: Choice) -> bool:
    return choice is None or any(is_within(key, one) for key in story.sections for one in choice)


def _articles(story: StoryEntry) -> Iterator[ArticleRow]:
    for number, account in story.accounts.items():
        title = account.headline if isinstance(account, StoryEntry) else account.title
        role = "lead" if number == story.lead else "related"
        yield _article(account, number, title, role, said(account.order))
        for older in account.versions:
            yield _article(older, older.article, older.title, replaced(older.kind, number))


def _article(
    told: StoryEntry | RelatedArticle | Version, number: int, title: str, role: str, order: str = ""
) -> ArticleRow:
    return ArticleRow(number, title, web_address(told.url), told.section, role, order, told.tied)


def by_reason(excluded: Sequence[Excluded]) -> dict[str, list[Excluded]]:
    """What was left out, by why; the most frequent reason last, it is the least telling."""
    groups: dict[str, list[Excluded]] = {}
    for left in excluded:
        groups.setdefault(left.reason, []).append(left)
    return dict(sorted(groups.items(), key=lambda group: len(group[1])))
