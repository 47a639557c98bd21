"""Articles into the store on both databases: added, updated, unchanged, never twice, never lost."""

import json
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, func
from sqlmodel import select

from digest.bootstrap import App
from digest.ingest.feeds import read_feed
from digest.ingest.files import Format, Reading, decoded, read_file
from digest.ingest.incoming import Incoming, Rejection, Report
from digest.ingest.upsert import store_articles
from digest.store import Store
from digest.store.models import Article, ArticleKey, Section

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ingest"
NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
READING = Reading(ZoneInfo("Europe/Sofia"), NOW, 1_000_000)


def incoming(key: str, **fields: Any) -> Incoming:
    values: dict[str, Any] = {"source": "jsonl", "title": "T", "published": NOW, **fields}
    return Incoming(keys=(key,), **values)


def put(store: Store, *outcomes: Incoming | Rejection, now: datetime = NOW) -> Report:
    return store_articles(store, outcomes, {}, now)


def counts(report: Report) -> tuple[int, int, int]:
    return report.added, report.updated, report.unchanged


def articles(store: Store) -> list[Article]:
    with store.read() as session:
        return list(session.exec(select(Article).order_by(Article.id)))  # type: ignore[arg-type] # SQLModel types columns as their values


def files(*names: str) -> Iterable[Incoming | Rejection]:
    for name in names:
        yield from read_file(str(FIXTURES / name), Format.AUTO, READING)


def test_importing_twice_changes_nothing(app: App):
    names = ("page.txt", "listing.txt", "feed.rss")
    declared = app.settings.declared_sections()
    first = store_articles(app.store, files(*names), declared, NOW)
    before = articles(app.store)
    again = store_articles(app.store, files(*names), declared, LATER)
    assert counts(first) == (7, 0, 3)
    assert counts(again) == (0, 0, 10)
    assert articles(app.store) == before


@pytest.mark.parametrize("order", [("page.txt", "listing.txt"), ("listing.txt", "page.txt")])
def test_any_order_comes_to_rest(store: Store, order: tuple[str, str]):
    put(store, *files(*order))
    settled = articles(store)
    for _ in range(2):
        assert put(store, *files(*order), now=LATER).updated == 0
        assert put(store, *files(*reversed(order)), now=LATER).updated == 0
    assert articles(store) == settled
    gauge = next(article for article in settled if article.title.startswith("Gauge"))
    assert gauge.teaser.endswith("and more is on its way")


def test_a_changed_article_is_updated_and_says_when(store: Store):
    put(store, incoming("id::1", title="Old", teaser="kept", tags=("a",), image_url="http://i/1"))
    report = put(store, incoming("id::1", title="New", body="Text."), now=LATER)
    (article,) = articles(store)
    assert counts(report) == (0, 1, 0)
    assert (article.title, article.teaser, article.body) == ("New", "kept", "Text.")
    assert (article.tags, article.image_url) == (["a"], "http://i/1")
    assert (article.known, article.changed) == (NOW, LATER)


def test_a_listing_does_not_override_a_page(store: Store):
    page = incoming("text:1", source="page", teaser="The page's own.", body="Text.")
    put(store, page)
    report = put(store, replace(page, source="listing", teaser="A listing's, and longer.", body=""))
    (article,) = articles(store)
    assert counts(report) == (0, 0, 1)
    assert (article.teaser, article.source) == ("The page's own.", "page")


def test_a_page_overrides_a_listing(store: Store):
    listed = incoming("text:1", source="listing", teaser="A listing's, and longer.")
    put(store, listed)
    put(store, replace(listed, source="page", teaser="The page's.", body="Text."))
    (article,) = articles(store)
    assert (article.teaser, article.body, article.source) == ("The page's.", "Text.", "page")


def test_a_teaser_taken_from_the_body_follows_the_body(store: Store):
    put(store, incoming("id::1", body="One old sentence."))
    put(store, incoming("id::1", body="One new sentence."))
    assert articles(store)[0].teaser == "One new sentence."


def test_two_feeds_with_one_article_do_not_change_it_to_and_fro(store: Store):
    one = incoming("url:http://a/", source="feed:one", title="One", section=("World",))
    two = incoming("url:http://a/", source="feed:two", title="Two", teaser="T", section=("Sport",))
    put(store, one)
    assert counts(put(store, two)) == (0, 1, 0)  # it knew a teaser
    for told in (one, two, one):
        assert counts(put(store, told)) == (0, 0, 1)
    assert articles(store)[0].title == "One"


def test_files_of_two_feeds_with_one_article_come_to_rest(store: Store):
    def feed(name: str) -> list[Incoming]:
        item = f"<item><title>as {name} has it</title><link>https://a.example/1</link></item>"
        channel = f"<title>{name}</title>{item}"
        text = f'<rss version="2.0"><channel>{channel}</channel></rss>'
        return read_feed(text.encode(), f"{name}.xml", NOW).articles

    put(store, *feed("world"))
    put(store, *feed("sports"))
    assert counts(put(store, *feed("world"))) == (0, 0, 1)
    assert counts(put(store, *feed("sports"))) == (0, 0, 1)


def test_entries_that_link_to_the_site_only_do_not_replace_one_another(store: Store):
    for number in (1, 2):
        item = f"<guid>n{number}</guid><title>t{number}</title><link>https://a.example</link>"
        channel = f"<title>T</title><link>https://a.example/</link><item>{item}</item>"
        text = f'<rss version="2.0"><channel>{channel}</channel></rss>'
        assert counts(put(store, *read_feed(text.encode(), "f", NOW).articles)) == (1, 0, 0)


def test_several_names_lead_to_one_article_and_new_names_stay(store: Store):
    both = replace(incoming("x"), keys=("url:http://a/", "id::1"))
    put(store, incoming("id::1"))
    assert counts(put(store, both)) == (0, 0, 1)
    assert counts(put(store, incoming("url:http://a/"))) == (0, 0, 1)
    with store.read() as session:
        assert len(session.exec(select(ArticleKey)).all()) == 2


def test_one_article_many_times_in_one_import(store: Store):
    versions = [incoming("id::1", title=title) for title in ("First", "Second", "Second")]
    assert counts(put(store, *versions)) == (1, 1, 1)
    assert counts(put(store, *versions)) == (0, 0, 3)
    assert [article.title for article in articles(store)] == ["Second"]


def test_sections_are_a_tree_without_regard_to_case(app: App):
    told = [("World", "UKRAINE"), ("world", "ukraine", "Kyiv"), ("Weather",), ("WEATHER",), ()]
    outcomes = [incoming(f"id::{n}", section=section) for n, section in enumerate(told)]
    report = store_articles(app.store, outcomes, app.settings.declared_sections(), NOW)
    with app.store.read() as session:
        rows = {row.id: row for row in session.exec(select(Section))}
    paths = {row.path: row for row in rows.values()}
    assert set(paths) == {"World", "World » Ukraine", "world » ukraine » Kyiv", "Weather", ""}
    assert paths["World » Ukraine"].parent_id == paths["World"].id
    assert paths["World » Ukraine"].declared
    assert not paths["Weather"].declared
    assert report.undeclared_sections == {"Weather", "WEATHER"}
    assert report.without_section == 1


def test_a_section_declared_later_is_written_as_declared(app: App):
    put(app.store, incoming("id::1", section=("WORLD", "UKRAINE")))
    store_articles(app.store, [incoming("id::2")], app.settings.declared_sections(), NOW)
    with app.store.read() as session:
        paths = {row.path for row in session.exec(select(Section))}
    assert {"World", "World » Ukraine"} <= paths


def test_an_article_is_filed_once_somebody_says_where(store: Store):
    put(store, incoming("url:http://a/", source="feed:a"))
    put(store, incoming("url:http://a/", source="feed:b", section=("World",)))
    with store.read() as session:
        assert session.exec(select(Section.path).join(Article)).all() == ["World"]


def test_two_imports_at_once_lose_and_double_nothing(store: Store):
    batch = [incoming(f"id::{n}", section=("World", str(n % 7))) for n in range(1200)]
    reports: list[Report] = []
    start = threading.Barrier(2)

    def run(order: list[Incoming]) -> None:
        start.wait()
        reports.append(put(store, *order))

    threads = [threading.Thread(target=run, args=(order,)) for order in (batch, batch[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.added for report in reports) == 1200
    assert sum(report.unchanged for report in reports) == 1200
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(Article)).one() == 1200


def test_statements_do_not_grow_with_the_articles_of_a_batch(store: Store):
    def statements(count: int) -> int:
        seen: list[str] = []

        def note(*call: Any) -> None:
            seen.append(call[2])

        event.listen(store.engine, "before_cursor_execute", note)
        put(store, *(incoming(f"id::{n}", body=f"{count}") for n in range(count)))
        event.remove(store.engine, "before_cursor_execute", note)
        # SQLite returns the ids of new rows in order only one by one; a call costs it nothing.
        return sum(
            not (store.is_sqlite and told.startswith("INSERT INTO article ")) for told in seen
        )

    put(store, *(incoming(f"id::{n}") for n in range(250)))
    few = statements(10)
    assert statements(500) <= few + 20  # PostgreSQL takes some dozens of rows an insert


def test_lines_are_streamed_and_a_truncated_one_loses_nothing_else(store: Store, tmp_path: Path):
    path = tmp_path / "a.jsonl"
    good = [json.dumps({"title": f"T{n}", "published": "2026-03-02T10:00Z"}) for n in range(3)]
    path.write_bytes(
        b"\xef\xbb\xbf"
        + "\n".join([good[0], good[1][:20], good[2]]).encode()
        + b'\n{"title": "\xe9"}'
    )
    report = put(store, *read_file(str(path), Format.AUTO, READING))
    assert counts(report) == (2, 0, 0)
    assert [rejection.line for rejection in report.rejected] == [2, 4]
    assert "only a part of one" in report.rejected[0].reason
    assert "save the file as UTF-8" in report.rejected[1].reason


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "cp1252"])
def test_pages_in_other_encodings_are_read(tmp_path: Path, encoding: str):
    path = tmp_path / "page.txt"
    text = (FIXTURES / "page.txt").read_text(encoding="utf-8").replace("Petrov", "Pétrov")
    path.write_bytes(text.encode(encoding))
    outcomes = list(read_file(str(path), Format.AUTO, READING))
    assert len(outcomes) == 4
    assert isinstance(outcomes[0], Incoming)
    assert "“after eleven months" in outcomes[0].body
    assert "Pétrov" in outcomes[0].body


def test_a_file_that_ends_in_another_encoding_keeps_its_last_letter():
    assert decoded("Un café".encode("cp1252")) == "Un café"
    assert decoded("Un café".encode()[:-1], whole=False) == "Un caf"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"Some words, no more.", "a page begins with"),
        (b"<!doctype html><title>Down</title>", "a web page, not a feed"),
        (b"<rss><channel><title>x</ti", "broken or cut off"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": 7}', "no list of items"),
        (b"x" * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_none_is_rejected_in_words(tmp_path: Path, content: bytes, reason: str):
    path = tmp_path / "file"
    path.write_bytes(content)
    (rejected,) = read_file(str(path), Format.AUTO, READING)
    assert isinstance(rejected, Rejection)
    assert reason in rejected.reason


def test_a_missing_file_and_a_folder_are_said_in_words(tmp_path: Path):
    for path, reason in ((tmp_path / "none", "No such file"), (tmp_path, "this is a folder")):
        (rejected,) = read_file(str(path), Format.AUTO, READING)
        assert isinstance(rejected, Rejection)
        assert rejected.line is None
        assert reason in rejected.reason


def test_a_line_without_end_is_refused(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    good = b'{"title": "T", "published": "2026-03-02"}'
    path.write_bytes(good + b'\n{"title": "' + b"x" * 9_000_000 + b'"}\n' + good)
    first, second, third = read_file(str(path), Format.JSONL, READING)
    assert isinstance(first, Incoming)
    assert isinstance(second, Rejection)
    assert (second.line, "longer than" in second.reason) == (2, True)
    assert isinstance(third, Incoming)
