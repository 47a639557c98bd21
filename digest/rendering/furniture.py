"""The furniture: the words, dates and numbers around the stories, in the edition's language."""

import io
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from unicodedata import bidirectional
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

_CATALOGS = Path(__file__).parent / "locale"
_RIGHT_TO_LEFT = {"ar", "fa", "he", "ps", "ur", "yi"}
# Plain "en" is the English of most of the world: the day before the month, 24 hours.
_DEFAULT_TERRITORY = {"en": "en_GB"}
# Babel has the twelve hours of speech for these; their newspapers print the day's 24.
_CLOCK = {"ar": "HH:mm", "el": "HH:mm"}
# It has "1 mars" where all of France writes this.
_FIRST_OF_MONTH = {"fr": "1er"}


def direction(language: str) -> str:
    """`rtl` for languages written from right to left, else `ltr`."""
    return "rtl" if language.replace("_", "-").split("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def in_order(line: str, language: str) -> str:
    """A line that stands by itself, such as a subject, shown in the order in which it is read.

    Programs take the direction of such a line from its first letter (UAX 9, rules P2 and P3). So a
    Latin name before Arabic words would turn them round; a right-to-left mark before it does not.
    """
    if direction(language) == "ltr":
        return line
    letters = [bidirectional(character) for character in line if character.isalpha()]
    turned = "L" in letters[:1] and not {"R", "AL"}.isdisjoint(letters)
    return f"\u200f{line}" if turned else line


@dataclass(frozen=True)
class Furniture:
    """Words, dates and numbers in one language.

    Digits are 0 to 9 in all of them. So most Arabic newspapers write them online, those of the
    Maghreb know no others, and one mail is read in all countries.

    A language without a catalog has English words; one that Babel does not know, English dates.
    """

    locale: Locale
    catalog: NullTranslations

    def word(self, message: str) -> str:
        """The message in this language."""
        return self.catalog.gettext(message)

    def count(self, one: str, many: str, number: int) -> str:
        """The message in the plural form of `number`, which stands in it as `%(num)s`."""
        text = self.catalog.ngettext(one, many, number)
        return text.replace("%(num)s", self.number(number))

    def number(self, number: int) -> str:
        """4,602."""
        return format_decimal(number, locale=self.locale)

    def full_date(self, day: date) -> str:
        """Tuesday, 3 March 2026."""
        text = self._first(day, format_date(day, "full", locale=self.locale))
        return text[:1].upper() + text[1:]

    def long_date(self, day: date) -> str:
        """3 March 2026."""
        return self._first(day, format_date(day, "long", locale=self.locale))

    def clock(self, at: time) -> str:
        """21:40."""
        pattern = _CLOCK.get(self.locale.language, "short")
        return format_time(at, pattern, locale=self.locale)

    def moment(self, instant: datetime, zone: ZoneInfo, edition: date) -> str:
        """The wall time in `zone`; with the day unless it is the edition's or the one before."""
        local = instant.astimezone(zone)
        clock = self.clock(local.time())
        if 0 <= (edition - local.date()).days <= 1:
            return clock
        told = format_skeleton("MMMMd", local.replace(tzinfo=None), locale=self.locale)
        day = self._first(local.date(), told)
        return self.word("%(day)s, %(time)s") % {"day": day, "time": clock}

    def _first(self, day: date, told: str) -> str:
        """A date as it is told; the first of a month in words that Babel does not have."""
        ordinal = _FIRST_OF_MONTH.get(self.locale.language)
        return re.sub(r"\b1\b", ordinal, told, count=1) if ordinal and day.day == 1 else told

    def contents(self, articles: int, stories: int, minutes: int) -> str:
        """46 articles in 31 stories. Six minutes."""
        return self.word("%(articles)s in %(stories)s. %(minutes)s.") % {
            "articles": self.articles(articles),
            "stories": self.count("%(num)s story", "%(num)s stories", stories),
            "minutes": self.minutes(minutes),
        }

    def articles(self, number: int) -> str:
        """9 articles."""
        return self.count("%(num)s article", "%(num)s articles", number)

    def more_on_this(self, number: int) -> str:
        """3 more on this."""
        return self.count("%(num)s more on this", "%(num)s more on this", number)

    def more_stories(self, number: int) -> str:
        """12 more stories are in the whole edition."""
        return self.count(
            "%(num)s more story is in the whole edition.",
            "%(num)s more stories are in the whole edition.",
            number,
        )

    def minutes(self, number: int) -> str:
        """Six minutes: a newspaper spells small numbers out."""
        spelled = (
            self.word("One minute"),
            self.word("Two minutes"),
            self.word("Three minutes"),
            self.word("Four minutes"),
            self.word("Five minutes"),
            self.word("Six minutes"),
            self.word("Seven minutes"),
            self.word("Eight minutes"),
            self.word("Nine minutes"),
            self.word("Ten minutes"),
        )
        if number <= len(spelled):
            return spelled[number - 1]
        return self.count("%(num)s minute", "%(num)s minutes", number)


@cache
def languages() -> tuple[str, ...]:
    """The languages that there is a catalog for, as tags."""
    return tuple(sorted(path.parts[-3].replace("_", "-") for path in _CATALOGS.glob("*/*/*.po")))


@cache
def reader_language(wanted: str | None, own: str) -> str:
    """The language of a reader's mail: what they wanted, if there is a catalog for it.

    A variety of a language (`de-AT`) has that language's catalog, unless it has one of its own.

    Args:
        wanted: the reader's language; None or an empty string where it is not known.
        own: the newsletter's. It stays where `wanted` is a variety of it: its dates are those that
            the publisher chose.
    """
    catalog = _catalog(wanted) if wanted else None
    return own if catalog in {None, _catalog(own)} else str(catalog)


def _catalog(language: str) -> str | None:
    """The name of the catalog for a language tag."""
    names = {name.lower(): name for name in languages()}
    tag = language.replace("_", "-").lower()
    return names.get(tag) or names.get(tag.split("-")[0])


@cache
def furniture(language: str) -> Furniture:
    """The furniture for a language tag such as `bg` or `en-US`."""
    tag = language.replace("-", "_")
    try:
        locale = Locale.parse(_DEFAULT_TERRITORY.get(tag.lower(), tag))
    except (ValueError, UnknownLocaleError):
        locale = Locale.parse("en_GB")
    name = _catalog(language)
    if name is None:
        return Furniture(locale, NullTranslations())
    folder = name.replace("-", "_")
    path = _CATALOGS / folder / "LC_MESSAGES" / "digest.po"
    with path.open("rb") as source:
        catalog = read_po(source, locale=folder)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Furniture(locale, Translations(compiled))


def vocabulary(language: str) -> dict[str, object]:
    """What templates that are rendered for one person say things with, in a language."""
    words = furniture(language)
    return {
        "lang": language.replace("_", "-"),
        "dir": direction(language),
        "_": words.word,
        "number": words.number,
        "long_date": words.long_date,
    }
