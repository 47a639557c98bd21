"""Who reads by ear, by keys or with weak eyes gets the same mail: axe-core in a real browser."""

import pytest

from digest.config import Theme
from digest.config_face import Light
from tests.documents import ordinary_day
from tests.every_mail import gallery_mails
from tests.gallery.mails import edition_page
from tests.mail_checks import faint_alternatives, violations
from tests.mail_page import show

# Each kind of mail once, and each language; `python -m benchmarks.access` looks at all of them.
MAILS = {
    "en": {"edition"},
    "bg": {"one-section", "meridian", "account", "paused"},
    "ar": {"edition", "failed", "feeds", "skipped"},
}


@pytest.mark.parametrize("language", MAILS)
def test_every_mail_is_for_everybody(browser, language):
    page = browser.new_page(viewport={"width": 600, "height": 800})
    found = {}
    for sample in gallery_mails(language):
        if sample.name in MAILS[language]:
            show(page, sample.html())
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                found[sample.name, scheme] = [*violations(page), *faint_alternatives(page)]
    page.close()
    assert len(found) == 2 * len(MAILS[language])
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_a_theme_that_is_hard_to_read_is_found(opened):
    # As no configuration lets it through.
    theme = Theme(light=Light(soft="#b0ada6"))
    found = violations(opened(edition_page(ordinary_day(), theme=theme), 600))
    assert {line.split(":")[0] for line in found} == {"color-contrast"}
    assert "18 articles" in found[0]


def test_what_voices_need_is_missed(opened):
    doctored = {
        "html-has-lang": ('<html lang="en"', "<html"),
        "heading-order": ("<h3", '<h6 role="heading"'),
        "image-alt": ('alt="Hills at dawn"', ""),
        "document-title": ("<title>The Morning Courier</title>", ""),
    }
    html = edition_page(ordinary_day())
    for old, new in doctored.values():
        assert old in html
        html = html.replace(old, new)
    found = violations(opened(html, 600))
    assert {line.split(":")[0] for line in found} >= set(doctored)


def test_a_faint_alternative_is_found(opened):
    html = edition_page(ordinary_day()).replace("<img ", '<img style="color:#eee" ', 1)
    assert faint_alternatives(opened(html, 600)) != []
