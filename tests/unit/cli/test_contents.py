"""What `editions show` and `editions build` list."""

from digest.cli.contents import content_lines, contents, counted
from digest.store.document import EditionDocument, Placement, RelatedArticle, Version
from tests.documents import CUTOFF, edition, story


def version(article: int, title: str, kind: str) -> Version:
    return Version(
        article=article, title=title, url="", section="World", published=CUTOFF, kind=kind
    )


def day() -> EditionDocument:
    dock = RelatedArticle(
        article=14,
        title="A dock is free",
        url="",
        section="World",
        published=CUTOFF,
        versions=(version(15, "A dock is found", "update"),),
    )
    older = version(12, "Ferry aground", "copy"), version(13, "Correction: 212", "notice")
    return edition(
        story("The harvest", "Society", Placement.TOP, lead=10),
        story("Ferry runs aground", lead=11, versions=older, related=(dock,)),
        story("Trams renumbered", "Society", Placement.BRIEF, lead=16),
    )


def test_every_article_is_shown_with_its_number_and_its_place():
    assert list(content_lines(contents(day()), whole=True)) == [
        "rank  place  article",
        "World",
        "   2  story       11  Ferry runs aground",
        "                  12    copy of 11: Ferry aground",
        "                  13    corrects 11, told with it: Correction: 212",
        "                  14    related: A dock is free",
        "                  15    updated by 14: A dock is found",
        "Society",
        "   1  top         10  The harvest",
        "   3  brief       16  Trams renumbered",
    ]
    short = list(content_lines(contents(day()), whole=False))
    assert "   2  story       11  Ferry runs aground (and 1 related)" in short
    assert list(content_lines(contents(edition()), whole=True)) == []


def test_the_same_as_data():
    world, society = contents(day())["sections"]
    (ferry,) = world["stories"]
    assert ferry["articles"] == [11, 14, 12, 13, 15]
    assert ferry["related"] == [{"article": 14, "title": "A dock is free"}]
    assert [(v["article"], v["replaced_by"], v["kind"]) for v in ferry["versions"]] == [
        (12, 11, "copy"),
        (13, 11, "notice"),
        (15, 14, "update"),
    ]
    assert [(s["rank"], s["section_rank"], s["placement"]) for s in society["stories"]] == [
        (1, 1, "top"),
        (3, 2, "brief"),
    ]


def test_articles_are_counted_as_the_mail_counts_them():
    assert counted(day()) == "4 articles in 3 stories, and 3 other versions of them"
    assert counted(edition(story("Ferry runs aground"))) == "1 article in 1 story"
