"""What `why` tells of the editor's decisions, on both databases: those that acted, and the idle."""

from datetime import UTC, date, datetime, timedelta

import pytest

from digest.bootstrap import App
from digest.config import Newsletter
from digest.editions.desk import keep, mark
from digest.editions.hand import EVERYWHERE
from digest.editions.life import Rebuild, build
from digest.editions.reasons import why_lines
from digest.editions.why import ArticlePlace, why_article
from digest.editions.wishes import ABSENT, LEFT_OUT, SINCE
from digest.store.models import Edition, MarkKind, PairKind
from tests.articles import put
from tests.conftest import NOW

DAY = date(2026, 3, 3)
CUTOFF = datetime(2026, 3, 3, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
TITLES = ("Harvest begins early", "Museum reopens", "Trams renumbered", "Bakers elect a chairman")


@pytest.fixture
def newsletter(app: App) -> Newsletter:
    return app.settings.newsletter("morning")


def put_all(app: App) -> list[int]:
    return [put(app.store, title, CUTOFF - HOUR) for title in TITLES]


def compose(app: App, newsletter: Newsletter) -> Edition:
    return build(app.store, app.settings, newsletter, DAY, NOW, rebuild=Rebuild.ALWAYS)


def kept(app: App, kind: PairKind, *articles: int, note: str = "", after: timedelta = -HOUR):
    with app.store.write() as session:
        keep(session, kind, articles, note, NOW + after)


def marked(app: App, kind: MarkKind, article: int, note: str, newsletter: str = EVERYWHERE):
    with app.store.write() as session:
        mark(session, kind, [article], newsletter, note, NOW - HOUR)


def why(app: App, edition: Edition, article: int) -> tuple[ArticlePlace, str]:
    with app.store.read() as session:
        place = why_article(session, app.settings, edition, article)
    return place, "\n".join(why_lines(place))


def test_pairs_are_named_from_both_sides_with_their_notes(app: App, newsletter: Newsletter):
    harvest, museum, trams, _ = put_all(app)
    kept(app, PairKind.TOGETHER, museum, harvest, note="one feast")
    kept(app, PairKind.APART, harvest, trams)
    edition = compose(app, newsletter)
    place, said = why(app, edition, harvest)
    assert [(pair.kind, pair.articles, pair.note, pair.idle) for pair in place.pairs] == [
        ("together", (harvest, museum), "one feast", ""),
        ("apart", (harvest, trams), "", ""),
    ]
    assert f'kept together by the editor with {museum}: Museum reopens (note: "one feast")' in said
    assert f"kept apart by the editor from {trams}: Trams renumbered" in said
    assert f"with {harvest}: Harvest begins early" in why(app, edition, museum)[1]
    assert f"from {harvest}: Harvest begins early" in why(app, edition, trams)[1]


def test_the_links_that_hold_a_story_together_are_named_to_its_other_articles(
    app: App, newsletter: Newsletter
):
    harvest, museum, trams, bakers = put_all(app)
    yesterday = put(app.store, "A fair is planned", CUTOFF - 900 * HOUR)
    kept(app, PairKind.TOGETHER, harvest, yesterday)
    kept(app, PairKind.TOGETHER, yesterday, museum)
    kept(app, PairKind.TOGETHER, museum, trams)
    kept(app, PairKind.APART, bakers, yesterday)
    edition = compose(app, newsletter)
    place, said = why(app, edition, harvest)
    assert [(pair.articles, pair.idle) for pair in place.pairs] == [
        ((harvest, yesterday), ""),
        ((museum, trams), ""),
        ((museum, yesterday), ""),
    ]
    assert f"its story holds {museum} (Museum reopens) and {trams} (Trams renumbered), kept" in said
    (alone,) = why(app, edition, bakers)[0].pairs
    assert alone.idle == ABSENT


def test_what_was_decided_since_is_said_to_be_idle(app: App, newsletter: Newsletter):
    harvest, museum, *_ = put_all(app)
    edition = compose(app, newsletter)
    kept(app, PairKind.TOGETHER, harvest, museum, after=HOUR)
    place, said = why(app, edition, museum)
    assert [pair.idle for pair in place.pairs] == [SINCE]
    assert f"idle here: {SINCE}" in said


def test_a_hundred_kept_together_are_not_all_told_to_a_person(app: App, newsletter: Newsletter):
    many = [put(app.store, f"Storm report {number}", CUTOFF - HOUR) for number in range(40)]
    kept(app, PairKind.TOGETHER, *many)
    place, said = why(app, compose(app, newsletter), many[7])
    assert len(place.pairs) == 39, "those of the others with each other say nothing new"
    assert "and 29 more such decisions" in said


def test_pins_and_hides_come_with_their_notes(app: App, newsletter: Newsletter):
    harvest, museum, trams, _ = put_all(app)
    old = put(app.store, "Long ago", CUTOFF - 900 * HOUR)
    marked(app, MarkKind.PINNED, harvest, "the front page", "morning")
    marked(app, MarkKind.HIDDEN, museum, "the lawyer reads it")
    marked(app, MarkKind.PINNED, trams, "not ours", "evening")
    marked(app, MarkKind.PINNED, old, "")
    edition = compose(app, newsletter)
    assert (
        'pinned by the editor in morning (note: "the front page")' in why(app, edition, harvest)[1]
    )
    hidden = why(app, edition, museum)[1]
    assert 'hidden by the editor in every newsletter (note: "the lawyer reads it")' in hidden
    assert why(app, edition, trams)[0].marks == ()
    assert [left.idle for left in why(app, edition, old)[0].marks] == [LEFT_OUT]
