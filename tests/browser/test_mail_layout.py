"""The mail in a real browser: nothing sticks out, hides, overlaps or runs."""

import re
from html import escape
from itertools import pairwise

import pytest

from digest.rendering import Choice, Slot, fill, languages, render_edition, splice
from digest.store.document import EditionDocument, Figure, Image, Panel, Placement
from tests.documents import SITE, TEMPLATES, edition, ordinary_day, related, story
from tests.every_mail import gallery_mails
from tests.mail_checks import overlaps, small_targets, sticking_out
from tests.mail_page import show

VALUES = {Slot.TOKEN: "abc", Slot.EMAIL: "ann@example.org", Slot.SINCE: "12 January 2026"}

AWKWARD = edition(
    story(
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft " * 2,
        placement=Placement.TOP,
        image=Image(url="https://news.example.org/p/wide.jpg"),
        related=(related("x" * 150), related("首" * 90)),
    ),
    story("W" * 200, teaser="m" * 400, image=Image(url="https://news.example.org/p/tall.jpg")),
    story("国会通过预算" * 20, "Society", teaser="国会通过预算" * 50, language="zh"),
    story("الكونغرس يوافق على الميزانية", "Sports", language="ar", teaser="بعد جلسة طويلة"),
    story("B" * 120, "World", Placement.BRIEF),
    panels=(
        Panel(
            name="long",
            title="W" * 40,
            figures=tuple(Figure(label="M" * 40, value="W" * 60) for _ in range(3)),
        ),
        Panel(
            name="many",
            figures=tuple(Figure(label=f"Place {n}", value="4° / 11°") for n in range(12)),
        ),
    ),
    title="The-Very-Long-Named-Morning-Courier-and-Evening-Gazette-of-the-Seven-Valleys",
)


def mail(document: EditionDocument, choice: Choice = None, language: str = "") -> str:
    spliced = splice(render_edition(document, SITE, TEMPLATES, language=language or None), choice)
    return fill(spliced.html, VALUES, escape)


PHONES = (320, 375)  # the first is also what a window of 640 has at 200 %


@pytest.mark.parametrize("document", [ordinary_day(), AWKWARD, ordinary_day(language="ar")])
@pytest.mark.parametrize("width", [*PHONES, 600, 1200])
def test_everything_has_its_place(opened, document, width):
    page = opened(mail(document), width)
    assert sticking_out(page) == []
    assert overlaps(page) == []
    if width in PHONES:
        assert small_targets(page) == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_mail_fits_a_small_phone(browser, language):
    page = browser.new_page(viewport={"width": 320, "height": 800})
    found = {}
    for sample in gallery_mails(language):
        show(page, sample.html())
        found[sample.name] = [*sticking_out(page), *overlaps(page), *small_targets(page)]
    page.close()
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


DOCTORED = [
    (sticking_out, "<p style='white-space:nowrap'>" + "Long " * 99 + "</p>"),
    (sticking_out, "<div dir=rtl><img width=400 height=9 alt=''></div>"),
    (overlaps, "<p>One</p><p style='margin-top:-30px'>Two</p>"),
    (overlaps, "<a href='#a'>One</a><br><a href='#b' style='padding:20px'>Two</a>"),
    (small_targets, "<li><a href='#a'>One line</a></li>"),
    (small_targets, "<p><a href='#a'>Here</a> · <a href='#b'>there</a></p>"),
    (small_targets, "<h3><span class='update'>Update</span> <a href='#a'>One line</a></h3>"),
]


@pytest.mark.parametrize(("check", "body"), DOCTORED)
def test_the_checks_see_what_is_wrong(opened, check, body):
    assert check(opened(f"<!DOCTYPE html><body>{body}", 320)) != []


def test_a_link_in_a_sentence_is_as_high_as_its_line(opened):
    page = opened("<!DOCTYPE html><body><p>You may <a href='#a'>unsubscribe</a> at any time.", 320)
    assert small_targets(page) == []


def test_without_its_doctype_the_mail_is_laid_out_the_same(opened):
    # Some clients drop it: then browsers measure boxes as they did before there were standards.
    html, sizes = mail(ordinary_day()), []
    for text in (html, html.removeprefix("<!DOCTYPE html>")):
        page = opened(text, 375)
        sizes.append(
            page.evaluate(
                """[document.compatMode, document.documentElement.scrollWidth,
                    ...[...document.querySelectorAll('h1, h2, h3, td.picture, .thumb')]
                       .map(e => Math.round(e.getBoundingClientRect().width))]"""
            )
        )
    (mode, *standard), (old_mode, *old) = sizes
    assert (mode, old_mode) == ("CSS1Compat", "BackCompat")
    assert old == standard


def test_dark_and_light_are_different_papers(opened):
    grounds = {
        opened(mail(ordinary_day()), 640, scheme).evaluate(
            "getComputedStyle(document.querySelector('.paper')).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert grounds == {"rgb(255, 253, 249)", "rgb(26, 27, 30)"}


def test_figures_stand_from_edge_to_edge_and_after_each_other_on_a_phone(opened):
    figures = (Figure(label="Sofia", value="4°"), Figure(label="Varna", value="6°"))
    document = ordinary_day(panels=(Panel(name="weather", figures=figures),))
    places = {}
    for width in (640, 320):
        page = opened(mail(document), width)
        places[width] = [page.get_by_text(f"{f.label} {f.value}").bounding_box() for f in figures]
    (left, right) = places[640]
    assert (left["x"], right["x"] + right["width"]) == (24, 616)
    (left, right) = places[320]
    assert left["x"] == 16
    assert 0 <= right["x"] - (left["x"] + left["width"]) < 24
    assert left["y"] == right["y"]


def test_without_pictures_every_story_is_still_there(opened):
    page = opened(mail(ordinary_day()), 375, images=False)
    for entry in ordinary_day().stories:
        assert page.get_by_role("link", name=entry.headline).last.is_visible()


def test_headings_go_down_step_by_step(opened):
    page = opened(mail(ordinary_day()))
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_layout_tables_say_so_and_pictures_have_alternatives(opened):
    page = opened(mail(ordinary_day()))
    assert page.locator("table:not([role=presentation])").count() == 0
    assert page.locator("img:not([alt])").count() == 0
    empty = page.evaluate(
        """[...document.querySelectorAll('a:not([aria-hidden])')].filter(
             a => !a.innerText.trim() && !a.querySelector('img[alt]:not([alt=""])')).length"""
    )
    assert empty == 0


def test_right_to_left_begins_at_the_right(opened):
    page = opened(mail(ordinary_day(language="ar")), 640)
    heading = page.get_by_role("heading", name=re.compile("^\u200fWorld")).first.bounding_box()
    count = page.get_by_text("9 مقالات").bounding_box()
    assert count["x"] < heading["x"]
    assert page.evaluate("document.documentElement.dir") == "rtl"


@pytest.mark.parametrize("width", [375, 640])
@pytest.mark.parametrize(("language", "frame"), [("en", "ar"), ("ar", "en"), ("ar", "ar")])
def test_a_story_keeps_its_own_direction_within_the_others(opened, language, frame, width):
    document = edition(
        story("The harbour bridge reopens"),
        story(
            "Talks on fishing quotas",
            teaser="They go into a third day.",
            image=Image(url="https://news.example.org/p/small.jpg"),
            related=(related("What it means for the islands"),),
        ),
        language=language,
    )
    page = opened(mail(document, language=frame), width)
    begins = "left" if language == "en" else "right"
    cell = page.get_by_role("heading", name="fishing").locator("xpath=ancestor::td[1]")
    text = page.get_by_text("They go into").bounding_box()
    picture = page.locator("img").bounding_box()
    rule = page.get_by_text("What it means").locator("xpath=ancestor::td[1]")
    if begins == "left":
        assert text["x"] + text["width"] <= picture["x"]
    else:
        assert text["x"] >= picture["x"] + picture["width"]
    assert rule.evaluate(f"e => getComputedStyle(e).border{begins.title()}Width") == "2px"
    assert cell.evaluate("e => getComputedStyle(e).textAlign") == begins


@pytest.mark.parametrize("width", [320, 640])
@pytest.mark.parametrize("language", languages())
def test_every_language_has_room(opened, language, width):
    page = opened(mail(ordinary_day(), language=language), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.lang") == language


HOSTILE = [
    "<script>window.ran = 1</script>",
    '"><img src=x onerror="window.ran = 1">',
    "' onmouseover='window.ran = 1' x='",
    "</style><script>window.ran = 1</script>",
    "--><script>window.ran = 1</script><!--",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:window.ran = 1",
    "<!--[if mso]>--><svg onload='window.ran = 1'>",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_from_outside_runs(opened, hostile):
    everywhere = {
        "teaser": hostile,
        "url": hostile,
        "image": Image(
            url="https://news.example.org/a.png?" + hostile, alt=hostile, caption=hostile
        ),
        "related": (related(hostile, url=hostile),),
        "language": "en",
    }
    document = edition(
        story(hostile, placement=Placement.TOP, **everywhere),
        story(hostile, section=f"World » {hostile}", **everywhere),
        story(hostile, "World", Placement.BRIEF, url=hostile),
    )
    page = opened(mail(document))
    # Every place where a script could have been started has been passed with the mouse.
    for link in page.locator("a:visible").all():
        link.hover()
    assert page.evaluate("window.ran === undefined")
    assert page.locator("h2", has_text=hostile).count() == 1
