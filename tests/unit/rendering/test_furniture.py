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
from digest.rendering.furniture import in_order
from digest.rendering.plain import width, wrap
from digest.rendering.viewer import reading_words, web_address
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


@pytest.mark.parametrize(
    ("language", "line", "shown"),
    [
        ("ar", "Courier: العبّارات تبحر", "\u200fCourier: العبّارات تبحر"),
        ("ar", "«Courier»: 3 وزراء", "\u200f«Courier»: 3 وزراء"),
        ("ar", "البريد: Ferries sail", "البريد: Ferries sail"),
        # Nothing in it could be turned round, but its last mark would go to the front.
        ("ar", "Courier: ferries sail again!", "Courier: ferries sail again!"),
        ("en", "Courier: العبّارات تبحر", "Courier: العبّارات تبحر"),
        ("ar", "", ""),
        ("ar", "2026", "2026"),
    ],
)
def test_a_line_of_both_directions_is_shown_as_it_is_read(language, line, shown):
    assert in_order(line, language) == shown


def test_an_arabic_line_keeps_its_numbers_apart_from_a_latin_name():
    # A number after Latin letters would join them, and change places with the month.
    words = furniture("ar")
    facts = {"newsletter": "Courier", "date": "3 مارس 2026"}
    for subject in (message.id for message in messages() if "%(newsletter)s of" in str(message.id)):
        assert "Courier\u200f، 3 مارس" in words.word(str(subject)) % facts
    subject = words.word("%(label)s: %(text)s") % {"label": "Courier", "text": "3 وزراء"}
    assert subject == "Courier\u200f: 3 وزراء"


COUNTED = (0, 1, 2, 3, 11, 100)


@pytest.mark.parametrize(
    ("language", "articles", "minutes"),
    [
        (
            "en",
            "0 articles|1 article|2 articles|3 articles|11 articles|100 articles",
            "11 minutes|100 minutes",
        ),
        ("bg", "0 статии|1 статия|2 статии|3 статии|11 статии|100 статии", "11 минути|100 минути"),
        (
            "de",
            "0 Artikel|1 Artikel|2 Artikel|3 Artikel|11 Artikel|100 Artikel",
            "11 Minuten|100 Minuten",
        ),
        (
            "fr",
            "0 article|1 article|2 articles|3 articles|11 articles|100 articles",
            "11 minutes|100 minutes",
        ),
        (
            "es",
            "0 artículos|1 artículo|2 artículos|3 artículos|11 artículos|100 artículos",
            "11 minutos|100 minutos",
        ),
        ("el", "0 άρθρα|1 άρθρο|2 άρθρα|3 άρθρα|11 άρθρα|100 άρθρα", "11 λεπτά|100 λεπτά"),
        (
            "tr",
            "0 haber|1 haber|2 haber|3 haber|11 haber|100 haber",
            "11 dakikalık|100 dakikalık",
        ),
        ("ar", "0 مقال|مقال واحد|مقالان|3 مقالات|11 مقالًا|100 مقال", "11 دقيقة|100 دقيقة"),
    ],
)
def test_numbers_of_things(language: str, articles: str, minutes: str):
    words = furniture(language)
    assert "|".join(map(words.articles, COUNTED)) == articles
    assert "|".join(map(words.minutes, COUNTED[-2:])) == minutes


@pytest.mark.parametrize(
    ("language", "one", "two", "many"),
    [
        (
            "en",
            "1 more story is in the whole edition.",
            "2 more stories are in the whole edition.",
            "11 more stories are in the whole edition.",
        ),
        (
            "bg",
            "Още 1 тема ще намерите в целия брой.",
            "Още 2 теми ще намерите в целия брой.",
            "Още 11 теми ще намерите в целия брой.",
        ),
        (
            "de",
            "1 weiteres Thema finden Sie in der vollständigen Ausgabe.",
            "2 weitere Themen finden Sie in der vollständigen Ausgabe.",
            "11 weitere Themen finden Sie in der vollständigen Ausgabe.",
        ),
        (
            "fr",
            "1 autre sujet vous attend dans l’édition complète.",
            "2 autres sujets vous attendent dans l’édition complète.",
            "11 autres sujets vous attendent dans l’édition complète.",
        ),
        (
            "es",
            "Hay 1 tema más en la edición completa.",
            "Hay 2 temas más en la edición completa.",
            "Hay 11 temas más en la edición completa.",
        ),
        (
            "el",
            "1 ακόμη θέμα θα βρείτε στο πλήρες φύλλο.",
            "2 ακόμη θέματα θα βρείτε στο πλήρες φύλλο.",
            "11 ακόμη θέματα θα βρείτε στο πλήρες φύλλο.",
        ),
        (
            "tr",
            "Sayının tamamında 1 konu daha var.",
            "Sayının tamamında 2 konu daha var.",
            "Sayının tamamında 11 konu daha var.",
        ),
        (
            "ar",
            "موضوع آخر تجده في العدد الكامل.",
            "موضوعان آخران تجدهما في العدد الكامل.",
            "11 موضوعًا آخر تجدها في العدد الكامل.",
        ),
    ],
)
def test_sentences_bend_with_their_number(language: str, one: str, two: str, many: str):
    assert [furniture(language).more_stories(number) for number in (1, 2, 11)] == [one, two, many]


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
