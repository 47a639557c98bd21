"""Feeds over real HTTP: only what is new, bounded, kept off our network; one harms no other."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlmodel import select

from digest.config import Feed, Ingest, Settings
from digest.errors import FeedUnreadableError, FetchError, NoSuchFeedError
from digest.ingest.feeds import Filing, read_feed
from digest.ingest.fetch import TryLaterError, fetch, retry_after
from digest.ingest.polling import FeedOutcome, backoff, feed_states, poll_due, poll_named
from digest.store import Store
from digest.store.models import Article, FeedState, Section

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ingest"
RSS = (FIXTURES / "feed.rss").read_bytes()
NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """A web server of the test's own: what it answers to each path, and what it was asked."""

    url: str = ""
    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


def answer(
    body: bytes = b"",
    status: int = 200,
    headers: dict[str, str] | None = None,
    *,
    sized: bool = True,
) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        if sized:
            handler.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append((self.path, dict(self.headers)))
            with suppress(ConnectionError):  # the client had enough, as it should
                told.pages.get(self.path, answer(status=404))(self)

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        told.url = f"http://127.0.0.1:{http.server_port}"
        yield told
        http.shutdown()
        thread.join()


LOCAL = Ingest(allow_private_addresses=True, timeout="5s", max_bytes=100_000)


def get(url: str, settings: Ingest = LOCAL, **facts: str) -> bytes | None:
    return fetch(url, settings, now=NOW, **facts).data  # type: ignore[arg-type] # texts only


@contextmanager
def refused(words: str) -> Iterator[None]:
    with pytest.raises(FetchError, match=words) as told:
        yield
    assert "\n" not in str(told.value)


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


def test_redirects_are_followed_a_few_times(server: Server):
    server.pages["/a"] = answer(status=301, headers={"Location": "/b"})
    server.pages["/b"] = answer(b"here")
    server.pages["/loop"] = answer(status=302, headers={"Location": "/loop"})
    server.pages["/file"] = answer(status=302, headers={"Location": "file:///etc/passwd"})
    assert get(f"{server.url}/a") == b"here"
    with refused("redirects more than 5 times"):
        get(f"{server.url}/loop")
    with refused("redirects to file:|Unsupported"):
        get(f"{server.url}/file")


PUBLIC_ONLY = LOCAL.model_copy(update={"allow_private_addresses": False})


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "100.64.0.1"),  # noqa: S104 - refused
        *("::1", "::ffff:127.0.0.1", "fe80::1%eth0", "fd00::1", "64:ff9b::7f00:1", "2002:7f00:1::"),
    ],
)
def test_private_addresses_are_refused_after_resolution(server: Server, address: str):
    with refused("leads to the private address"):
        fetch(
            "http://h.example/", PUBLIC_ONLY, now=NOW, resolve=lambda *_: ["93.184.216.34", address]
        )
    assert server.asked == []


@pytest.mark.parametrize("url", ["http://2130706433/", "http://0x7f.1/", "http://localhost/"])
def test_disguised_addresses_are_refused(url: str):
    with refused("private address|has no address"):
        get(url, PUBLIC_ONLY)


def test_the_address_that_was_checked_is_the_one_that_is_asked(server: Server):
    server.pages["/"] = answer(b"here")
    port = server.url.rpartition(":")[2]
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    fetched = fetch(f"http://no-such-host.invalid:{port}/", LOCAL, now=NOW, resolve=resolve)
    assert fetched.data == b"here"
    assert asked == ["no-such-host.invalid"]
    assert server.asked[0][1]["Host"] == f"no-such-host.invalid:{port}"


def test_an_address_that_does_not_answer_leaves_the_others(server: Server):
    server.pages["/"] = answer(b"here")
    port = server.url.rpartition(":")[2]
    fetched = fetch(
        f"http://host.invalid:{port}/", LOCAL, now=NOW, resolve=lambda *_: ["::1", "127.0.0.1"]
    )
    assert fetched.data == b"here"


def test_a_mark_that_cannot_be_sent_back_is_not_kept(server: Server):
    server.pages["/"] = answer(b"x", headers={"ETag": '"\xe9"', "Last-Modified": "\xe9"})
    fetched = fetch(f"{server.url}/", LOCAL, now=NOW)
    assert (fetched.etag, fetched.modified) == ("", "")


def test_a_redirect_to_no_name_is_said_in_words(server: Server):
    server.pages["/"] = answer(status=302, headers={"Location": "http://xn--/"})
    with refused("cannot be fetched: "):
        get(f"{server.url}/")


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


def test_a_feed_that_says_it_is_huge_is_not_begun(server: Server):
    def huge(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "300000000")
        handler.end_headers()

    server.pages["/"] = huge
    with refused(r"larger than 100,000 bytes: see \[ingest\] max_bytes"):
        get(f"{server.url}/")


def test_a_huge_feed_that_does_not_say_so_is_cut_off(server: Server):
    written: list[int] = []

    def huge(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(300):
            handler.wfile.write(b"x" * 1_000_000)
            written.append(1)

    server.pages["/"] = huge
    with refused("larger than 100,000 bytes"):
        get(f"{server.url}/")
    assert len(written) < 100


def test_a_bomb_is_not_unpacked(server: Server):
    packed = gzip.compress(b" " * 50_000_000)
    assert len(packed) < 100_000
    server.pages["/"] = answer(packed, headers={"Content-Encoding": "gzip"})
    with refused("larger than 100,000 bytes"):
        get(f"{server.url}/")


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
def test_a_packed_feed_is_unpacked(server: Server, encoding: str):
    server.pages["/"] = answer(gzip.compress(RSS), headers={"Content-Encoding": encoding})
    assert get(f"{server.url}/") == RSS


def test_broken_or_strange_packing_is_said_in_words(server: Server):
    server.pages["/broken"] = answer(b"not packed", headers={"Content-Encoding": "gzip"})
    server.pages["/br"] = answer(b"x", headers={"Content-Encoding": "br"})
    with refused("compression is broken"):
        get(f"{server.url}/broken")
    server.pages["/part"] = answer(gzip.compress(RSS)[:-9], headers={"Content-Encoding": "gzip"})
    with refused("compression is cut off"):
        get(f"{server.url}/part")
    with refused('encoding "br" was not asked for'):
        get(f"{server.url}/br")


@pytest.mark.parametrize("begin", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def test_a_server_that_drips_is_left(server: Server, begin: bytes):
    left = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(begin)
        while not left.wait(0.02):
            handler.wfile.write(b"<")

    server.pages["/"] = drip
    try:
        with refused("did not finish within 0.2 seconds"):
            get(f"{server.url}/", LOCAL.model_copy(update={"timeout": timedelta(seconds=0.2)}))
    finally:
        left.set()


def test_a_server_that_is_down_or_silent_is_said_in_words(server: Server):
    answered = threading.Event()

    def silent(_handler: BaseHTTPRequestHandler) -> None:
        answered.wait()

    server.pages["/"] = silent
    try:
        with refused("did not finish within 0.2 seconds"):
            get(f"{server.url}/", LOCAL.model_copy(update={"timeout": timedelta(seconds=0.2)}))
    finally:
        answered.set()
    with refused("Connection refused"):
        get("http://127.0.0.1:9/")


def test_only_a_server_may_ask_for_patience(server: Server):
    with pytest.raises(TryLaterError, match="answered 404"):
        get(f"{server.url}/none")


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("99999999999", timedelta(days=1)),
        ("Tue, 03 Mar 2026 06:00:00 GMT", timedelta(hours=1)),
        ("Tue, 03 Mar 2020 06:00:00 GMT", timedelta(0)),
        ("Tue, 03 Mar 99999999999999999999 06:00:00 GMT", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(text: str, wait: timedelta | None):
    assert retry_after(text, NOW) == wait


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
