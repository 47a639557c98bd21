"""What a reader's mail holds for a choice of sections, and what it leaves out to stay small."""

import re
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

import pytest

from digest.rendering import (
    Choice,
    RenderedEdition,
    Slot,
    Spliced,
    fill,
    inline_css,
    render_edition,
    splice,
)
from digest.store.document import EditionDocument, Placement
from tests.documents import SITE, TEMPLATES, edition, ordinary_day, related, story

VALUES = {Slot.TOKEN: "TOKEN", Slot.EMAIL: "ann@example.org", Slot.SINCE: "12 January 2026"}


def rendered(document: EditionDocument) -> RenderedEdition:
    return render_edition(document, SITE, TEMPLATES)


def html(spliced: Spliced) -> str:
    return fill(spliced.html, VALUES, escape)


def text(spliced: Spliced) -> str:
    return fill(spliced.text, VALUES)


@pytest.fixture(scope="module")
def day() -> RenderedEdition:
    return rendered(ordinary_day())


def test_a_thousand_readers_of_two_hundred_choices_cost_one_inlining():
    calls = []

    def counting(page: str) -> str:
        calls.append(page)
        return inline_css(page)

    names = [f"Section {n}" for n in range(200)]
    stories = [story(f"Headline {n}", name) for n, name in enumerate(names)]
    once = render_edition(edition(*stories, headings=tuple(names)), SITE, TEMPLATES, counting)
    for reader in range(1000):
        spliced = splice(once, (f"section {reader % 200}",))
        assert f"Headline {reader % 200} [1]\n" in text(spliced)
        assert spliced.stories == 1
    assert len(calls) == 1


def test_every_story_of_the_edition_for_those_who_chose_nothing(day):
    spliced = splice(day, None)
    assert spliced.stories == len(ordinary_day().stories)
    assert spliced.articles == sum(entry.articles for entry in ordinary_day().stories)
    assert spliced.shed == ()
    for entry in ordinary_day().stories:
        assert escape(entry.headline, quote=False) in html(spliced)
        assert entry.headline in text(spliced)


def test_a_story_comes_with_any_section_that_it_has_an_article_in():
    both = rendered(
        edition(
            story("First of sports", "Sports"),
            story("The mayor runs the marathon", "Politics", also=("Sports",)),
        )
    )
    for choice, heading in (({"politics"}, "Politics"), ({"sports"}, "Sports")):
        told = text(splice(both, tuple(choice)))
        assert "The mayor runs the marathon" in told
        assert heading in told
    sports = text(splice(both, ("sports",)))
    assert sports.index("Sports (1 article)") < sports.index("The mayor runs the marathon")
    assert "Politics (" not in sports
    assert "Politics · 04:00" in sports  # whose heading is another's says where it is from
    everything = text(splice(both, ("politics", "sports")))
    assert everything.count("The mayor runs the marathon") == 1


def test_choosing_a_section_takes_what_lies_below_and_not_what_lies_above():
    once = rendered(
        edition(
            story("Of the world"), story("Of Asia", "World » Asia"), story("Of the city", "Society")
        )
    )
    assert splice(once, ("world",)).stories == 2
    assert splice(once, ("world » asia",)).stories == 1
    assert "Of Asia" in splice(once, ("world » asia",)).subject


def test_nothing_chosen_is_nothing_to_send(day):
    assert splice(day, ("gardening",)) == Spliced("", (), (), 0, 0, ())
    assert splice(day, ()).stories == 0
    assert splice(rendered(edition()), None).stories == 0


def test_counts_headings_contents_and_subject_follow_the_choice(day):
    spliced = splice(day, ("sports",))
    told = text(spliced)
    assert spliced.subject == "The Morning Courier: A record crowd for the indoor athletics"
    assert "3 articles in 3 stories. One minute." in told
    assert "World" not in told
    assert "In this edition" not in told
    whole = splice(day, None)
    assert "18 articles in 12 stories. Two minutes." in text(whole)
    assert text(whole).count("In this edition") == 1
    assert "World (9 articles)" in text(whole)
    assert "9 articles</td>" in html(whole)


@pytest.mark.parametrize("section", ["world", "society", "world » asia"])
def test_one_story_leads_and_is_told_once(day, section):
    page = html(splice(day, (section,)))
    assert page.count("font:bold 28px/34px") == 1
    told = [page.count(f">{entry.headline}</a>") for entry in ordinary_day().stories]
    assert max(told) <= 2  # its place, and the contents


def test_a_hairline_stands_between_stories_not_before_the_first():
    once = rendered(edition(*[story(f"Story {n}", "World") for n in range(4)]))
    # The first leads; of the other three, two have one before them.
    assert html(splice(once, None)).count('<td class="rule"') == 2


def test_both_parts_tell_the_same_stories_in_the_same_order(day):
    for choice in (None, ("world",), ("sports", "politics")):
        spliced = splice(day, choice)
        orders = []
        for part in (html(spliced), text(spliced)):
            found = {
                e.headline: part.rfind(escape(e.headline, quote=False))
                for e in ordinary_day().stories
            }
            orders.append(sorted((h for h in found if found[h] >= 0), key=lambda h: found[h]))
        assert orders[0] == orders[1]
        assert len(orders[0]) == spliced.stories


def test_the_public_page_holds_nothing_for_one_reader(day):
    spliced = splice(day, None, None, personal=False)
    assert not any(isinstance(piece, Slot) for piece in (*spliced.html, *spliced.text))
    assert "unsubscribe" not in fill(spliced.html, {}).lower()


def test_links_and_slots_are_the_readers(day):
    spliced = splice(day, None)
    for part in (html(spliced), text(spliced)):
        for place in ("unsubscribe", "preferences", "view"):
            assert f"https://news.example.org/{place}/TOKEN" in part
        assert "https://news.example.org/archive/morning/2026-03-03" in part
        assert "12 January 2026" in part
    assert fill(("<", Slot.EMAIL), {Slot.EMAIL: '"<b>"@example.org'}, escape).endswith(
        "@example.org"
    )
    assert "<b>" not in fill((Slot.EMAIL,), {Slot.EMAIL: '"<b>"@example.org'}, escape)


def long_edition(letters: str) -> EditionDocument:
    placements = (Placement.TOP, Placement.STORY, Placement.STORY, Placement.BRIEF)
    return edition(
        *[
            story(
                f"{n} {(letters + ' ') * 30}",
                ("Politics", "World", "Society", "Sports")[n % 4],
                Placement.TOP if n < 3 else placements[1 + n % 3],
                also=("World",) if n % 7 == 0 else (),
                teaser=(letters + " ") * 100,
                related=tuple(related((letters + " ") * 30) for _ in range(4)),
            )
            for n in range(500)
        ]
    )


def transferred(part: str) -> int:
    """The bytes of a part as the standard library sends it, in the shorter of its encodings."""
    sizes = []
    for encoding in ("quoted-printable", "base64"):
        message = EmailMessage(SMTP)
        message.set_content(part, cte=encoding)
        sizes.append(len(message.as_bytes()))
    return min(sizes)


@pytest.mark.parametrize("letters", ["budget", "бюджет", "予算"])
def test_five_hundred_long_stories_keep_to_the_budget(letters):
    once = rendered(long_edition(letters))
    for choice in (None, ("world",), ("sports", "politics")):
        spliced = splice(once, choice)
        assert 75_000 < transferred(html(spliced)) + transferred(text(spliced)) < 97_000
        assert "https://news.example.org/unsubscribe/TOKEN" in html(spliced)
        assert "This mail was shortened." in text(spliced)
        assert "more stories are in the whole edition." in html(spliced)
        kinds = [scope.split(" ")[-1] for scope in spliced.shed if scope.split(" ")[-1].isalpha()]
        assert kinds == sorted(kinds, reverse=True)  # teasers go before related articles
        lowest = [int(scope.split(" ")[1]) for scope in spliced.shed if scope.endswith("teaser")]
        assert lowest == sorted(lowest, reverse=True)
        assert spliced.shed[0].endswith("teaser")
        assert spliced.stories == splice(once, choice, None).stories - sum(
            not scope.endswith(("related", "teaser")) for scope in spliced.shed
        )


def test_a_long_list_of_related_articles_is_folded_in_mails_and_whole_on_pages():
    document = edition(story("The storm", related=tuple(related(f"Account {n}") for n in range(7))))
    once = rendered(document)
    mail, page = splice(once, None), splice(once, None, budget=None)
    for part in (html, text):
        assert "Account 2" in part(mail)
        assert "Account 3" not in part(mail)
        assert "4 more on this" in part(mail)
        assert "Account 6" in part(page)
        assert "more on this" not in part(page)
    assert "8 articles" in text(mail)
    assert "more on this" not in text(splice(once, None, 5_000))


def test_footnotes_are_numbered_from_one_for_each_reader(day):
    for choice in (None, ("world",), ("sports",)):
        told = text(splice(day, choice))
        notes = dict(re.findall(r"^\[(\d+)\] (https://\S+)$", told, re.MULTILINE))
        assert list(notes) == [str(number) for number in range(1, len(notes) + 1)]
        for number in notes:
            assert told.index(f" [{number}]\n") < told.index(f"\n[{number}] ")


def test_sections_stand_in_the_reader_s_order():
    document = edition(
        story("A vote", "Politics", Placement.TOP),
        *(story(f"{name} {n}", name) for name in ("Politics", "World", "Sports") for n in range(2)),
        story("A brief of the world", "World", Placement.BRIEF),
        headings=("Politics", "World", "Sports"),
    )
    once = rendered(document)

    def order(choice: Choice) -> list[str]:
        told, page = text(splice(once, choice)), html(splice(once, choice))
        found = sorted(("Politics 0", "World 0", "Sports 0"), key=page.rindex)
        assert found == sorted(found, key=told.rindex)
        assert page.index("World 1") < page.index("A brief of the world") < page.index("</html>")
        lines = told.splitlines()
        notes = [line.split("]")[0] for line in lines if line.startswith("[")]
        assert notes == [f"[{number}" for number in range(1, len(notes) + 1)]
        return [name.removesuffix(" 0") for name in found]

    assert order(None) == ["Politics", "World", "Sports"]
    assert order(("sports", "world", "politics")) == ["Sports", "World", "Politics"]
    assert order(("world » asia", "world", "sports", "politics")) == ["World", "Sports", "Politics"]


def test_a_little_over_sheds_a_little(day):
    whole = splice(day, None)
    tight = (splice(day, None, budget) for budget in range(40_000, 0, -100))
    little = next(spliced for spliced in tight if spliced.shed)
    assert little.shed[0] == "story 9 2 teaser"
    assert all(scope.endswith("teaser") for scope in little.shed)
    assert little.stories == whole.stories
    assert ordinary_day().stories[9].teaser not in html(little)
    assert "This mail was shortened." in text(little)


def test_however_small_the_budget_one_story_and_the_way_out_remain(day):
    spliced = splice(day, None, 1)
    assert spliced.stories == 1
    assert spliced.subject.endswith("Parliament passes the budget after an all-night sitting")
    assert "/unsubscribe/TOKEN" in html(spliced)
    assert "11 more stories are in the whole edition." in text(spliced)


def test_a_stored_rendering_is_the_same_rendering(day):
    again = RenderedEdition.model_validate_json(day.model_dump_json())
    assert again == day
    assert splice(again, ("world",)) == splice(day, ("world",))


@pytest.mark.parametrize(
    ("headline", "subject"),
    [
        ("Line\r\nBcc: a@b.org\x00", "The Morning Courier: Line Bcc: a@b.org"),
        ("=?utf-8?q?Bcc?=", "The Morning Courier: = ?utf-8?q?Bcc?="),
        ("word " * 60, "The Morning Courier: " + " ".join(["word"] * 13) + "…"),
    ],
)
def test_a_subject_is_one_short_plain_line(headline, subject):
    spliced = splice(rendered(edition(story(headline))), None)
    assert spliced.subject == subject
    assert len(spliced.subject) <= 90
