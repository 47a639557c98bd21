"""Feeds as articles: parsed in a child process of limited time and memory, then identified."""

import json
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from digest.errors import FeedUnreadableError
from digest.ingest import clean, identity
from digest.ingest.dates import plausible
from digest.ingest.incoming import Incoming, Rejection
from digest.sections import section_key, split_path

CPU_SECONDS = 5
MEMORY_BYTES = 512 * 1024 * 1024
_WALL_SECONDS = 60  # a busy machine may be slow; the limit on the processor's time comes first


@dataclass(frozen=True)
class Feed:
    """A parsed feed: its title, all its entries as articles, and what was rejected of it."""

    source: str

    title: str
    articles: list[Incoming] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)

    def outcomes(self) -> Iterator[Incoming | Rejection]:
        """What there is to store; an entry that nobody could read about is rejected."""
        for article in self.articles:
            if article.title:
                yield article
            else:
                reason = "an entry has neither title nor text nor link"
                yield Rejection(self.source, None, reason)
        yield from self.rejected


@dataclass(frozen=True)
class Filing:
    """How a feed's articles are filed: under the section they name, or else `otherwise`.

    An article names a section by a category that is `declared` (keys), or that is written as a
    path: World » Ukraine. `scope` keeps the ids of one feed apart from another's; without one the
    feed's own address and title do.
    """

    scope: str = ""
    otherwise: tuple[str, ...] = ()
    declared: Collection[str] = ()
    language: str = ""
    source: str = "feed"


@dataclass(frozen=True)
class _Loose:
    """The addresses and ids that name no single entry of a feed."""

    urls: set[str]
    ids: set[str]


def read_feed(
    data: bytes, source: str, now: datetime, base: str = "", filing: Filing | None = None
) -> Feed:
    """The articles of a feed; every entry is there, as an article or as a rejection.

    Raises:
        FeedUnreadableError: it is no feed, or costs more to parse than a feed may.
    """
    filing = filing or Filing()
    told = _in_child(data, source, base)
    if "error" in told:
        raise FeedUnreadableError(source=source, why=told["error"])
    entries: list[dict[str, Any]] = told["articles"]
    # An address or an id that different entries share names none of them: kept as a name, it would
    # merge them into one. So would that of the site, to which some feeds link every entry.
    loose = _Loose(
        {
            told["home"],
            *identity.shared([(one["url"], f"{one['id']}\n{one['title']}") for one in entries]),
        },
        identity.shared([(one["id"], f"{one['url']}\n{one['title']}") for one in entries]),
    )
    filing = replace(
        filing,
        # Two files of one feed correct each other; those of two feeds must not, for ever.
        source=f"feed:{filing.scope or told['home'] or told['title']}".removesuffix(":"),
        scope=filing.scope or f"{told['home']}\n{told['title']}".strip() or source,
        language=told["language"] or filing.language,
    )
    articles = [_article(one, filing, loose, _published(one, now)) for one in entries]
    # The latest last: of two versions of one article the later one stands.
    articles.sort(key=lambda article: article.published.timestamp() if article.published else 0)
    rejected = [Rejection(source, None, reason) for reason in told["rejected"]]
    return Feed(source, told["title"], articles, rejected)


def _in_child(data: bytes, source: str, base: str) -> dict[str, Any]:
    command = [
        sys.executable,
        "-P",  # what lies in the folder that we are started in is none of our modules
        "-m",
        "digest.ingest.feed_child",
        str(CPU_SECONDS),
        str(MEMORY_BYTES),
    ]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            [*command, base], input=data, capture_output=True, timeout=_WALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        why = f"parsing it takes longer than {_WALL_SECONDS} seconds"
        raise FeedUnreadableError(source=source, why=why) from error
    if done.returncode == 0:
        told: dict[str, Any] = json.loads(done.stdout)
        return told
    if done.returncode < 0:
        why = f"parsing it takes more than {CPU_SECONDS} seconds of the processor's time"
        raise FeedUnreadableError(source=source, why=why)
    last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    why = f"its parser failed ({clean.line(last[0] if last else 'without a word', 200)})"
    raise FeedUnreadableError(source=source, why=why)


def _published(told: dict[str, Any], now: datetime) -> datetime | None:
    """When an entry says it was published; a date that cannot be meant counts as none."""
    try:
        return plausible(datetime.fromisoformat(told["published"] or ""), now)
    except ValueError:
        return None


def _article(
    told: dict[str, Any],
    filing: Filing,
    loose: _Loose,
    published: datetime | None,
) -> Incoming:
    url = "" if told["url"] in loose.urls else told["url"]
    external_id = "" if told["id"] in loose.ids else told["id"]
    section, tags = _filed(told["tags"], filing)
    return Incoming(
        keys=identity.keys(url, external_id, filing.scope, told["title"], published),
        source=filing.source,
        title=told["title"],
        url=told["url"],
        external_id=told["id"],
        teaser=told["teaser"],
        body=told["body"],
        body_html=told["body_html"],
        section=section,
        otherwise_section=filing.otherwise,
        tags=tags or None,
        authors=tuple(told["authors"]) or None,
        image_url=told["image"],
        language=told["language"] or filing.language,
        published=published,
    )


def _filed(tags: list[str], filing: Filing) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The section that an entry's categories name, and the other categories."""
    for tag in tags:
        if len(split_path(tag)) > 1 or section_key(tag) in filing.declared:
            return clean.section(tag), tuple(other for other in tags if other != tag)
    return (), tuple(tags)
