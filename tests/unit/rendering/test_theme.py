"""A theme in the mail: every value of it is used, and nothing of ours shows through."""

import re
from html import escape
from itertools import count

import html5lib
import pytest

from digest.config import Theme
from digest.config_face import Palette
from digest.rendering import RenderedEdition, fill, render_edition, splice
from digest.store.document import EditionDocument, Figure, Panel, Placement
from tests.documents import SITE, TEMPLATES, edition, ordinary_day, story
from tests.unit.rendering.test_edition import VALUES

WEATHER = Panel(
    name="weather",
    figures=(
        Figure(label="Sofia", value="4° / 11° showers", url="https://weather.example.org/?q=a&b"),
        Figure(label="Varna", value="6° / 12° sun"),
    ),
)


def parts(document: EditionDocument, theme: Theme = Theme()) -> tuple[str, str]:  # noqa: B008 - frozen
    spliced = splice(render_edition(document, SITE, TEMPLATES, theme=theme), None)
    return fill(spliced.html, VALUES, escape), fill(spliced.text, VALUES)


def other_theme() -> Theme:
    """A theme that shares no colour with ours; whether it can be read is not asked here."""
    number = count(0x123450)
    palettes = {
        scheme: {name: f"#{next(number):06x}" for name in Palette.model_fields}
        for scheme in ("light", "dark")
    }
    fonts = {"headline_fonts": ["Cambria", "serif"], "text_fonts": ["Verdana", "sans-serif"]}
    return Theme.model_validate({**palettes, **fonts, "width": 500})


def test_all_colours_fonts_and_widths_are_the_themes():
    ours, theirs = Theme(), other_theme()
    document = ordinary_day(panels=(WEATHER,))
    html, _ = parts(document, theirs)
    assert not re.search("Georgia|Arial|640|592", html)
    for scheme in ("light", "dark"):
        for name in Palette.model_fields:
            assert getattr(getattr(ours, scheme), name) not in html
            assert getattr(getattr(theirs, scheme), name) in html, (scheme, name)
    known = {*theirs.light.model_dump().values(), *theirs.dark.model_dump().values()}
    assert set(re.findall(r"(?<!&)#[0-9a-f]{3,6}\b", html)) <= known
    assert 'width="500"' in html
    assert 'width="452"' in html


def test_a_logo_stands_for_the_title_and_says_it_where_pictures_are_off():
    logo = {"url": "https://news.example.org/l.png?a=1&b=2", "width": 200}
    html, text = parts(ordinary_day(), Theme.model_validate({"logo": logo}))
    (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", html)
    assert 'src="https://news.example.org/l.png?a=1&amp;b=2"' in heading
    assert 'width="200" ' in heading
    assert 'alt="The Morning Courier"' in heading
    assert text.startswith("The Morning Courier\n")
    named, _ = parts(ordinary_day(), Theme.model_validate({"logo": {**logo, "alt": 'A "B"'}}))
    shown = html5lib.parse(named, namespaceHTMLElements=False).find(".//h1/img")
    assert shown is not None
    assert shown.get("alt") == 'A "B"'


def test_panels_stand_under_the_masthead_in_both_parts():
    html, text = parts(
        ordinary_day(panels=(WEATHER, WEATHER.model_copy(update={"title": "Weather"})))
    )
    shown = html.index("Sofia")
    assert html.index("</h1>") < shown < html.index("In this edition")
    assert 'href="https://weather.example.org/?q=a&amp;b"' in html
    assert html.count("Varna") == 2
    figures = "Sofia 4° / 11° showers · Varna 6° / 12° sun"
    assert figures in text.replace(" [1]", "")
    assert "\n[2] https://weather.example.org/?q=a&b\n" in text


@pytest.mark.parametrize("number", [1, 2, 4, 5, 12])
def test_any_number_of_figures_is_wellformed(number: int):
    figures = tuple(Figure(label=f"L{n}", value=f"<b>{n}") for n in range(number))
    html, text = parts(ordinary_day(panels=(Panel(name="p", title="&", figures=figures),)))
    html5lib.HTMLParser(strict=True).parse(html)
    for n in range(number):
        assert f"&lt;b&gt;{n}" in html
        assert f"<b>{n}" in text


def test_a_panel_is_in_every_readers_mail_also_where_their_sections_are_few():
    document = edition(
        story("Ferries sail", "World"),
        story("Bridge reopens", "Politics", Placement.BRIEF),
        panels=(WEATHER,),
    )
    rendered = render_edition(document, SITE, TEMPLATES)
    for choice in ({"world"}, {"politics"}):
        spliced = splice(rendered, tuple(choice))
        assert "Varna" in "".join(map(str, spliced.html))
        assert "Varna" in "".join(map(str, spliced.text))


def test_a_panel_cannot_link_to_what_is_no_web_address():
    figures = (Figure(label="L", value="V", url="javascript:alert(1)"),)
    html, _ = parts(ordinary_day(panels=(Panel(name="p", figures=figures),)))
    assert "javascript" not in html


def test_documents_and_renderings_of_earlier_releases_are_read():
    stored = ordinary_day().model_dump(mode="json")
    del stored["panels"]
    assert EditionDocument.model_validate(stored).panels == ()
    rendered = render_edition(ordinary_day(), SITE, TEMPLATES).model_dump(mode="json")
    del rendered["instead"]
    assert RenderedEdition.model_validate(rendered).instead == ""
