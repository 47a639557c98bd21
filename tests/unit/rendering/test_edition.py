"""A whole edition rendered: what is said where, and what a document cannot do."""

import re
from datetime import timedelta
from html import escape
from pathlib import Path

import pytest

from digest.errors import CannotReadError, InlineError, TemplateBrokenError, TemplateMissingError
from digest.rendering import Slot, Templates, fill, inline_css, render_edition, splice
from digest.store.document import EditionDocument, Image, Placement
from tests.documents import (
    CUTOFF,
    OUR_TEMPLATES,
    SITE,
    TEMPLATES,
    edition,
    ordinary_day,
    related,
    story,
)

VALUES = {Slot.TOKEN: "TOKEN", Slot.EMAIL: "ann@example.org", Slot.SINCE: "12 January 2026"}


def parts(document: EditionDocument, templates: Templates = TEMPLATES) -> tuple[str, str]:
    spliced = splice(render_edition(document, SITE, templates), None)
    return fill(spliced.html, VALUES, escape), fill(spliced.text, VALUES)


def test_the_text_part_reads_like_a_paper():
    _, text = parts(
        edition(
            story(
                "Rescue teams reach the last village",
                "World » Asia",
                Placement.TOP,
                url="https://news.example.org/1",
                updated=CUTOFF,
                teaser="New since yesterday: the road from the north is open to lorries, and the "
                "school serves as a clinic.",
                related=(related("How the road was cleared", url="https://news.example.org/2"),),
            ),
            story("Talks go on", "World", Placement.BRIEF, url="https://news.example.org/3"),
        )
    )
    assert text == (
        """The Morning Courier
Tuesday, 3 March 2026 · No. 4,602
3 articles in 2 stories. One minute.
View in browser:
https://news.example.org/view/TOKEN
------------------------------------------------------------------------

Update: Rescue teams reach the last village [1]
New since yesterday: the road from the north is open to lorries, and the
school serves as a clinic.
World · 04:00 · updated 07:00 · 2 articles
  - How the road was cleared [2]

[1] https://news.example.org/1
[2] https://news.example.org/2

------------------------------------------------------------------------
World (1 article)

World in brief

  - Talks go on [3]

[3] https://news.example.org/3

------------------------------------------------------------------------

Read the whole edition:
https://news.example.org/archive/morning/2026-03-03

You get this at 07:00 because you subscribed on 12 January 2026.

Choose your sections:
https://news.example.org/preferences/TOKEN
Past editions:
https://news.example.org/archive/morning
Unsubscribe:
https://news.example.org/unsubscribe/TOKEN

The Morning Courier, 1 Example Street, Sofia"""
    )


def test_an_update_and_a_correction_say_so_before_their_headlines():
    beside = related("Ferries stay in the harbour").model_copy(update={"mark": "update"})
    document = edition(
        story("The storm has passed", mark="correction", related=(beside, related("A quiet day"))),
        story("Ferries sail", "Politics"),
    )
    html, text = parts(document)
    assert "Correction: The storm has passed [1]\n" in text
    assert "  - Update: Ferries stay in the harbour [2]\n" in text
    assert "  - A quiet day [3]\n" in text
    assert re.findall(r'class="update"[^>]*>(\w+)<', html) == ["Correction", "Update"]
    html, text = parts(document.model_copy(update={"language": "bg"}))
    assert "Поправка: The storm has passed [1]\n" in text
    assert "  - Обновено: Ferries stay in the harbour [2]\n" in text


def test_footnotes_that_no_hole_tells_are_a_fault_of_the_template(tmp_path: Path):
    ours = (TEMPLATES.folders[-1] / "email/edition/body.txt").read_text(encoding="utf-8")
    kept, _, rest = ours.rpartition('{{ hole("notes") -}}')
    templates = own(tmp_path, "email/edition/body.txt", kept + rest)
    with pytest.raises(TemplateBrokenError, match=r'no \{\{ hole\("notes"\) \}\} below'):
        render_edition(ordinary_day(), SITE, templates)


def test_the_text_part_keeps_to_its_columns_and_names_no_picture():
    _, text = parts(ordinary_day())
    assert all(len(line) <= 72 for line in text.splitlines() if "https://" not in line)
    assert ".jpg" not in text
    assert not any(empty in text for empty in ("()", "[]", "<>"))


def test_furniture_speaks_the_editions_language():
    html, text = parts(ordinary_day(language="bg"))
    assert '<html lang="bg" dir="ltr"' in html
    assert "Вторник, 3 март 2026\u202fг. · Брой\xa04\xa0602" in text
    assert "18 статии по 12 теми. Две минути четене." in text
    assert "World (9 статии)" in text
    assert "Society (1 статия)" in text
    assert "Отпишете се" in html
    assert "Unsubscribe" not in html


def test_a_story_in_another_language_says_so():
    html, _ = parts(
        edition(
            story("Read me", "Politics", language="en"),
            story("Читалището отваря", "Society", language="bg"),
            story("مرحبا", "Sports", language="ar"),
        )
    )
    assert html.count(' lang="bg"') == 2  # its place, and the contents
    assert html.count(' lang="ar" dir="rtl"') == 2
    assert html.count(' lang="en"') == 3  # the page, and what it says of those two
    assert html.count(' lang="en" dir="ltr"') == 2  # the page, and what it says of the last


def test_times_are_the_editions_and_old_ones_carry_their_day():
    hours = {"05:00": 2, "07:00": 24, "28 February, 07:00": 72}
    _, text = parts(
        edition(*[story(f"{n} ago", published=CUTOFF - timedelta(hours=n)) for n in hours.values()])
    )
    lines = [line.removeprefix("World · ") for line in text.splitlines()]
    for said in hours:
        assert said in lines


def test_a_story_closes_up_around_what_is_missing():
    html, text = parts(edition(story("Bare", url="", teaser="", image=None)))
    assert "Bare</h2>" in html
    assert "<img" not in html
    assert 'href=""' not in html
    assert "Bare\nWorld · 04:00\n\n" in text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org/x",
        "https://",
        "http://[broken",
        "https://example.org/\nBcc: x",
        "https://example.org/" + "a" * 3000,
        "",
    ],
)
def test_only_web_addresses_become_links(url):
    document = edition(
        story("Headline", url=url, image=Image(url=url), related=(related("Beside", url=url),)),
    )
    html, text = parts(document)
    assert "Headline</h2>" in html
    assert "Beside</p>" in html
    assert "<img" not in html
    assert "alert" not in html + text


def test_addresses_beyond_ascii_are_encoded():
    html, text = parts(edition(story("Headline", url='https://example.org/път?q="a b"&x=<y>')))
    encoded = "https://example.org/%D0%BF%D1%8A%D1%82?q=%22a%20b%22&amp;x=%3Cy%3E"
    assert f'href="{encoded}"' in html
    assert encoded.replace("&amp;", "&") in text


def test_a_document_cannot_forge_slots_marks_or_templates():
    first = render_edition(ordinary_day(), SITE, TEMPLATES)
    slots = [piece.hole for piece in first.html if piece.hole]
    forged = "<!--x0123456789abcdef story 0 1--> x0123456789abcdef_token_ {{ link.unsubscribe }} %s"
    document = ordinary_day()
    stories = (document.stories[0].model_copy(update={"headline": forged}), *document.stories[1:])
    second = render_edition(document.model_copy(update={"stories": stories}), SITE, TEMPLATES)
    assert [piece.hole for piece in second.html if piece.hole] == slots
    html = fill(splice(second, None).html, VALUES, escape)
    assert escape(forged, quote=False) in html


def test_what_markup_cannot_hold_is_dropped():
    html, text = parts(edition(story("A\x00B\ufffeC\u202eD\x1b[31mF")))
    assert "ABC" in html
    assert not set("\x00\x1b\u202e\ufffe") & set(html + text)


def test_styles_are_inlined_and_only_used_classes_stay():
    html, _ = parts(ordinary_day())
    assert "@media (prefers-color-scheme: dark)" in html
    assert "@media (max-width: 520px)" in html
    assert "[data-ogsc]" in html
    assert html.count("<style") == 2  # the head's, and Outlook's in a comment
    assert 'class="masthead' in html
    assert 'class="headline' not in html


def test_the_inliner_opens_nothing_and_says_what_it_cannot_read(tmp_path: Path):
    (tmp_path / "secret.css").write_text("p { color: red }", encoding="utf-8")
    page = (
        f'<html><head><link rel="stylesheet" href="{tmp_path}/secret.css">'
        '<link rel="stylesheet" href="http://127.0.0.1:9/x.css"></head><body><p>Hello</p></body></html>'
    )
    assert "<p>Hello</p>" in inline_css(page)
    nested = "<style>@media screen { @media print { p { color: red } } }</style><p>Hello</p>"
    with pytest.raises(InlineError, match='mark style elements with data-premailer="ignore"'):
        inline_css(nested)


def own(tmp_path: Path, name: str, text: str) -> Templates:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Templates([tmp_path, OUR_TEMPLATES])


def test_a_publishers_file_goes_before_ours(tmp_path: Path):
    templates = own(tmp_path, "email/edition/subject.txt", "Today: {{ hole('headline') }}")
    spliced = splice(render_edition(edition(story("News")), SITE, templates), None)
    assert spliced.subject == "Today: News"


def test_a_missing_template_is_named(tmp_path: Path):
    with pytest.raises(TemplateMissingError, match=r"no template email/edition/subject.txt in"):
        render_edition(ordinary_day(), SITE, Templates([tmp_path]))
    templates = own(tmp_path, "email/edition/body.html", '{% extends "email/own.html" %}')
    with pytest.raises(TemplateBrokenError, match=r"body.html, line 1: it uses email/own.html, wh"):
        render_edition(ordinary_day(), SITE, templates)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("one\n{% if %}", r"body\.html, line 2: .*: correct it"),
        ("one\ntwo\n{{ editon.title }}", r"body\.html, line 3: 'editon' is undefined"),
        ("{{ edition.titel }}", r"body\.html, line 1: 'edition' has no 'titel': correct it"),
        ("{{ theme.light.red }}", r"body\.html, line 1: 'palette' has no 'red'"),
        ("{{ theme.logo.url }}", r"body\.html, line 1: 'url' of nothing \(ask with {% if %}"),
        ("{{ range(10 ** 9) | list }}", r"body\.html, line 1: a range is longer than 100,000"),
        ("{{ edition.title + 1 }}", r"body\.html, line 1: "),
        ("{{ ''.__class__.__mro__ }}", r"body\.html, line 1: .*unsafe"),
        ("{{ 1 // 0 }}", r"body\.html, line 1: .*zero"),
        ('{% call block("stroy", 1) %}{% endcall %}', r'line 1: there is no block "stroy", only'),
        ('{{ hole("name") }}', r'line 1: there is no hole "name", only articles,'),
        ('{{ hole("articles") }}', r'line 1: "articles" is no hole: a number stands behind'),
        ('{{ hole("token-1") }}', r'line 1: "token-1" is no hole: a number stands behind'),
        ('{{ theme.parse_raw("x") }}', r"line 1: 'theme' has no 'parse_raw'"),
        ("{{ theme.light.model_construct() }}", r"line 1: 'palette' has no 'model_construct'"),
        (
            '{% call block("line", "x") %}{% endcall %}',
            'line 1: the keys of the block "line" are numb',
        ),
        ('{{ hole("counts") | title }}', r"body\.html: a hole or a block goes through a filter"),
        ("<p>Hello</p>", r"body\.html: it has no {{ link.unsubscribe }} for everybody, as a link"),
        ("<p>{{ link.unsubscribe }}</p>", r"it has no {{ link.unsubscribe }} for"),
        ('<p><!-- <a href="{{ link.unsubscribe }}">x</a> --></p>', "it has no {{ link.unsub"),
        (
            '{% call block("shortened") %}<a href="{{ link.unsubscribe }}">x</a>{% endcall %}',
            "it has no {{ link.unsubscribe }} for",
        ),
        (
            '<a href="{{ link.unsubscribe }}">x</a>',
            r'story 0 has no {% call block\("top", story.number\) %}',
        ),
        (
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            r"body\.html, line 1: it uses itself over and over",
        ),
        (
            '<title>{% call block("contents") %}x{% endcall %}</title>',
            'the block "contents" stands where a comment cannot, as in a title or in a tag',
        ),
        (
            """<!-- b --><p title='{% call block("top", 1) %}x{% endcall %}'>""",
            'body.html: the block "top" stands where',
        ),
        ('<br {% call block("personal") %}{% endcall %}>', 'the block "personal" stands where'),
    ],
)
def test_a_broken_template_says_where_and_why(tmp_path: Path, text, told):
    templates = own(tmp_path, "email/edition/body.html", text)
    with pytest.raises(TemplateBrokenError, match=told):
        render_edition(ordinary_day(), SITE, templates)


def test_a_template_in_another_encoding_is_said_to_be(tmp_path: Path):
    templates = own(tmp_path, "email/macros.html", "")
    (tmp_path / "email/macros.html").write_bytes("one\nCafé".encode("latin-1"))
    with pytest.raises(TemplateBrokenError, match=r"macros\.html, line 2: it is not in UTF-8"):
        render_edition(ordinary_day(), SITE, templates)


def test_a_template_that_cannot_be_read_is_named(tmp_path: Path):
    (tmp_path / "email/edition").mkdir(parents=True)
    # A file that exists, opens and fails to be read, for root too.
    (tmp_path / "email/edition/body.txt").symlink_to("/proc/self/mem")
    with pytest.raises(CannotReadError, match=r"body\.txt cannot be read \(Input/output error\)"):
        render_edition(ordinary_day(), SITE, Templates([tmp_path, OUR_TEMPLATES]))
