"""Hostile strings in every field, through feeds into mails and pages, in a real browser."""

import json
from pathlib import Path

from benchmarks.hostile import Account, examine_heads, examine_mails, examine_pages
from benchmarks.hostile_browser import Offences, opened
from benchmarks.hostile_edition import hostile_edition
from benchmarks.hostile_feeds import FORMS
from benchmarks.hostile_strings import Hostile
from tests.documents import OUR_TEMPLATES

FILE = Path(__file__).parent.parent / "fixtures" / "hostile.json"
STRINGS = [
    Hostile("ours", f"{FILE.name}#{number}", text)
    for number, text in enumerate(json.loads(FILE.read_text(encoding="utf-8")))
]


def test_no_string_from_outside_does_anything_or_is_lost(browser, tmp_path):
    account = Account()
    chunks = {form: STRINGS[shift :: len(FORMS)] for shift, form in enumerate(FORMS)}
    with hostile_edition(tmp_path, chunks, STRINGS[::17]) as made:
        examine_mails(made, browser, account)
        examine_heads(made, STRINGS, account)
        examine_pages(made, browser, account, frames=1)
    assert account.offences == []
    fates = account.fates
    assert fates.shown + fates.related + fates.folded + fates.rejected == len(STRINGS)
    assert fates.shown > len(STRINGS) / 2
    assert account.heads == len(STRINGS)
    assert account.read > 20
    # Beside the mails: two pages of the archive, a reader's, the preview, a frame of it, the text.
    assert account.bare.opened == account.strict.opened == account.mails + 6
    assert account.bare.pictures > 0


def test_a_template_that_lets_titles_act_is_caught(browser, tmp_path):
    macros = (OUR_TEMPLATES / "email" / "macros.html").read_text(encoding="utf-8")
    doctored = macros.replace("{{ text }}", "{{ text | safe }}")
    assert doctored != macros
    own = tmp_path / "templates" / "email"
    own.mkdir(parents=True)
    (own / "macros.html").write_text(doctored, encoding="utf-8")
    account = Account()
    wanted = ("<svg/onload", "<img src=https://elsewhere")
    chunks = {"lines": [string for string in STRINGS if string.text.startswith(wanted)]}
    with hostile_edition(tmp_path, chunks, STRINGS[:1], templates=own.parent) as made:
        examine_mails(made, browser, account)
    assert any("ran alert" in script for script in account.bare.scripts)
    assert any("was about to run" in script for script in account.strict.scripts)
    for mode in (account.bare, account.strict):
        assert any("elsewhere.example" in request for request in mode.requests)
        assert any("element" in layout for layout in mode.layout)


FAULTS = {
    "<a href='javascript:alert(1)'>x</a>": "address: ",
    "<p onclick='alert(1)'>x</p>": "handler: ",
    "<p>World » آسيا · 21:40 · 3</p>": "turned round: ",
    "<p>The price \u202eof bread</p>": "a control character: ",
    "<p>a" + "\u0310" * 20 + "</p>": "marks pile up: ",
    "<p style='width:900px'>x</p>": "sideways at 640",
    "<h2>above</h2><p style='margin-top:-40px'>x</p>": "overlaps at 320",
    "<meta http-equiv=refresh content='9;url=/x'>": "leads away: ",
    "<p style='background:url(https://elsewhere.example/a)'>x</p>": "style: ",
    "<svg></svg>": "element: ",
}


def test_what_a_page_must_not_hold_is_told(browser):
    offences, html = Offences(), "\n".join(FAULTS)
    with opened(browser, "http://mail.test/", "here", offences, html=html, policy=None) as seen:
        seen.examine(set())
    told = "\n".join(offences.all)
    assert [html for html, what in FAULTS.items() if what not in told] == []
