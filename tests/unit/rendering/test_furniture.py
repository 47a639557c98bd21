"""The furniture in its languages: catalogs complete, plurals and dates right."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from importlib import import_module
from itertools import combinations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.messages.catalog import Catalog

from digest.rendering import direction, furniture, languages, reader_language
from digest.rendering.plain import width, wrap
from digest.rendering.view import reading_words, web_address
from tests.messages import catalogs, forms, messages, problems, read

EIGHT = ("ar", "bg", "de", "el", "en", "es", "fr", "tr")


def test_the_languages():
    assert languages() == EIGHT


@pytest.mark.parametrize(("language", "path"), catalogs())
def test_every_catalog_has_every_message_and_no_other(language: str, path: Path):
    assert list(problems(read(language, path))) == []


@pytest.mark.parametrize(("language", "path"), catalogs())
def test_plural_forms_are_those_of_cldr(language: str, path: Path):
    # French and Spanish have one more, for millions: no mail has so many of anything.
    category = Locale.parse(language).plural_form
    found = forms(read(language, path)).values()
    categories = [{category(number) for number in numbers} for numbers in found]
    assert all(len(one) == 1 for one in categories)
    assert all(not one & other for one, other in combinations(categories, 2))


def english() -> Catalog:
    catalog = Catalog("en")
    for message in messages():
        catalog.add(message.id, message.id)
    return catalog


def test_what_a_catalog_lacks_is_found():
    assert list(problems(english())) == []
    article = ("%(num)s article", "%(num)s articles")
    broken: dict[Any, tuple[Any, str]] = {
        "Unsubscribe": ("", "not translated: Unsubscribe"),
        "No. %(number)s": ("No. %(nr)s", "other placeholders: No. %(nr)s"),
        "updated %(time)s": ("100 % %(time)s", "other placeholders: 100 % %(time)s"),
        article: (("%(num)s article",), f"1 forms, not 2: {article}"),
        "Past": ("Past", "no longer used: Past"),
    }
    for message, (text, problem) in broken.items():
        catalog = english()
        catalog.delete(message)
        catalog.add(message, text)
        assert problem in list(problems(catalog))
    guessed = english()
    guessed.add("Unsubscribe", "Unsubscribe", flags=["fuzzy"])
    assert list(problems(guessed)) == ["only guessed: Unsubscribe"]
    short = english()
    short.delete("Unsubscribe")
    assert list(problems(short)) == ["not translated: Unsubscribe"]
    # "An article" says that it is one, "articles" does not say how many.
    worded = english()
    worded.delete(article)
    worded.add(article, ("an article", "articles"))
    assert list(problems(worded)) == ["other placeholders: articles"]


@pytest.fixture
def polish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalog that somebody has begun."""
    module = import_module("digest.rendering.furniture")
    cached = (module.languages, module.furniture, module.reader_language)
    path = tmp_path / "pl" / "LC_MESSAGES" / "digest.po"
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid ""\nmsgstr ""\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2);\\n"\n\n'
        'msgid "Unsubscribe"\nmsgstr "Wypisz się"\n\n'
        '#, fuzzy\nmsgid "Past editions"\nmsgstr "Wypisz się"\n\n'
        'msgid "Choose your sections"\nmsgstr ""\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(module, "_CATALOGS", tmp_path)
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()


def test_what_is_not_translated_is_english(polish):
    words = furniture("pl-PL")
    assert words.word("Unsubscribe") == "Wypisz się"
    for message in ("Past editions", "Choose your sections", "View in browser"):
        assert words.word(message) == message
    assert [words.articles(number) for number in (1, 3)] == ["1 article", "3 articles"]
    assert reader_language("pl-PL", "en") == "pl"


@pytest.mark.parametrize(
    ("wanted", "own", "language"),
    [
        (None, "en", "en"),
        ("", "bg", "bg"),
        ("ar", "en", "ar"),
        ("de-AT", "en", "de"),
        ("FR", "en", "fr"),
        ("EN_gb", "en", "en"),
        ("zh-Hant", "bg", "bg"),
        ("tlh", "mk", "mk"),
        ("en", "mk", "en"),
        # The publisher chose how dates are written in the reader's language.
        ("en", "en-US", "en-US"),
        ("en-US", "en", "en"),
    ],
)
def test_the_language_of_a_readers_mail(wanted, own, language):
    assert reader_language(wanted, own) == language


N = "\xa0"
THIN = "\u202f"


@pytest.mark.parametrize(
    ("language", "day", "long", "count", "clock", "long_ago"),
    [
        (
            "en",
            "Tuesday, 3 March 2026",
            "3 March 2026",
            "1,001 articles",
            "07:00",
            "1 March, 21:40",
        ),
        (
            *("en-US", "Tuesday, March 3, 2026", "March 3, 2026", "1,001 articles"),
            *(f"7:00{THIN}AM", f"March 1, 9:40{THIN}PM"),
        ),
        (
            *("bg", f"Вторник, 3 март 2026{THIN}г.", f"3 март 2026{THIN}г.", f"1{N}001 статии"),
            *("7:00", "1 март, 21:40"),
        ),
        (
            *("de", "Dienstag, 3. März 2026", "3. März 2026", "1.001 Artikel"),
            *("07:00", "1. März, 21:40"),
        ),
        (
            *("fr", "Mardi 3 mars 2026", "3 mars 2026", f"1{THIN}001 articles"),
            *("07:00", "1er mars à 21:40"),
        ),
        (
            *("es", "Martes, 3 de marzo de 2026", "3 de marzo de 2026", "1.001 artículos"),
            *("7:00", "1 de marzo, 21:40"),
        ),
        (
            *("el", "Τρίτη 3 Μαρτίου 2026", "3 Μαρτίου 2026", "1.001 άρθρα"),
            *("07:00", "1 Μαρτίου, 21:40"),
        ),
        ("tr", "3 Mart 2026 Salı", "3 Mart 2026", "1.001 haber", "07:00", "1 Mart 21:40"),
        ("ar", "الثلاثاء، 3 مارس 2026", "3 مارس 2026", "1,001 مقال", "07:00", "1 مارس، 21:40"),
        (
            "tlh",
            "Tuesday, 3 March 2026",
            "3 March 2026",
            "1,001 articles",
            "07:00",
            "1 March, 21:40",
        ),
        (
            *("not a language", "Tuesday, 3 March 2026", "3 March 2026", "1,001 articles"),
            *("07:00", "1 March, 21:40"),
        ),
    ],
)
def test_dates_numbers_and_times(language, day, long, count, clock, long_ago):
    words = furniture(language)
    edition, evening = date(2026, 3, 3), datetime(2026, 3, 1, 19, 40, tzinfo=UTC)
    assert words.full_date(edition) == day
    assert words.long_date(edition) == long
    assert words.articles(1001) == count
    assert words.clock(time(7)) == clock
    assert words.moment(evening, ZoneInfo("Europe/Sofia"), edition) == long_ago


def test_the_first_of_a_month_in_french():
    words = furniture("fr")
    assert words.full_date(date(2026, 2, 1)) == "Dimanche 1er février 2026"
    assert words.long_date(date(2026, 2, 11)) == "11 février 2026"


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("en", "1 article in 1 story. One minute.", "46 articles in 31 stories. 16 minutes."),
        (
            *("bg", "1 статия по 1 тема. Една минута четене."),
            "46 статии по 31 теми. 16 минути четене.",
        ),
        (
            *("de", "1 Artikel zu 1 Thema. Eine Minute Lesezeit."),
            "46 Artikel zu 31 Themen. 16 Minuten Lesezeit.",
        ),
        (
            *("fr", "1 article, 1 sujet. Une minute de lecture."),
            "46 articles, 31 sujets. 16 minutes de lecture.",
        ),
        (
            *("es", "1 artículo sobre 1 tema. Un minuto de lectura."),
            "46 artículos sobre 31 temas. 16 minutos de lectura.",
        ),
        (
            *("el", "1 άρθρο για 1 θέμα. Ένα λεπτό ανάγνωσης."),
            "46 άρθρα για 31 θέματα. 16 λεπτά ανάγνωσης.",
        ),
        (
            *("tr", "1 konuda 1 haber. Bir dakikalık okuma."),
            "31 konuda 46 haber. 16 dakikalık okuma.",
        ),
        (
            *("ar", "مقال واحد في موضوع واحد. مدة القراءة: دقيقة واحدة."),
            "46 مقالًا في 31 موضوعًا. مدة القراءة: 16 دقيقة.",
        ),
    ],
)
def test_one_is_not_many(language, one, many):
    assert furniture(language).contents(1, 1, 1) == one
    assert furniture(language).contents(46, 31, 16) == many


def test_arabic_counts_in_six_ways():
    told = [
        furniture("ar").articles(number) for number in (1, 2, 3, 10, 11, 99, 100, 102, 103, 111)
    ]
    assert told == [
        *("مقال واحد", "مقالان", "3 مقالات", "10 مقالات", "11 مقالًا", "99 مقالًا"),
        *("100 مقال", "102 مقال", "103 مقالات", "111 مقالًا"),
    ]


def test_which_way_a_language_runs():
    assert [direction(tag) for tag in ("ar", "ar-EG", "he", "fa_IR", "ur", "en", "bg", "arn")] == [
        *["rtl"] * 5,
        *["ltr"] * 3,
    ]


def test_wrapping_counts_columns_as_terminals_do():
    assert wrap("a bb ccc", columns=4) == "a bb\nccc"
    assert wrap("", columns=4) == ""
    assert (
        wrap("https://news.example.org/long x", "| ", 10) == "| https://news.example.org/long\n| x"
    )
    assert wrap("国会通过预算案", columns=6) == "国会通\n过预算\n案"
    assert width("国会 Né") == 7
    assert width("e\u0301") == 1


def test_words_to_read():
    assert reading_words("Parliament passes the budget") == 4
    assert 3 <= reading_words("国会通过预算案") <= 5


def test_web_addresses():
    assert web_address(" https://example.org/a?b=c#d ") == "https://example.org/a?b=c#d"
    assert web_address("HTTPS://example.org/%20x") == "HTTPS://example.org/%20x"
    assert web_address("ftp://example.org/") == ""
