"""The views of a mail: light, dark, without pictures, turned over; and nothing else changed."""

import re

import pytest

from digest.rendering import Slot, fill, render_edition, splice
from digest.web.preview.views import PANES, USUAL, VIEWS, dressed, policy
from tests.documents import SITE, TEMPLATES, edition, ordinary_day, story

SHEET = """<!DOCTYPE html>
<html><head><style>
@media (prefers-color-scheme: dark) { p { color: red } }
@media (max-width: 600px) and ( prefers-color-scheme:DARK ), (prefers-color-scheme: light) { p {} }
</style></head>
<body><p>Write @media (prefers-color-scheme: dark) in a sheet</p>
<picture><source media="(prefers-color-scheme: dark)" srcset="https://x.example/d.png"></picture>
</body></html>"""


def test_the_dark_decides_each_condition_where_it_stands():
    html = dressed(SHEET, VIEWS["phone-dark"])
    assert "@media (min-width:0) { p" in html
    assert "(max-width: 600px) and (min-width:0), (max-width:0) { p" in html
    assert '<source media="(min-width:0)"' in html
    assert "color-scheme:dark!important" in html


def test_the_light_decides_them_the_other_way():
    html = dressed(SHEET, VIEWS["phone"])
    assert "@media (max-width:0) { p" in html
    assert "(max-width: 600px) and (max-width:0), (min-width:0) { p" in html
    assert "color-scheme:light!important" in html


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_what_is_read_stays_as_it_is(view):
    html = dressed(SHEET, view)
    assert "<p>Write @media (prefers-color-scheme: dark) in a sheet</p>" in html
    assert html.startswith("<!DOCTYPE html>")
    assert html.count('<base target="_blank">') == 1


def test_no_condition_of_our_own_mail_is_left_to_the_browser():
    hostile = story("</style><style>@media (prefers-color-scheme: dark) {")
    for day in (ordinary_day(), edition(hostile)):
        spliced = splice(render_edition(day, SITE, TEMPLATES), None)
        html = fill(spliced.html, dict.fromkeys(Slot, "x"))
        for view in VIEWS.values():
            sheets = re.findall(r"(?s)<style.*?</style>", dressed(html, view))
            assert not any("prefers-color-scheme" in sheet for sheet in sheets)


def test_pictures_are_turned_back_where_the_page_is_turned_over():
    assert dressed(SHEET, VIEWS["inverted"]).count("invert(1)") == 2
    assert "invert" not in dressed(SHEET, VIEWS["phone"])


def test_no_view_lets_anything_run_and_one_asks_for_no_picture():
    policies = {name: policy(view) for name, view in VIEWS.items()}
    assert {name for name, said in policies.items() if "img-src 'none'" in said} == {"no-images"}
    for said in policies.values():
        assert "default-src 'none'" in said
        assert "sandbox" in said
        assert "allow-scripts" not in said
        assert "allow-same-origin" not in said


def test_what_is_shown_at_first_is_there():
    assert set(USUAL) <= {*VIEWS, *PANES}
