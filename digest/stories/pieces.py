"""A text as near-duplicates are looked for: its runs of words, numbers, names and markers."""

import re
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property

from digest.stories.items import Item, VersionKind, canonical
from digest.stories.languages import primary
from digest.stories.markers import closing_marker, opening_marker, read_marker
from digest.stories.words import names, terms

# How many words a run has, and how many characters of a headline or a text are looked at.
RUN = 3
LONGEST = 16_000
# A text of fewer words, the headline's included, says the same from day to day.
SHORT = 25

NEVER = datetime.min.replace(tzinfo=UTC)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


class Piece:
    """A text, and the articles that consist of it to the letter."""

    def __init__(self, items: Sequence[Item], now: datetime) -> None:
        first = items[0]
        told = (first.body or first.teaser)[:LONGEST]
        headline = read_marker(first.title[:LONGEST])
        self.items = items
        self.when = {item.id: moment(item, now) for item in items}
        self.latest = max(self.when.values())
        self.earliest = min(self.when.values())
        self.says_so = headline.kind is not None
        self.notice = headline.kind or opening_marker(told)
        closing = closing_marker(first.body)
        self.is_correction = VersionKind.CORRECTION in {self.notice, closing}
        self.is_marked = bool(self.notice or closing)
        self.headline = terms(headline.text)
        self.text = terms(told)
        self.is_short = len(self.headline) + len(self.text) < SHORT
        self.length = len(self.text)
        self.key = (-len(self.headline) - self.length, canonical(first))
        self._told = told

    @cached_property
    def language(self) -> str:
        """The primary part of the language's tag."""
        return primary(self.items[0].language)

    @cached_property
    def runs(self) -> frozenset[int]:
        """All runs of words, those of the headline included."""
        return _runs(self.headline) | _runs(self.text)

    @cached_property
    def telling(self) -> frozenset[int]:
        """The runs that have to be in a version: where there is text enough, those of the text."""
        return _runs(self.text) if len(self.text) >= SHORT else self.runs

    @cached_property
    def words(self) -> frozenset[str]:
        """All words, those of the headline included."""
        return frozenset(self.headline) | frozenset(self.text)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The numbers in it, as they are written."""
        return frozenset(_NUMBER.findall(f"{self.items[0].title} {self._told}"))

    @cached_property
    def names(self) -> frozenset[str]:
        """The headline's words that the text writes as names."""
        return self.named.intersection(self.headline)

    @cached_property
    def named(self) -> frozenset[str]:
        """The words that the text writes as names."""
        return frozenset(names(self._told))


def _runs(tokens: Sequence[str]) -> frozenset[int]:
    if not tokens:
        return frozenset()
    starts = range(max(1, len(tokens) - RUN + 1))
    # A checksum stands for the run: two alike among some thousands change no decision.
    return frozenset(
        zlib.crc32(" ".join(tokens[n : n + RUN]).encode("utf-8", "surrogatepass")) for n in starts
    )


def moment(item: Item, now: datetime) -> datetime:
    """When an article was published, now at the latest, and before all others without a date."""
    return NEVER if item.published is None else min(item.published, now)
