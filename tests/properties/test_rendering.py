"""Any edition, any choice: well-formed, complete, and the same in both parts."""

from datetime import timedelta
from html import escape

import html5lib
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.rendering import RenderedEdition, Slot, fill, languages, render_edition, splice
from digest.sections import is_within, section_key
from digest.store.document import EditionDocument, Figure, Image, Panel, Placement
from tests.documents import CUTOFF, SITE, TEMPLATES, edition, related, story

VALUES = {Slot.TOKEN: "t-_k", Slot.EMAIL: "<ann>@example.org", Slot.SINCE: "<12 January 2026>"}
SECTIONS = ["Politics", "World", "World » Asia", "World » Asia » Japan", "Society", "Sports"]
KEYS = [section_key(section) for section in SECTIONS]

anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
titles = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
addresses = st.one_of(anything, st.builds("https://example.org/{}".format, anything))
figures = st.builds(Figure, label=titles, value=anything, url=addresses)
panels = st.builds(
    Panel,
    name=st.just("panel"),
    title=titles,
    figures=st.lists(figures, min_size=1, max_size=6).map(tuple),
)
images = st.builds(Image, url=addresses, alt=anything, caption=anything)
tongues = st.sampled_from([*languages(), "zh-Hant"])
choices = st.none() | st.frozensets(st.sampled_from([*KEYS, "gardening"]))


@st.composite
def editions(draw: st.DrawFn) -> EditionDocument:
    """An edition whose headlines can be told apart, with anything else in it."""
    stories = [
        story(
            f"Q{number}Z {draw(anything)}",
            draw(st.sampled_from(SECTIONS)),
            draw(st.sampled_from(Placement)),
            also=tuple(draw(st.lists(st.sampled_from(SECTIONS), max_size=2))),
            url=draw(addresses),
            teaser=draw(anything),
            image=draw(st.none() | images),
            language=draw(st.sampled_from(["", "en", "bg", "ar", "zh-Hant"])),
            updated=draw(st.sampled_from([None, CUTOFF, CUTOFF - timedelta(days=9)])),
            related=tuple(draw(st.lists(st.builds(related, anything, url=addresses), max_size=2))),
        )
        for number in range(draw(st.integers(0, 7)))
    ]
    return edition(
        *stories,
        title=draw(titles),
        strapline=draw(anything),
        panels=tuple(draw(st.lists(panels, max_size=2))),
    )


def order_of(part: str, numbers: range) -> list[int]:
    """The stories in the order of their last mention, which follows any list of contents."""
    places = {number: part.rfind(f"Q{number}Z") for number in numbers}
    return sorted((n for n in numbers if places[n] >= 0), key=lambda n: places[n])


@settings(max_examples=60)
@example(
    edition(story("Q0Z", "World", Placement.BRIEF), story("Q1Z", "Politics", Placement.BRIEF)),
    None,
    None,
    "en",
)
@given(editions(), choices, st.sampled_from([None, 96_000, 9_000, 1]), tongues)
def test_any_mail_is_wellformed_and_tells_the_chosen_stories(document, choice, budget, language):
    rendered = render_edition(document, SITE, TEMPLATES, language=language)
    spliced = splice(rendered, choice, budget)
    chosen = [
        number
        for number, entry in enumerate(document.stories)
        if choice is None or any(is_within(key, c) for key in entry.sections for c in choice)
    ]
    if not chosen:
        assert spliced.stories == 0
        return
    html, text = fill(spliced.html, VALUES, escape), fill(spliced.text, VALUES)
    html5lib.HTMLParser(strict=True).parse(html)
    numbers = range(len(document.stories))
    assert order_of(html, numbers) == order_of(text, numbers)
    told = set(order_of(text, numbers))
    assert len(told) == spliced.stories
    assert told <= set(chosen)
    if not spliced.shed:
        assert told == set(chosen)
        assert spliced.articles == sum(document.stories[number].articles for number in chosen)
    assert f"Q{order_of(text, numbers)[0]}Z" in spliced.subject
    for part in (html, text):
        assert "https://news.example.org/unsubscribe/t-_k" in part
    assert "<12 January 2026>" in text
    assert "&lt;12 January 2026&gt;" in html


@settings(max_examples=30)
@given(editions(), choices)
def test_a_rendering_from_the_database_splices_alike(document, choice):
    own = render_edition(document, SITE, TEMPLATES)
    greek = render_edition(document, SITE, TEMPLATES, language="el")
    rendered = own.model_copy(update={"translations": {"el": greek}})
    stored = RenderedEdition.model_validate_json(rendered.model_dump_json())
    assert stored == rendered
    for language, theirs in (("el", greek), ("el-CY", greek), ("fr", own), (None, own)):
        assert splice(stored.for_reader(language), choice) == splice(theirs, choice)
    assert render_edition(document, SITE, TEMPLATES) == own


@settings(max_examples=40)
@given(
    editions(),
    st.frozensets(st.sampled_from(["politics", "world", "society", "sports"])),
    tongues,
)
def test_splicing_is_rendering_that_readers_edition_alone(document, choice, language):
    # Of one section each, so that nothing stands under another heading than its own.
    entries = [e.model_copy(update={"sections": e.sections[:1]}) for e in document.stories]
    everyones = document.model_copy(update={"stories": tuple(entries)})
    readers = document.model_copy(
        update={"stories": tuple(entry for entry in entries if entry.heading in choice)}
    )
    spliced = splice(render_edition(everyones, SITE, TEMPLATES, language=language), choice)
    alone = splice(render_edition(readers, SITE, TEMPLATES, language=language), None)
    assert spliced == alone
