"""What the preview says of a mail: sizes, what was shed, findings, and why each story is there."""

from digest.delivery.message import MAX_BYTES
from digest.editions.selection import Excluded
from digest.rendering import render_edition, splice
from digest.rendering.lint import RULES, Finding
from digest.store.document import Factor, Placement, Version
from digest.web.preview.report import (
    by_reason,
    findings_said,
    language_name,
    shed_in_words,
    sizes_of,
    story_rows,
)
from tests.documents import CUTOFF, SITE, TEMPLATES, edition, related, story
from tests.good_mail import MAIL

POLITICS = ("politics",)


def test_the_sizes_add_up_to_the_mail():
    data = MAIL.replace("\n", "\r\n").encode()
    sizes = sizes_of(data)
    assert sizes.total == len(data)
    assert min(sizes.head, sizes.text, sizes.html) > 0
    assert round(sum(sizes.shares.values()), 6) == 100 * len(data) / MAX_BYTES


def test_languages_have_names():
    names = {tag: language_name(tag) for tag in ("ar", "pt-BR", "zh-Hant", "tlh", "klingon!", "")}
    assert names == {
        "ar": "Arabic",
        "pt-BR": "Portuguese (Brazil)",
        "zh-Hant": "Chinese (Traditional)",
        "tlh": "tlh",
        "klingon!": "klingon!",
        "": "",
    }


def test_of_no_mail_there_are_no_sizes():
    assert sizes_of(b"").total == 0


def test_what_was_shed_is_counted_by_kind():
    shed = ["story 4 1 related", "lead 0 teaser", "top 1 teaser", "brief 9 2", "story 8 2", "top 2"]
    assert shed_in_words(shed) == [
        "1 list of related articles",
        "2 teasers",
        "1 brief",
        "2 stories",
    ]
    assert shed_in_words([]) == []


def test_a_finding_leads_to_its_line():
    found = [
        Finding(RULES["contrast"], "#777 on #fff has 4.4", "line 12: <td>"),
        Finding(RULES["one-click"], "no header", "List-Unsubscribe-Post"),
    ]
    assert [said.line for said in findings_said(found)] == [12, 0]


def test_every_story_says_why_it_is_there():
    older = Version(
        article=9, title="Vote tonight", url="javascript:alert(1)", section="Politics",
        published=CUTOFF, kind="update", tied=("vote",),
    )  # fmt: skip
    document = edition(
        story(
            "Budget passes", "Politics", Placement.TOP, lead=5, score=2.5,
            reasons=(Factor(factor="size", value=3, times=2.5),), tied=("budget",),
            versions=(older,), related=(related("Markets rise"),),
        ),
        story("Cup final", "Sports", score=1.0, url="javascript:alert(1)"),
    )  # fmt: skip
    first, second = story_rows(document, None, ())
    assert (first.rank.place, first.rank.section_place, first.heading) == (1, 1, "Politics")
    assert first.reasons == "articles: 3 (×2.5)"
    assert [(row.article, row.role) for row in first.articles] == [
        (5, "lead"),
        (9, "not shown, because article 5 updates it"),
        (7, "related"),
    ]
    assert first.articles[0].tied == ("budget",)
    assert [row.url for row in (first.articles[1], *second.articles)] == ["", ""]
    assert second.rank.place == 2


def test_what_a_reader_does_not_get_says_why():
    document = edition(story("Budget passes", "Politics"), story("Cup final", "Sports"))
    politics, sports = story_rows(document, POLITICS, ["story 0 0 teaser"])
    assert (politics.absent, politics.shed) == ("", "teaser")
    assert (sports.absent, sports.shed) == ("not in this reader's sections", "")
    (gone, _) = story_rows(document, None, ["story 0 0 related", "story 0 0"])
    assert (gone.absent, gone.shed) == ("left out for size", "")


def test_what_splicing_sheds_is_known_here():
    many = [
        story(f"Story {number}", ("World", "Sports")[number % 2], teaser="word " * 60)
        for number in range(80)
    ]
    document = edition(*many)
    spliced = splice(render_edition(document, SITE, TEMPLATES), None, budget=20_000)
    rows = story_rows(document, None, spliced.shed)
    assert sum(not row.absent for row in rows) == spliced.stories
    counted = shed_in_words(spliced.shed)
    assert f"{len(many) - spliced.stories} stories" in counted


def test_what_was_left_out_is_told_by_reason():
    excluded = [
        Excluded(1, "A", "too old"),
        Excluded(2, "B", "hidden"),
        Excluded(3, "C", "too old"),
    ]
    groups = by_reason(excluded)
    assert list(groups) == ["hidden", "too old"]
    assert [left.article for left in groups["too old"]] == [1, 3]
