"""Any edition, any choice: well-formed, complete, and the same in both parts."""

import re
from datetime import timedelta
from html import escape

import html5lib
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.rendering import whole
from digest.config import Theme
from digest.rendering import (
    BUDGET,
    RenderedEdition,
    SiteFacts,
    Slot,
    fill,
    languages,
    render_edition,
    splice,
)
from digest.rendering.plain import WIDTH, width
from digest.rendering.viewer import web_address
from digest.sections import is_within, section_key
from digest.store.document import (
    EditionDocument,
    Figure,
    Image,
    Panel,
    Placement,
    StoryEntry,
)
from tests.documents import CUTOFF, SITE, TEMPLATES, edition, related, story

VALUES = {Slot.TOKEN: "t-_k", Slot.EMAIL: "<ann>@example.org", Slot.SINCE: "<12 January 2026>"}
SECTIONS = ["Politics", "World", "World » Asia", "World » Asia » Japan", "Society", "Sports"]
KEYS = [section_key(section) for section in SECTIONS]

characters = st.characters(exclude_categories=["Cs"])
anything = st.text(characters, max_size=60)
# Empty brackets of ours can be told from a headline's only where no headline has any.
unbracketed = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="()[]{}<>"), max_size=60
)
# What the configuration takes.
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="()[]{}<>"), max_size=60
)
sites = st.builds(SiteFacts, names, st.just(SITE.base_url), names)
tongues = st.sampled_from([*languages(), "zh-Hant", "he"])
chosen = st.lists(st.sampled_from([*KEYS, "gardening"]), unique=True).map(tuple)
choices = st.none() | chosen
colours = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
logos = st.fixed_dictionaries(
    {
        "url": st.just("https://news.example.org/l.png?a=1&b=2"),
        "width": st.integers(40, 672),
        "alt": st.text("a<&\"'Ж", max_size=20),
    }
)
themes = st.fixed_dictionaries(
    {"width": st.integers(480, 720), "logo": st.none() | logos},
    optional={"light": st.fixed_dictionaries({"accent": colours, "ink": colours})},
).map(Theme.model_validate)


@st.composite
def stories(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> StoryEntry:
    """A story with anything in it, and without anything that it can do without."""
    addresses = st.one_of(texts, texts.map("https://news.example.org/{}".format))
    pictures = st.builds(Image, url=addresses.map("{}.picture".format), alt=texts, caption=texts)
    marks = st.sampled_from(["", "update", "correction"])
    others = st.builds(
        lambda article, mark, correction: article.model_copy(
            update={"mark": mark, "correction": correction}
        ),
        st.builds(related, texts, url=addresses),
        marks,
        texts,
    )
    return story(
        draw(texts),
        draw(st.sampled_from(SECTIONS)),
        draw(st.sampled_from(Placement)),
        also=tuple(draw(st.lists(st.sampled_from(SECTIONS), max_size=2))),
        url=draw(addresses),
        teaser=draw(texts),
        image=draw(st.none() | pictures),
        language=draw(st.sampled_from(["", "en", "bg", "ar", "zh-Hant"])),
        updated=draw(st.sampled_from([None, CUTOFF, CUTOFF - timedelta(days=9)])),
        mark=draw(marks),
        correction=draw(texts),
        related=tuple(draw(st.lists(others, max_size=5))),
    )


@st.composite
def editions(draw: st.DrawFn, texts: st.SearchStrategy[str] = anything) -> EditionDocument:
    """An edition of up to 60 stories, whose headlines can be told apart, with anything else."""
    some = draw(st.lists(stories(texts), max_size=6)) * draw(st.sampled_from([1] * 11 + [10]))
    figures = st.builds(Figure, label=texts, value=texts, url=texts.map("https://a.org/{}".format))
    panels = st.builds(
        Panel,
        name=st.just("panel"),
        title=texts,
        figures=st.lists(figures, min_size=1, max_size=6).map(tuple),
    )
    frozen = edition(
        *(
            entry.model_copy(update={"headline": f"Q{number}Z {entry.headline}"})
            for number, entry in enumerate(some)
        ),
        title=draw(texts),
        strapline=draw(texts),
        language=draw(tongues),
        panels=tuple(draw(st.lists(panels, max_size=2))),
    )
    renamed = [
        heading.model_copy(update={"title": draw(texts)}) if draw(st.booleans()) else heading
        for heading in frozen.headings
    ]
    return frozen.model_copy(update={"headings": tuple(renamed)})


def as_it_is(page: str) -> str:
    """Inlines nothing, where styles are not what is looked at: that takes the longest by far."""
    return page


def order_of(part: str, numbers: range) -> list[int]:
    """The stories in the order of their last mention, which follows any list of contents."""
    places = {number: part.rfind(f"Q{number}Z") for number in numbers}
    return sorted((n for n in numbers if places[n] >= 0), key=lambda n: places[n])


@settings(max_examples=50)
@example(
    edition(story("Q0Z", "World", Placement.BRIEF), story("Q1Z", "Politics", Placement.BRIEF)),
    None,
    None,
    "en",
    Theme(),
    SITE,
)
@given(editions(), choices, st.sampled_from([None, BUDGET, 9_000, 1]), tongues, themes, sites)
def test_any_mail_is_wellformed_and_tells_the_chosen_stories(
    document, choice, budget, language, theme, site
):
    rendered = render_edition(document, site, TEMPLATES, theme=theme, language=language)
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
    parser = html5lib.HTMLParser()
    parser.parse(html)
    assert parser.errors == []
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


@settings(max_examples=40)
@given(editions(unbracketed), choices, tongues, sites)
def test_any_text_part_is_fit_for_a_terminal(document, choice, language, site):
    rendered = render_edition(document, site, TEMPLATES, as_it_is, language=language)
    spliced = splice(rendered, choice)
    text = fill(spliced.text, VALUES | {Slot.SINCE: "12 January 2026"})
    lines = text.splitlines()
    for line in lines:
        words = re.sub(r"^(?:  - |    |\[\d+\] )", "", line)
        assert width(line) <= WIDTH or " " not in words, line
    assert not re.search(r"[\[({<]\s*[\])}>]", text)
    assert ".picture" not in text
    # The notes are numbered as they are met, and each is told once, below where it is met.
    notes = [re.fullmatch(r"\[(\d+)\] (https?://\S+)", line) for line in lines]
    met = [
        int(number)
        for line, note in zip(lines, notes, strict=True)
        if not note
        for number in re.findall(r"\[(\d+)\]", line)
    ]
    told = {int(note[1]): note[2] for note in notes if note}
    assert met == list(told) == list(range(1, len(met) + 1))
    for number in order_of(text, range(len(document.stories))):
        url = web_address(document.stories[number].url)
        assert not url or url in told.values()


@settings(max_examples=10)
@given(editions(), choices)
def test_a_rendering_from_the_database_splices_alike(document, choice):
    own = render_edition(document, SITE, TEMPLATES, as_it_is, language="fr")
    greek = render_edition(document, SITE, TEMPLATES, as_it_is, language="el")
    rendered = own.model_copy(update={"translations": {"el": greek}})
    stored = RenderedEdition.model_validate_json(rendered.model_dump_json())
    assert stored == rendered
    for language, theirs in (("el", greek), ("el-CY", greek), ("de", own), (None, own)):
        assert splice(stored.for_reader(language), choice) == splice(theirs, choice)
    assert render_edition(document, SITE, TEMPLATES, as_it_is, language="fr") == own


@settings(max_examples=20)
@given(
    editions(),
    chosen,
    st.sampled_from([BUDGET, 9_000]),
    tongues,
)
def test_splicing_is_rendering_that_readers_edition_alone(document, choice, budget, language):
    spliced = splice(render_edition(document, SITE, TEMPLATES, language=language), choice, budget)
    readers = whole(document, choice)
    alone = splice(render_edition(readers, SITE, TEMPLATES, language=language), None, budget)
    # What was shed is named by the numbers that stories have in each edition.
    assert spliced._replace(shed=()) == alone._replace(shed=())
    assert len(spliced.shed) == len(alone.shed)
