"""The furniture in its languages: catalogs complete, plurals and dates right."""

import io
from datetime import date
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import digest.rendering
from digest.rendering import direction, furniture
from digest.rendering.plain import width, wrap
from digest.rendering.view import reading_words, web_address
from tests.documents import OUR_TEMPLATES

PACKAGE = Path(digest.rendering.__file__).parent
CATALOGS = sorted(PACKAGE.glob("locale/*/LC_MESSAGES/digest.po"))


def used() -> set[str]:
    keywords = {"_": None, "word": None, "count": (1, 2)}
    code = extract_from_dir(PACKAGE, [("**.py", "python")], keywords=keywords)
    ours = [("**.html", "jinja2"), ("**.txt", "jinja2")]
    mails = extract_from_dir(OUR_TEMPLATES / "email", ours, keywords=keywords)
    messages = (message for _, _, message, _, _ in (*code, *mails))
    return {message if isinstance(message, str) else message[0] for message in messages}


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parts[-3])
def test_every_catalog_has_every_message_and_no_other(path: Path):
    catalog = read_po(io.BytesIO(path.read_bytes()), locale=path.parts[-3])
    there = {m.id if isinstance(m.id, str) else m.id[0] for m in catalog if m.id}
    assert there == used()
    for message in catalog:
        assert not message.id or (message.string and all(message.string)), message.id
        assert list(message.check(catalog)) == []


def test_bulgarian_is_one_of_them():
    assert "bg" in {path.parts[-3] for path in CATALOGS}


@pytest.mark.parametrize(
    ("language", "day", "long", "count", "minutes"),
    [
        ("en", "Tuesday, 3 March 2026", "3 March 2026", "1,001 articles", "Six minutes"),
        ("en-US", "Tuesday, March 3, 2026", "March 3, 2026", "1,001 articles", "Six minutes"),
        (
            "bg",
            "Вторник, 3 март 2026\u202fг.",
            "3 март 2026\u202fг.",
            "1\xa0001 статии",
            "Шест минути",
        ),
        ("de", "Dienstag, 3. März 2026", "3. März 2026", "1.001 articles", "Six minutes"),
        ("tlh", "Tuesday, 3 March 2026", "3 March 2026", "1,001 articles", "Six minutes"),
        (
            "not a language",
            "Tuesday, 3 March 2026",
            "3 March 2026",
            "1,001 articles",
            "Six minutes",
        ),
    ],
)
def test_dates_numbers_and_words(language, day, long, count, minutes):
    words = furniture(language)
    assert words.full_date(date(2026, 3, 3)) == day
    assert words.long_date(date(2026, 3, 3)) == long
    assert words.articles(1001) == count
    assert words.minutes(6) == minutes


def test_one_is_not_many():
    assert furniture("en").contents(1, 1, 1) == "1 article in 1 story. One minute."
    assert furniture("en").contents(46, 31, 16) == "46 articles in 31 stories. 16 minutes."
    assert furniture("bg").contents(1, 1, 1) == "1 статия в 1 тема. Една минута."


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
