"""Feeds over real HTTP: only what is new, read in a process of its own; one harms no other."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from sqlmodel import select

from digest.config import Feed, Settings
from digest.errors import FeedUnreadableError, NoSuchFeedError
from digest.ingest.feeds import Filing, read_feed
from digest.ingest.polling import FeedOutcome, backoff, feed_states, poll_due, poll_named
from digest.store import Store
from digest.store.models import Article, FeedState, Section
from tests.webserver import Server, answer, serving

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ingest"
RSS = (FIXTURES / "feed.rss").read_bytes()
NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def with_feeds(settings: Settings, **urls: str) -> Settings:
    feeds = tuple(Feed(slug=slug, url=url, section="World") for slug, url in urls.items())
    return settings.model_copy(update={"feeds": feeds})


def test_once_stopped_no_further_feed_is_asked(store: Store, settings: Settings, server: Server):
    server.pages["/a"] = server.pages["/b"] = answer(RSS)
    told = with_feeds(settings, a=f"{server.url}/a", b=f"{server.url}/b")
    outcomes = poll_due(store, told, NOW, lambda: bool(server.asked))
    assert outcomes == [FeedOutcome("a", "fetched", added=3, rejected=1)]
    assert [path for path, _ in server.asked] == ["/a"]


def test_a_feed_is_fetched_once_and_then_asked_for_news_only(
    store: Store, settings: Settings, server: Server
):
    def conditional(handler: BaseHTTPRequestHandler) -> None:
        known = handler.headers.get("If-None-Match") == '"v1"'
        headers = {"ETag": '"v1"', "Last-Modified": "Mon, 02 Mar 2026 08:00:00 GMT"}
        answer(b"" if known else RSS, 304 if known else 200, headers)(handler)

    server.pages["/feed"] = conditional
    told = with_feeds(settings, world=f"{server.url}/feed")
    first = poll_due(store, told, NOW)
    assert first == [FeedOutcome("world", "fetched", added=3, rejected=1)]
    assert poll_due(store, told, NOW) == []  # not due
    assert poll_due(store, told, NOW + timedelta(hours=1)) == [FeedOutcome("world", "unchanged")]
    assert server.asked[1][1]["If-Modified-Since"] == "Mon, 02 Mar 2026 08:00:00 GMT"
    state = feed_states(store, told)[0]
    assert state["succeeded"] == NOW + timedelta(hours=1)
    assert state["next_poll"] == NOW + timedelta(hours=1, minutes=15)


def test_entries_become_articles_with_section_text_and_time(
    store: Store, settings: Settings, server: Server
):
    server.pages["/feed"] = answer(RSS)
    poll_named(store, with_feeds(settings, world=f"{server.url}/feed"), ["world"], NOW)
    with store.read() as session:
        rows = session.exec(select(Article, Section.path).join(Section)).all()
    found = {article.title: (article, path) for article, path in rows}
    gauge, path = found["Gauge & ferry: what the river does"]
    assert path == "World » Danube"
    assert gauge.tags == ["floods"]
    assert gauge.url == f"{server.url}/danube/1?page=2"
    assert gauge.body == "The river rose.\n\nIt may rise again."
    assert f'href="{server.url}/gauge"' in gauge.body_html
    assert "onclick" not in gauge.body_html
    assert (gauge.source, gauge.language) == ("feed:world", "en-gb")
    _, path = found["A rowing club moved its boats to the hill. Nobody was hurt."]
    assert path == "Sports"  # a category that a newsletter declares, however it is written
    wrong, path = found["Dated by a clock that was wrong"]
    assert (wrong.published, path) == (NOW, "World")


def test_a_failing_feed_is_left_alone_longer_and_harms_no_other(
    store: Store, settings: Settings, server: Server
):
    server.pages["/good"] = answer(RSS)
    told = with_feeds(settings, bad=f"{server.url}/none", good=f"{server.url}/good")
    bad, good = poll_due(store, told, NOW)
    assert (bad.status, good.added) == ("failed", 3)
    assert "the server answered 404" in bad.error
    assert feed_states(store, told)[0]["next_poll"] == NOW + timedelta(minutes=30)
    poll_named(store, told, ["bad"], NOW)
    state = feed_states(store, told)[0]
    assert (state["failures"], state["next_poll"]) == (2, NOW + timedelta(minutes=60))
    server.pages["/none"] = answer(RSS)
    poll_named(store, told, ["bad"], NOW)
    assert feed_states(store, told)[0]["failures"] == 0


def test_patience_asked_for_is_granted(store: Store, settings: Settings, server: Server):
    server.pages["/busy"] = answer(status=503, headers={"Retry-After": "7200"})
    server.pages["/gone"] = answer(status=410)
    told = with_feeds(settings, busy=f"{server.url}/busy", gone=f"{server.url}/gone")
    _, gone = poll_due(store, told, NOW)
    assert "remove it from the configuration" in gone.error
    waits = [state["next_poll"] - NOW for state in feed_states(store, told)]
    assert waits == [timedelta(hours=2), timedelta(days=1)]


def test_what_did_not_parse_is_asked_for_again_in_whole(
    store: Store, settings: Settings, server: Server
):
    page = b'<!doctype html><link rel="alternate" type="application/rss+xml" href="/real.rss">'
    server.pages["/page"] = answer(page, headers={"ETag": '"v1"'})
    told = with_feeds(settings, page=f"{server.url}/page")
    (outcome,) = poll_due(store, told, NOW)
    assert f"a web page, not a feed: it names the feed {server.url}/real.rss" in outcome.error
    poll_named(store, told, ["page"], NOW)
    assert "If-None-Match" not in server.asked[1][1]


def test_a_feed_at_another_address_is_asked_afresh(
    store: Store, settings: Settings, server: Server
):
    server.pages["/a"] = server.pages["/b"] = answer(RSS, headers={"ETag": '"v1"'})
    poll_due(store, with_feeds(settings, world=f"{server.url}/a"), NOW)
    poll_due(store, with_feeds(settings, world=f"{server.url}/b"), NOW)
    assert [path for path, _ in server.asked] == ["/a", "/b"]
    assert "If-None-Match" not in server.asked[1][1]


def test_two_processes_ask_once(store: Store, settings: Settings, server: Server):
    server.pages["/feed"] = answer(RSS)
    told = with_feeds(settings, world=f"{server.url}/feed")
    start = threading.Barrier(2)

    def poll() -> None:
        start.wait()
        poll_due(store, told, NOW)

    threads = [threading.Thread(target=poll) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 1
    with store.read() as session:
        assert session.get(FeedState, "world") is not None


def test_an_unknown_feed_is_said_in_words(store: Store, settings: Settings):
    with pytest.raises(NoSuchFeedError, match="the configuration has none"):
        poll_named(store, settings, ["sport"], NOW)


def test_a_password_in_an_address_is_used_and_never_told(
    store: Store, settings: Settings, server: Server
):
    item = b"<item><title>T</title><description>&lt;a href='/more'>m&lt;/a></description></item>"
    server.pages["/feed"] = answer(b'<rss version="2.0"><channel>' + item + b"</channel></rss>")
    address = server.url.replace("//", "//reader:hunter2@")
    told = with_feeds(settings, good=f"{address}/feed", bad=f"{address}/none")
    outcomes = poll_due(store, told, NOW)
    assert [outcome.status for outcome in outcomes] == ["fetched", "failed"]
    assert all(headers["Authorization"].startswith("Basic ") for _, headers in server.asked)
    assert "hunter2" not in f"{outcomes}{feed_states(store, told)}"
    with store.read() as session:
        (article,) = session.exec(select(Article))
    assert f'href="{server.url}/more"' in article.body_html


def test_back_off_doubles_up_to_a_day():
    quarter = timedelta(minutes=15)
    assert [backoff(quarter, n) for n in (1, 2, 3)] == [quarter * 2, quarter * 4, quarter * 8]
    assert backoff(quarter, 50) == timedelta(days=1)
    assert backoff(timedelta(days=7), 50) == timedelta(days=7)


def test_entries_that_share_an_address_or_id_are_not_merged():
    items = "".join(f"<item><title>t{n}</title><guid>g</guid><link>http://a.example/</link></item>"
                    for n in range(3))  # fmt: skip
    feed = read_feed(f'<rss version="2.0"><channel>{items}</channel></rss>'.encode(), "f", NOW)
    assert len({article.keys for article in feed.articles}) == 3


def test_ids_of_different_feeds_never_meet():
    def keys(site: str) -> tuple[str, ...]:
        item = f"<item><guid>1</guid><title>t</title><link>{site}1</link></item>"
        channel = f"<title>News</title><link>{site}</link>{item}"
        text = f'<rss version="2.0"><channel>{channel}</channel></rss>'
        return read_feed(text.encode(), "f", NOW).articles[0].keys

    assert not set(keys("http://a.example/")) & set(keys("http://b.example/"))
    assert keys("http://a.example/") == keys("http://a.example/")


def test_modules_in_the_folder_one_stands_in_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "feedparser.py").write_text("raise SystemExit('run')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert read_feed(RSS, "f", NOW).articles


def test_a_feed_that_costs_too_much_costs_only_its_own_process(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("digest.ingest.feeds.CPU_SECONDS", 1)
    items = b"<item><title>t</title></item>" * 100_000
    with pytest.raises(FeedUnreadableError, match="more than 1 seconds of the processor's time"):
        read_feed(b'<rss version="2.0"><channel>' + items + b"</channel></rss>", "f", NOW)


def test_a_feed_that_needs_too_much_memory_is_said_in_words(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("digest.ingest.feeds.MEMORY_BYTES", 150 * 1024 * 1024)
    with pytest.raises(FeedUnreadableError, match=r"memory|parser failed"):
        read_feed(
            b"<rss><channel><title>" + b"x" * 60_000_000 + b"</title></channel></rss>", "f", NOW
        )


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "{url}/x">]>',
        '<!DOCTYPE rss SYSTEM "{url}/x.dtd">',
    ],
)
def test_parsing_reads_no_file_and_asks_no_server(server: Server, declaration: str):
    told = declaration.format(url=server.url)
    text = f'{told}<rss version="2.0"><channel><item><title>T&x;</title></item></channel></rss>'
    try:
        feed = read_feed(text.encode(), "f", NOW)
        assert "root" not in "".join(article.title for article in feed.articles)
    except FeedUnreadableError:
        pass  # refusing it is as good
    assert server.asked == []


def test_json_feed():
    text = b"""{"version": "https://jsonfeed.org/version/1.1", "title": "J",
      "language": "bg", "items": [
      {"id": 7, "url": "https://a.example/7", "title": "T", "content_text": "1 < 2",
       "tags": ["x", 3],
       "authors": [{"name": "Ana"}], "image": "https://a.example/i.png",
       "date_published": "2026-03-02T10:00:00+02:00"}, 5]}"""
    feed = read_feed(text, "f", NOW, filing=Filing(scope="j"))
    (article,) = feed.articles
    assert (feed.title, len(feed.rejected)) == ("J", 1)
    assert article.keys == ("url:https://a.example/7", "id:j:7")
    assert (article.body, article.body_html) == ("1 < 2", "<p>1 &lt; 2</p>")
    assert (article.tags, article.authors, article.language) == (("x",), ("Ana",), "bg")
    assert article.published == datetime(2026, 3, 2, 8, tzinfo=UTC)
