"""Editions on both databases: what they cover, what they leave and why, that they are frozen."""

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import func, select

from digest.bootstrap import App
from digest.config import Newsletter, Tag
from digest.delivery.proof import proof_of_edition
from digest.editions.life import Rebuild, build, load_document, release_articles
from digest.editions.reasons import why_lines
from digest.editions.selection import Window, exclusion
from digest.editions.why import Rank, why_article
from digest.errors import EditionNotDraftError, NoSuchArticleError
from digest.store.document import Factor
from digest.store.models import Edition, EditionArticle, EditionStatus, Exclusion
from tests.articles import put
from tests.conftest import NOW

DAY = date(2026, 3, 3)
CUTOFF = datetime(2026, 3, 3, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def newsletter(app: App) -> Newsletter:
    return app.settings.newsletter("morning")


def reasons(app: App, edition: Edition) -> dict[int, str]:
    with app.store.read() as session:
        query = select(Exclusion).where(Exclusion.edition_id == edition.id)
        return {row.article_id: row.reason for row in session.exec(query)}


def taken(edition: Edition) -> set[int]:
    stories = load_document(edition).stories
    return {article for story in stories for article in story.members}


def test_an_edition_takes_its_window_and_gives_a_reason_for_the_rest(
    app: App, newsletter: Newsletter
):
    at_cutoff = put(app.store, "Published on the minute", CUTOFF)
    after = put(app.store, "A minute too late", CUTOFF + timedelta(minutes=1), known=CUTOFF)
    oldest = put(app.store, "Just fresh enough", CUTOFF - 48 * HOUR, "Politics")
    old = put(app.store, "Just too old", CUTOFF - 48 * HOUR - timedelta(seconds=1))
    deep = put(app.store, "Below a section", CUTOFF - HOUR, "WORLD » Asia » Japan")
    other = put(app.store, "A section nobody asked for", CUTOFF - HOUR, "Gardening")
    edition = build(app.store, app.settings, newsletter, DAY, NOW)
    assert taken(edition) == {at_cutoff, oldest, deep}
    assert reasons(app, edition) == {
        after: "published after the cut-off",
        old: "too old",
        other: "not in this newsletter's sections",
    }
    document = load_document(edition)
    assert (document.number, document.date, document.cutoff) == (1, DAY, CUTOFF)
    headings = {story.lead: story.heading for story in document.stories}
    assert headings[deep] == "world"


def test_late_articles_come_in_the_next_edition_and_in_no_other(app: App, newsletter: Newsletter):
    first = put(app.store, "Ferries sail again", CUTOFF - HOUR)
    late = put(app.store, "A budget is passed", CUTOFF + HOUR, "Politics")
    monday = build(app.store, app.settings, newsletter, DAY, NOW)
    back_dated = put(app.store, "Known only today", CUTOFF - 2 * HOUR, known=NOW + HOUR)
    tomorrow = NOW + 24 * HOUR
    tuesday = build(app.store, app.settings, newsletter, DAY + timedelta(days=1), tomorrow)
    assert taken(monday) == {first}
    assert taken(tuesday) == {late, back_dated}
    assert load_document(tuesday).number == 2
    assert reasons(app, tuesday) == {}


def test_an_edition_is_frozen_and_only_a_draft_is_rebuilt(app: App, newsletter: Newsletter):
    put(app.store, "Ferries sail again", CUTOFF - HOUR)
    edition = build(app.store, app.settings, newsletter, DAY, NOW)
    put(app.store, "A budget is passed", CUTOFF - HOUR, "Politics", known=NOW)
    again = build(app.store, app.settings, newsletter, DAY, NOW)
    assert again.document == edition.document
    anew = build(app.store, app.settings, newsletter, DAY, NOW, rebuild=Rebuild.ALWAYS)
    assert (anew.id, anew.number) == (edition.id, edition.number)
    assert len(load_document(anew).stories) == 2
    with app.store.write() as session:
        row = session.get_one(Edition, edition.id)
        row.status = EditionStatus.SENDING
        session.add(row)
    with pytest.raises(EditionNotDraftError, match=r"sending: only a draft .* the next one"):
        build(app.store, app.settings, newsletter, DAY, NOW, rebuild=Rebuild.ALWAYS)
    stale = build(app.store, app.settings, newsletter, DAY, NOW, rebuild=Rebuild.STALE)
    assert stale.document == anew.document


def test_a_draft_composed_before_its_cutoff_is_stale_once_that_has_come(
    app: App, newsletter: Newsletter
):
    put(app.store, "Ferries sail again", CUTOFF - 9 * HOUR)
    early = build(app.store, app.settings, newsletter, DAY, CUTOFF - 8 * HOUR)
    put(app.store, "News of the night", CUTOFF - 2 * HOUR, "Politics")
    before = CUTOFF - timedelta(seconds=1)
    same = build(app.store, app.settings, newsletter, DAY, before, rebuild=Rebuild.STALE)
    assert same.document == early.document
    morning = build(app.store, app.settings, newsletter, DAY, CUTOFF, rebuild=Rebuild.STALE)
    assert len(taken(morning)) == 2
    kept = build(app.store, app.settings, newsletter, DAY, NOW + HOUR, rebuild=Rebuild.STALE)
    assert kept.composed == CUTOFF


def test_articles_of_a_cancelled_edition_are_free_again(app: App, newsletter: Newsletter):
    article = put(app.store, "Ferries sail again", CUTOFF - HOUR)
    edition = build(app.store, app.settings, newsletter, DAY, NOW)
    with app.store.write() as session:
        release_articles(session, edition)
    later = build(app.store, app.settings, newsletter, DAY + timedelta(days=1), NOW + 24 * HOUR)
    assert taken(later) == {article}


FERRY = (
    "The ferry Saint Clement ran aground off Kaliakra with {} people on board. Lifeboats from "
    "Balchik took the passengers ashore within two hours, the harbour office said. The captain "
    "thinks that a rope had caught in the screw; divers are to look at the hull."
)


def test_why(app: App, newsletter: Newsletter):
    lead = put(app.store, "Parliament passes the budget after a night sitting", CUTOFF - HOUR)
    other = put(app.store, "After a night sitting parliament passes the budget", CUTOFF - 2 * HOUR)
    archived = put(app.store, "News of last year", CUTOFF - timedelta(days=300))
    edition = build(app.store, app.settings, newsletter, DAY, NOW)
    later = put(app.store, "Came while it was read", CUTOFF - HOUR, known=NOW + HOUR)
    with app.store.read() as session:
        places = [why_article(session, app.settings, edition, n) for n in (lead, other)]
        assert [(place.is_lead, place.place) for place in places] == [(True, 1), (False, 2)]
        assert [place.beside for place in places] == [(places[1].title,), (places[0].title,)]
        assert {"Parliament", "budget"} <= set(places[0].tied)
        assert {"parliament", "budget"} <= set(places[1].tied)
        assert places[0].rank == Rank(place=1, stories=1, section_place=1, section_stories=1)
        for place in places:
            factors = [reason for reason in place.reasons if isinstance(reason, Factor)]
            assert math.prod(factor.times for factor in factors) == place.score
            assert len(factors) == len(place.reasons) > 0
        first, second = (math.prod(f.times for f in place.order) for place in places)
        assert first > second
        assert why_article(session, app.settings, edition, archived).reason == "too old"
        left = why_article(session, app.settings, edition, later)
        assert left.reason == "not known when the edition was composed"
        with pytest.raises(NoSuchArticleError, match="no article 999"):
            why_article(session, app.settings, edition, 999)


def test_versions_have_their_places_and_come_in_no_other_edition(app: App, newsletter: Newsletter):
    title = "Ferry with {} on board runs aground off Kaliakra"
    wrong = put(app.store, title.format(122), CUTOFF - 9 * HOUR, "World", body=FERRY.format(122))
    copy = put(
        app.store,
        "Ferry runs aground off Kaliakra",
        CUTOFF - 8 * HOUR,
        "Society » Sea",
        body=FERRY.format(122),
    )
    notice = f"Correction: {title.format(212)}"
    right = put(app.store, notice, CUTOFF - 6 * HOUR, "World", body=FERRY.format(212))
    edition = build(app.store, app.settings, newsletter, DAY, NOW)
    (story,) = load_document(edition).stories
    assert (story.lead, story.related, story.articles) == (right, (), 1)
    assert [(v.article, v.kind) for v in story.versions] == [
        (copy, "correction"),
        (wrong, "correction"),
    ]
    assert story.sections == ("world", "society » sea")
    assert story.mark == ""  # the headline says it
    with app.store.read() as session:
        placed = session.exec(select(EditionArticle.article_id)).all()
        assert sorted(placed) == sorted([wrong, copy, right])
        place = why_article(session, app.settings, edition, wrong)
        assert (place.included, place.is_lead, place.place) == (True, False, None)
        assert (place.replaced_by, place.kind) == (right, "correction")
        assert place.beside == (notice,)
        assert "Kaliakra" in place.tied
        lines = why_lines(place)
        assert f"not shown, because article {right} corrects it" in lines[1]
        shown = why_article(session, app.settings, edition, right)
        assert [older.article for older in shown.stands_for] == [copy, wrong]
    tomorrow = build(app.store, app.settings, newsletter, DAY + timedelta(days=1), NOW + 24 * HOUR)
    assert load_document(tomorrow).stories == ()


def test_a_notice_of_correction_is_told_with_the_account_that_it_corrects(
    app: App, newsletter: Newsletter
):
    title = "Ferry with {} on board runs aground off Kaliakra"
    wrong = put(app.store, title.format(122), CUTOFF - 9 * HOUR, body=FERRY.format(122))
    opening = "An earlier version gave the number of people on the ferry Saint Clement as 122."
    note = f"{opening} There were 212."  # what is right comes last, and not in the teaser
    notice = put(
        app.store,
        f"Correction: {title.format(212)}",
        CUTOFF - HOUR,
        teaser=opening,
        body=f"Correction: {note}",
    )
    edition = build(app.store, app.settings, newsletter, DAY, NOW)
    (story,) = load_document(edition).stories
    assert (story.lead, story.headline, story.correction) == (wrong, title.format(122), note)
    assert FERRY.format(122).startswith(story.teaser.rstrip("…"))
    with app.store.read() as session:
        said = why_lines(why_article(session, app.settings, edition, notice))
        assert f"its text is told with article {wrong}, which it corrects" in said[1]
        shown = why_lines(why_article(session, app.settings, edition, wrong))
    assert f"  is corrected, and told so, by article {notice}: Correction: {title.format(212)}" in (
        shown
    )
    proof = proof_of_edition(app.press, edition)
    assert f"Correction</span> {note}" in proof.html.replace("\n", " ")
    assert f"Correction: {note}" in " ".join(proof.text.split())


def test_a_tag_that_the_publisher_weighs_moves_its_story_up(app: App, newsletter: Newsletter):
    put(app.store, "Ferries sail again", CUTOFF - HOUR)
    tagged = put(app.store, "A budget is passed", CUTOFF - 20 * HOUR, "Politics", tags=["Breaking"])
    settings = app.settings.model_copy(update={"tags": (Tag(name="breaking", weight=3),)})
    edition = build(app.store, settings, newsletter, DAY, NOW)
    assert load_document(edition).stories[0].lead == tagged
    with app.store.read() as session:
        place = why_article(session, settings, edition, tagged)
    assert Factor(factor="tags", value="Breaking", times=3) in place.reasons
    assert any("tagged Breaking (×3)" in line for line in why_lines(place))


def test_editions_of_an_earlier_release_say_their_reasons_in_words(
    app: App, newsletter: Newsletter
):
    article = put(app.store, "Ferries sail again", CUTOFF - HOUR)
    edition = build(app.store, app.settings, newsletter, DAY, NOW)
    (story,) = edition.document["stories"]
    for name in ("mark", "versions", "order"):
        del story[name]
    story["reasons"] = ["1 article", "1 h old"]
    with app.store.read() as session:
        place = why_article(session, app.settings, edition, article)
    assert place.reasons == ("1 article", "1 h old")
    assert any(line.endswith(": 1 article, 1 h old") for line in why_lines(place))


def test_an_archive_costs_nothing(app: App, newsletter: Newsletter):
    """The statements of a build, and the rows they fetch, do not grow with the store."""

    def cost(day: date, now: datetime) -> tuple[int, int]:
        statements, rows = [], [0]

        def count(_connection, cursor, statement, *_):
            statements.append(statement)
            rows[0] += max(cursor.rowcount, 0)

        event.listen(app.store.engine, "after_cursor_execute", count)
        build(app.store, app.settings, newsletter, day, now)
        event.remove(app.store.engine, "after_cursor_execute", count)
        return len(statements), rows[0]

    for number in range(5):
        put(app.store, f"Item {number} of the first day", CUTOFF - HOUR)
    small = cost(DAY, NOW)
    for number in range(120):
        old = CUTOFF - timedelta(days=60 + number)
        put(app.store, f"Archived {number}", old, known=NOW - HOUR)
    for number in range(5):
        put(app.store, f"Piece {number} of the next day", CUTOFF + HOUR)
    large = cost(DAY + timedelta(days=1), NOW + 24 * HOUR)
    assert large[0] <= small[0] + 2
    assert large[0] <= 20
    assert large[1] <= small[1] + 20


def test_every_article_is_in_one_edition_or_left_for_a_reason(app: App, newsletter: Newsletter):
    numbers = {
        put(app.store, f"Number {n}", CUTOFF + (n - 60) * HOUR, known=CUTOFF + (n % 7 - 60) * HOUR)
        for n in range(120)
    }
    editions = [
        build(app.store, app.settings, newsletter, DAY + timedelta(days=n), NOW + n * 24 * HOUR)
        for n in range(4)
    ]
    with app.store.read() as session:
        placed = session.exec(select(EditionArticle.article_id)).all()
        assert session.exec(select(func.count()).select_from(Edition)).one() == 4
    assert len(placed) == len(set(placed))
    left = {number for edition in editions for number, why in reasons(app, edition).items()}
    assert set(placed) | left == numbers
    final = {
        n for edition in editions for n, why in reasons(app, edition).items() if why == "too old"
    }
    assert final | set(placed) == numbers
    assert not final & set(placed)


instants = st.integers(-240, 240).map(lambda hours: CUTOFF + hours * HOUR)


@given(published=instants, known=instants, heading=st.sampled_from([None, "world"]))
def test_an_article_is_taken_or_has_a_reason(published, known, heading):
    window = Window(CUTOFF - 48 * HOUR, CUTOFF, NOW)
    reason = exclusion(window, published=published, known=known, heading=heading)
    belongs = (
        heading is not None
        and window.oldest <= published <= window.cutoff
        and known <= window.composed
    )
    assert (reason is None) == belongs
