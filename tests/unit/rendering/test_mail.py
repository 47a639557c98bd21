"""Mails to one person: each folder of templates, in several languages, with awkward facts."""

import re

import html5lib
import pytest

from digest.rendering import inline_css
from digest.rendering.mail import Mail, render_mail
from digest.rendering.plain import width
from tests.documents import OUR_TEMPLATES, SITE, TEMPLATES
from tests.notices import COMMON, MAILS, awkward

LANGUAGES = ("en", "bg", "ar")


def rendered(name: str, language: str = "en", **facts) -> Mail:
    return render_mail(TEMPLATES, name, language, SITE, **COMMON | MAILS[name] | facts)


def test_every_folder_of_templates_is_looked_at():
    folders = {path.parent.name for path in OUR_TEMPLATES.glob("email/*/subject.txt")}
    assert folders == {"edition", *MAILS}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("spoilt", [False, True], ids=["ordinary", "awkward"])
@pytest.mark.parametrize("name", MAILS)
def test_every_mail_is_whole(name: str, spoilt: bool, language: str):  # noqa: FBT001 - a parameter
    facts = COMMON | MAILS[name]
    if spoilt:
        facts = awkward(facts)
    mail = render_mail(TEMPLATES, name, language, SITE, **facts)
    assert mail.subject.replace("\u200f", "").isprintable()
    assert 0 < len(mail.subject) <= 90
    html5lib.HTMLParser(strict=True).parse(mail.html)
    assert "<script" not in mail.html
    assert "{" not in re.sub(r"(?s)<style.*?</style>", "", mail.html)
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in mail.html
    lines = mail.text.splitlines()
    assert lines == [line.rstrip() for line in lines]
    assert "\n\n\n" not in mail.text
    assert not re.search(r"\(\s*\)|\[\s*\]|<\s*>", mail.text)
    if not spoilt:
        assert max(map(width, lines)) <= 72
    for part in (mail.text, mail.html):
        assert part.count(SITE.postal_address) == 1


@pytest.mark.parametrize("name", MAILS)
def test_both_parts_tell_the_same(name: str):
    mail = rendered(name)
    read = " ".join(html5lib.parse(mail.html).itertext())
    assert _words(mail.text) <= _words(read)
    assert mail.subject in mail.text


def _words(text: str) -> set[str]:
    """Its words, without what leads to what in the text alone."""
    return {word.rstrip(":") for word in re.sub(r"[\s|-]+", " ", text).split()}


def test_commands_name_what_they_are_about():
    assert "  digest editions resume 17\n" in rendered("paused").text
    assert "  digest editions build morning --date 2026-03-03\n" in rendered("failed").text
    assert "  digest feeds fetch world\n" in rendered("feeds").text
    assert "  digest articles list --date 2026-03-03\n" in rendered("skipped").text
    assert "  digest editions build morning" in rendered("skipped", cause="given up").text


def test_an_account_leaves_out_what_did_not_happen():
    account = {"audience": 9, "accepted": 8, "refused": 0, "gave_up": 0, "uncertain": 1}
    text = rendered("account", account={**account, "skipped": 0}).text
    assert "Refused" not in text
    assert "--status refused" not in text
    assert "digest editions resolve 17 --uncertain accepted" in text


def test_premailer_is_called_once():
    pages = []

    def inline(page: str) -> str:
        pages.append(page)
        return inline_css(page)

    render_mail(TEMPLATES, "paused", "en", SITE, inline=inline, **COMMON, **MAILS["paused"])
    assert len(pages) == 1


def test_what_the_program_says_is_marked_as_english():
    assert '<p lang="en" dir="ltr"' in rendered("paused", "ar").html
