"""What editors decide, on both databases: it holds for every edition to come."""

import json
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlmodel import select

from digest.bootstrap import App
from digest.config import Newsletter
from digest.delivery.message import MAX_BYTES
from digest.delivery.proof import proof_of_edition
from digest.editions import desk
from digest.editions.desk import editions_concerned, forget, keep, mark, pairs_kept, unmark
from digest.editions.hand import EVERYWHERE, hand_for, linked_pairs
from digest.editions.life import Rebuild, build, load_document, release_articles
from digest.editions.reasons import said, why_lines
from digest.editions.why import why_article
from digest.errors import ContradictionError, NothingKeptError, NotMarkedError, SameArticleError
from digest.ingest.catalogue import find_article
from digest.ingest.importing import import_files
from digest.ingest.incoming import Report
from digest.store.document import EditionDocument
from digest.store.models import Article, ArticleMark, Edition, Exclusion, MarkKind, PairKind
from digest.web.app import create_app
from tests.articles import put
from tests.conftest import NOW

DAY = date(2026, 3, 3)
CUTOFF = datetime(2026, 3, 3, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOGETHER, APART = PairKind.TOGETHER, PairKind.APART
PINNED, HIDDEN = MarkKind.PINNED, MarkKind.HIDDEN

ALIKE = (
    "Parliament passes the budget after a night sitting",
    "After a night sitting parliament passes the budget",
    "Night sitting: the budget passes in parliament",
)


@pytest.fixture
def newsletter(app: App) -> Newsletter:
    return app.settings.newsletter("morning")


def compose(app: App, newsletter: Newsletter, days: int = 0, **options) -> Edition:
    day, now = DAY + timedelta(days=days), NOW + timedelta(days=days)
    return build(app.store, app.settings, newsletter, day, now, **options)


def told(edition: Edition) -> set[frozenset[int]]:
    """The stories of an edition, as the numbers of their articles."""
    return {
        frozenset([story.lead, *(related.article for related in story.related)])
        for story in load_document(edition).stories
    }


def kept(app: App, kind: PairKind, *articles: int, note: str = ""):
    with app.store.write() as session:
        return keep(session, kind, articles, note, NOW)


def marked(app: App, kind: MarkKind, *articles: int, newsletter: str = EVERYWHERE):
    with app.store.write() as session:
        return mark(session, kind, articles, newsletter, "", NOW)


def put_alike(app: App, published: datetime = CUTOFF - HOUR) -> list[int]:
    return [put(app.store, title, published) for title in ALIKE]


def test_what_is_kept_apart_stays_apart_in_every_edition_to_come(app: App, newsletter: Newsletter):
    one, two, three = put_alike(app)
    first = compose(app, newsletter)
    assert told(first) == {frozenset({one, two, three})}
    kept(app, APART, three, one)
    assert told(compose(app, newsletter)) == told(first), "a composed edition stays as it is"
    anew = compose(app, newsletter, rebuild=Rebuild.ALWAYS)
    assert len(told(anew)) == 2
    assert not any({one, three} <= story for story in told(anew))
    with app.store.write() as session:
        release_articles(session, anew)
    # The next day, by another process: a program of its own on the same database.
    other = App(app.settings, clock=app.clock)
    later = compose(other, newsletter, 1)
    assert told(later) == told(anew)
    other.close()


def test_what_is_kept_together_is_one_story_with_all_that_belongs_to_it(
    app: App, newsletter: Newsletter
):
    one, two, three = put_alike(app)
    ferry = put(app.store, "Ferries sail again", CUTOFF - 2 * HOUR)
    later = put(app.store, "Ferries sail again after the storm", CUTOFF - HOUR)
    kept(app, TOGETHER, ferry, three)
    assert told(compose(app, newsletter)) == {frozenset({one, two, three, ferry, later})}


def test_a_chain_holds_though_a_link_of_it_was_in_yesterdays_edition(
    app: App, newsletter: Newsletter
):
    link = put(app.store, "Storm warning", CUTOFF - HOUR)
    compose(app, newsletter)
    ferry = put(app.store, "Ferries sail again", CUTOFF + HOUR)
    budget = put(app.store, "A budget is passed", CUTOFF + HOUR)
    kept(app, TOGETHER, ferry, link)
    kept(app, TOGETHER, link, budget)
    assert told(compose(app, newsletter, 1)) == {frozenset({ferry, budget})}
    with app.store.write() as session:
        assert forget(session, [link, budget]) == [(link, budget)]
    anew = compose(app, newsletter, 1, rebuild=Rebuild.ALWAYS)
    assert told(anew) == {frozenset({ferry}), frozenset({budget})}


def test_a_later_wish_takes_the_place_of_the_opposite(app: App):
    one, two, three = put_alike(app)
    assert kept(app, APART, two, one).added == [(one, two)]
    assert kept(app, APART, one, two).unchanged == [(one, two)]
    outcome = kept(app, TOGETHER, one, two, three, note="one sitting")
    assert outcome.replaced == [(one, two)]
    assert outcome.added == [(one, three), (two, three)]
    with app.store.read() as session:
        rows = pairs_kept(session)
    assert [(row["first"], row["second"], row["kind"]) for row in rows] == [
        (one, two, "together"),
        (one, three, "together"),
        (two, three, "together"),
    ]
    assert rows[0]["note"] == "one sitting"
    assert (rows[0]["first_title"], rows[0]["second_title"]) == ALIKE[:2]


def test_two_editors_at_a_time_take_turns(app: App):
    one, two, _ = put_alike(app)
    with ThreadPoolExecutor(2) as other:
        with app.store.write() as session:
            keep(session, APART, [one, two], "", NOW)
            mark(session, HIDDEN, [one], EVERYWHERE, "", NOW)
            later = other.submit(kept, app, TOGETHER, two, one)
            last = other.submit(marked, app, HIDDEN, one)
        assert later.result().replaced == [(one, two)]
        assert last.result().unchanged == [one]


def test_two_editors_at_a_time_cannot_contradict_each_other_by_a_chain(app: App):
    one, two, three, four = [*put_alike(app), put(app.store, "Ferries sail again", CUTOFF)]
    kept(app, TOGETHER, one, two)
    kept(app, TOGETHER, three, four)
    with ThreadPoolExecutor(1) as other:
        with app.store.write() as session:
            keep(session, TOGETHER, [two, three], "", NOW)
            later = other.submit(kept, app, APART, one, four)
            assert not wait([later], 0.3).done
        with pytest.raises(ContradictionError):
            later.result()


def test_two_hundred_articles_are_kept_together_at_once(app: App, newsletter: Newsletter):
    many = [put(app.store, f"Storm report {number}", CUTOFF - HOUR) for number in range(200)]
    edition = compose(app, newsletter)
    pairs = kept(app, TOGETHER, *many).added
    with app.store.read() as session:
        (concerned,) = editions_concerned(session, [*chain.from_iterable(pairs)])
    assert concerned.id == edition.id


def test_a_contradiction_is_refused_and_its_chain_is_named(app: App):
    one, two, three = put_alike(app)
    kept(app, TOGETHER, one, two)
    kept(app, TOGETHER, two, three)
    with pytest.raises(ContradictionError, match=f"{one} and {three} cannot .* {one} with {two}"):
        kept(app, APART, three, one)
    with app.store.write() as session:
        assert len(forget(session, [two])) == 2
    kept(app, APART, three, one)
    kept(app, TOGETHER, one, two)
    wanted = (
        f"{two} and {three} cannot be kept together while {one} and {three} are apart and {one}"
    )
    with pytest.raises(ContradictionError, match=wanted):
        kept(app, TOGETHER, two, three)
    with app.store.read() as session:
        assert len(pairs_kept(session)) == 2


def test_an_article_named_twice_is_named(app: App):
    one, two, _ = put_alike(app)
    assert kept(app, APART, two, one, two).added == [(one, two)]


def test_who_forgets_takes_turns_with_who_keeps(app: App, monkeypatch: pytest.MonkeyPatch):
    one, two, _ = put_alike(app)
    kept(app, APART, one, two)
    took: list[object] = []
    monkeypatch.setattr(desk, "_take_turns_on_pairs", took.append)
    with app.store.write() as session:
        forget(session, [one])
        assert took == [session]


def test_mistakes_are_said_in_words(app: App):
    one, two, _ = put_alike(app)
    for articles in ([one], [one, one]):
        with pytest.raises(SameArticleError, match="two different"):
            kept(app, APART, *articles)
    for articles in ([one], [one, two]):
        with pytest.raises(NothingKeptError, match="Nothing is kept"), app.store.write() as session:
            forget(session, articles)
    told_so = pytest.raises(NotMarkedError, match=f"{one} is not pinned anywhere")
    with told_so, app.store.write() as session:
        unmark(session, PINNED, [one], None)


def test_pinned_articles_lead_and_stand_first_in_the_order_they_were_pinned(
    app: App, newsletter: Newsletter
):
    alike = put_alike(app)
    titles = ("Harvest begins early", "Museum reopens", "Trams renumbered", "Bakers elect")
    old = [put(app.store, title, CUTOFF - 40 * HOUR) for title in titles]
    before = load_document(compose(app, newsletter))
    late = next(number for number in alike if number != before.stories[0].lead)
    marked(app, PINNED, old[2], late, old[0])
    document = load_document(compose(app, newsletter, rebuild=Rebuild.ALWAYS))
    pinned = document.stories[:3]
    assert [story.lead for story in pinned] == [old[2], late, old[0]]
    # All stand under one heading, which has room for two top stories otherwise.
    assert {story.placement for story in pinned} == {"top"}
    assert [
        any("pinned by the editor" in said([reason]) for reason in story.reasons)
        for story in document.stories
    ] == [True, True, True, False, False]
    with app.store.read() as session:
        edition = session.exec(select(Edition)).one()
        place = why_article(session, app.settings, edition, late)
    told = why_lines(place)
    assert any(line.startswith("  leads: pinned by the editor, ") for line in told)
    assert any(": pinned by the editor, articles: " in line for line in told)


def test_hundreds_of_pins_still_make_a_mail_that_receivers_take(app: App, newsletter: Newsletter):
    many = []
    for number in range(150):
        words = [f"w{number}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
        title, body = " ".join(words[:16]), " ".join(words * 4)
        many.append(put(app.store, title, CUTOFF - HOUR, body=body))
    marked(app, PINNED, *many)
    edition = compose(app, newsletter)
    stories = load_document(edition).stories
    assert [story.lead for story in stories] == many
    assert {story.placement for story in stories} == {"top"}
    proof = proof_of_edition(app.press, edition)
    assert len(proof.message) < MAX_BYTES
    assert "This mail was shortened." in proof.text
    assert proof.text.index("\nw0a ") < proof.text.index("\nw1a ")
    assert "w149a" not in proof.text


def test_a_pin_of_one_newsletter_is_nothing_to_another(app: App, newsletter: Newsletter):
    ferry = put(app.store, "Ferries sail again", CUTOFF - 40 * HOUR)
    put_alike(app)
    marked(app, PINNED, ferry, newsletter="evening")
    edition = compose(app, newsletter)
    assert load_document(edition).stories[0].lead != ferry
    with app.store.write() as session:
        unmark(session, PINNED, [ferry], "evening")
    marked(app, PINNED, ferry, newsletter="morning")
    anew = compose(app, newsletter, rebuild=Rebuild.ALWAYS)
    assert load_document(anew).stories[0].lead == ferry


def excluded(app: App, edition: Edition) -> dict[int, str]:
    with app.store.read() as session:
        query = select(Exclusion).where(Exclusion.edition_id == edition.id)
        return {row.article_id: row.reason for row in session.exec(query)}


def test_a_hidden_article_is_left_out_and_accounted_for_until_it_is_shown_again(
    app: App, newsletter: Newsletter
):
    one, two, three = put_alike(app)
    marked(app, HIDDEN, two)
    edition = compose(app, newsletter)
    assert told(edition) == {frozenset({one, three})}
    assert excluded(app, edition) == {two: "hidden by the editor"}
    with app.store.read() as session:
        place = why_article(session, app.settings, edition, two)
        assert (place.included, place.reason) == (False, "hidden by the editor")
        assert [found.is_draft for found in editions_concerned(session, [two])] == [True]
    tomorrow = compose(app, newsletter, 1)
    assert told(tomorrow) == set()
    assert excluded(app, tomorrow)[two] == "hidden by the editor"
    with app.store.write() as session:
        unmark(session, HIDDEN, [two], None)
    assert told(compose(app, newsletter, 1, rebuild=Rebuild.ALWAYS)) == {frozenset({two})}


def test_hiding_in_one_newsletter_leaves_the_others(app: App, newsletter: Newsletter):
    ferry = put(app.store, "Ferries sail again", CUTOFF - HOUR)
    marked(app, HIDDEN, ferry, newsletter="evening")
    assert told(compose(app, newsletter)) == {frozenset({ferry})}
    marked(app, HIDDEN, ferry, newsletter="morning")
    assert told(compose(app, newsletter, rebuild=Rebuild.ALWAYS)) == set()


def test_an_article_that_is_updated_stays_as_it_was_marked_and_kept(
    app: App, newsletter: Newsletter, tmp_path: Path
):
    path = tmp_path / "day.jsonl"

    def imported(body: str) -> Report:
        records = [
            {"id": f"n{n}", "title": title, "published": "2026-03-03T04:00Z", "section": "World"}
            for n, title in enumerate(ALIKE)
        ]
        text = "".join(json.dumps({**record, "body": body}) + "\n" for record in records)
        path.write_text(text, encoding="utf-8")
        return import_files(app.store, app.settings, [str(path)], CUTOFF - HOUR)

    assert imported("At last.").added == 3
    with app.store.read() as session:
        one, two, three = (find_article(session, f"n{n}") for n in range(3))
    kept(app, APART, one, two)
    marked(app, HIDDEN, three)
    assert imported("At last, and with one voice.").updated == 3
    edition = compose(app, newsletter)
    assert told(edition) == {frozenset({one}), frozenset({two})}
    assert excluded(app, edition) == {three: "hidden by the editor"}


def test_an_edition_that_is_sent_keeps_what_was_hidden_too_late(app: App, newsletter: Newsletter):
    one, two, three = put_alike(app)
    edition = compose(app, newsletter)
    with app.store.write() as session:
        row = session.get_one(Edition, edition.id)
        row.status = "sent"
        session.add(row)
    marked(app, HIDDEN, two)
    assert told(compose(app, newsletter)) == {frozenset({one, two, three})}
    with app.store.read() as session:
        (found,) = editions_concerned(session, [two])
    assert (found.id, found.newsletter, found.date, found.is_draft) == (
        edition.id,
        "morning",
        DAY,
        False,
    )


def test_a_mark_is_set_once_and_the_opposite_takes_its_place(app: App):
    one, two, _ = put_alike(app)
    assert marked(app, PINNED, one, two, one).added == [one, two]
    assert marked(app, PINNED, one).unchanged == [one]
    assert marked(app, HIDDEN, one).replaced == [one]
    outcome = marked(app, PINNED, one, newsletter="morning")
    assert (outcome.added, outcome.opposed) == ([one], {one: [EVERYWHERE]})
    with app.store.read() as session:
        rows = session.exec(select(ArticleMark)).all()
    assert sorted((row.article_id, row.kind, row.newsletter) for row in rows) == [
        (one, "hidden", ""),
        (one, "pinned", "morning"),
        (two, "pinned", ""),
    ]


def test_a_decision_does_not_reach_other_stories(app: App, newsletter: Newsletter):
    def others(document: EditionDocument) -> list[tuple[int, float]]:
        return [(story.lead, story.score) for story in document.stories if story.lead not in named]

    alike = put_alike(app)
    named = set(alike)
    for number in range(6):
        put(app.store, f"Piece {number}", CUTOFF - number * HOUR, "Sports")
    before = load_document(compose(app, newsletter))
    kept(app, APART, *alike)
    after = load_document(compose(app, newsletter, rebuild=Rebuild.ALWAYS))
    assert others(after) == others(before)
    assert len(after.stories) == len(before.stories) + 2


def test_decisions_of_former_years_cost_nothing(app: App, newsletter: Newsletter):
    """The statements that read the hand, and the rows they fetch, do not grow with the store."""

    def cost() -> tuple[int, int]:
        statements, rows = [], [0]

        def count(_connection, cursor, statement, *_):
            statements.append(statement)
            rows[0] += max(cursor.rowcount, 0)

        event.listen(app.store.engine, "after_cursor_execute", count)
        with app.store.read() as session:
            hand_for(session, newsletter.slug, CUTOFF - 48 * HOUR, CUTOFF)
        event.remove(app.store.engine, "after_cursor_execute", count)
        return len(statements), rows[0]

    one, two, three = put_alike(app)
    kept(app, APART, one, two)
    marked(app, PINNED, three)
    small = cost()
    old = [put(app.store, f"Archived {number}", CUTOFF - 900 * HOUR) for number in range(30)]
    kept(app, APART, *old[:15])
    kept(app, TOGETHER, *old[15:])
    marked(app, PINNED, *old)
    assert cost() == small
    assert small[0] <= 3  # SQLite's BEGIN is one of them


def test_pairs_are_found_by_their_indexes(app: App):
    """No plan reads all pairs, once there are too many to read them all."""
    one, two, three = put_alike(app)
    kept(app, APART, one, two)
    kept(app, TOGETHER, two, three)
    dialect = app.store.engine.dialect.name
    statements = []

    def note(_connection, _cursor, statement, parameters, *_):
        statements.append((statement, parameters))

    with app.store.read() as session:
        event.listen(app.store.engine, "before_cursor_execute", note)
        linked_pairs(session, select(Article.id).where(Article.id == one))
        event.remove(app.store.engine, "before_cursor_execute", note)
        statement, parameters = statements[-1]  # before it SQLite begins
        cursor = session.connection().connection.cursor()
        if dialect == "postgresql":  # its few rows would be read whole
            cursor.execute("SET enable_seqscan = off")
        explain = "EXPLAIN" if dialect == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{explain} {statement}", parameters)
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert "article_pair" in plan
    assert "Seq Scan on article_pair" not in plan
    assert "SCAN article_pair" not in plan


def test_the_preview_of_an_edition_not_built_yet_shows_what_was_decided(app: App):
    one, two, three = put_alike(app)
    ferry = put(app.store, "Ferries sail again", CUTOFF - 40 * HOUR)
    with TestClient(
        create_app(app), base_url="http://127.0.0.1:8080", client=("127.0.0.1", 50000)
    ) as client:

        def seen() -> tuple[str, str]:
            text = client.get("/preview/mail.txt").text
            return text, client.get("/preview/version").text

        before, first = seen()
        marked(app, PINNED, ferry)
        kept(app, APART, one, three)
        marked(app, HIDDEN, two)
        after, second = seen()
        with app.store.write() as session:
            unmark(session, HIDDEN, [two], None)
        assert len({first, second, seen()[1]}) == 3
    assert before.index("Ferries sail again") > before.index("budget")
    assert after.index("Ferries sail again") < after.index("budget")
    assert ALIKE[1] not in after
