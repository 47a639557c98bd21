"""What a subscriber may choose."""

from pathlib import Path

import pytest

from digest.config import Settings
from digest.errors import (
    NewsletterNeededError,
    UnknownNewsletterError,
    UnknownSectionError,
    UsageError,
)
from digest.subscribers.choices import Profile, read_choices, read_profile, several

SITE = {"name": "Courier", "base_url": "https://a.example", "postal_address": "1 Example Street"}


def newsletter(slug: str, *sections: str) -> dict[str, object]:
    return {
        "slug": slug,
        "title": slug,
        "from": "news@a.example",
        "sections": sections,
        "send_at": "07:00",
    }


def settings(*newsletters: dict[str, object]) -> Settings:
    return Settings.from_data({"site": SITE, "newsletters": newsletters}, Path())


MORNING = newsletter("morning", "Politics", "World » Europe", "Sports")
BOTH = settings(MORNING, newsletter("evening", "Culture", "Sports"))
ONE = settings(MORNING)


def test_the_only_newsletter_need_not_be_named():
    assert read_choices(ONE, []) == {"morning": None}


def test_of_two_newsletters_one_must_be_named():
    with pytest.raises(NewsletterNeededError, match=r"--newsletter: .* has morning, evening"):
        read_choices(BOTH, [])
    assert read_choices(BOTH, ["evening", "evening"]) == {"evening": None}


def test_without_newsletters_there_is_nothing_to_choose():
    with pytest.raises(NewsletterNeededError, match="the configuration has none"):
        read_choices(settings(), [])


def test_an_unknown_newsletter_is_told():
    with pytest.raises(UnknownNewsletterError, match='"noon": the configuration has morning'):
        read_choices(ONE, ["noon"])


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        (["POLITICS"], ["Politics"]),
        (["world»europe", "World » Europe"], ["World » Europe"]),
        (["World"], ["World"]),
        (["World » Europe » France"], ["World » Europe » France"]),
        (["Sports; politics ;"], ["Sports", "Politics"]),
        ([" ; "], None),
    ],
)
def test_a_section_fits_when_it_is_the_newsletters_or_above_or_below(
    chosen: list[str], kept: list[str] | None
):
    assert read_choices(ONE, [], chosen) == {"morning": kept}


@pytest.mark.parametrize("path", ["Culture", "World » Asia", "Pol", "Europe"])
def test_a_section_that_does_not_fit_is_told_with_those_that_do(path: str):
    told = f'"morning" has no section "{path}": choose from Politics, World » Europe, Sports'
    with pytest.raises(UnknownSectionError, match=told):
        read_choices(ONE, [], ["Sports", path])


def test_each_newsletter_gets_the_sections_that_fit_it():
    chosen = read_choices(BOTH, ["morning", "evening"], ["Sports", "Culture"])
    assert chosen == {"morning": ["Sports"], "evening": ["Sports", "Culture"]}


def test_a_newsletter_that_none_of_the_sections_fits_is_told():
    with pytest.raises(UnknownSectionError, match='"morning" has no section "Culture"'):
        read_choices(BOTH, ["morning", "evening"], ["Culture"])


def test_a_profile_is_cleaned_and_checked():
    profile = read_profile(" Ana\r\nPetrova\x00 ", "Europe/Sofia", "pt_BR")
    assert profile == Profile("Ana Petrova", "Europe/Sofia", "pt-BR")
    assert read_profile("", "", "") == Profile("", "", "")
    assert not read_profile()


@pytest.mark.parametrize(
    ("timezone", "language", "told"),
    [("Sofia", None, "is no time zone: use an IANA"), (None, "bulgarian", "is no language: use")],
)
def test_a_zone_or_language_that_does_not_exist_is_told(
    timezone: str | None, language: str | None, told: str
):
    with pytest.raises(UsageError, match=told):
        read_profile(None, timezone, language)


def test_several_values_stand_between_semicolons():
    assert several(" a;b ;; ") == ["a", "b"]
