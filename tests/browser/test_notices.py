"""Mails to the desk in a real browser, and the text parts as they stand in a terminal."""

import pytest

from digest.rendering.mail import render_mail
from tests.documents import SITE, TEMPLATES
from tests.notices import COMMON, MAILS, awkward


@pytest.mark.parametrize("language", ["en", "bg", "ar"])
@pytest.mark.parametrize("name", MAILS)
def test_nothing_sticks_out_and_nothing_runs(opened, name: str, language: str):
    for facts in (COMMON | MAILS[name], awkward(COMMON | MAILS[name])):
        mail = render_mail(TEMPLATES, name, language, SITE, **facts)
        page = opened(mail.html, 320, "dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.evaluate("document.scripts.length") == 0
        [heading] = page.get_by_role("heading").all()
        assert heading.inner_text() == mail.subject


def test_what_the_program_says_begins_at_the_left_in_every_language(opened):
    facts = COMMON | MAILS["paused"]
    mail = render_mail(TEMPLATES, "paused", "ar", SITE, **facts)
    page = opened(mail.html, 640)
    command = page.get_by_text("digest editions resume 17")
    assert command.evaluate("e => getComputedStyle(e).textAlign") == "left"
    assert page.get_by_role("heading").evaluate("e => getComputedStyle(e).textAlign") == "right"
