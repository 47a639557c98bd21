"""Fetching over real HTTP: bounded in size and time, and kept off our own network."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from digest.config import Ingest
from digest.errors import FetchError
from digest.ingest.fetch import TryLaterError, fetch, retry_after
from tests.webserver import Server, answer, serving

PAGE = b"<p>A page of some length.</p>" * 50
NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
LOCAL = Ingest(allow_private_addresses=True, timeout="5s", max_bytes=100_000)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def get(url: str, settings: Ingest = LOCAL, **facts: str) -> bytes | None:
    return fetch(url, settings, now=NOW, **facts).data  # type: ignore[arg-type] # texts only


@contextmanager
def refused(words: str) -> Iterator[None]:
    with pytest.raises(FetchError, match=words) as told:
        yield
    assert "\n" not in str(told.value)


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
    server.pages["/"] = answer(gzip.compress(PAGE), headers={"Content-Encoding": encoding})
    assert get(f"{server.url}/") == PAGE


def test_broken_or_strange_packing_is_said_in_words(server: Server):
    server.pages["/broken"] = answer(b"not packed", headers={"Content-Encoding": "gzip"})
    server.pages["/br"] = answer(b"x", headers={"Content-Encoding": "br"})
    with refused("compression is broken"):
        get(f"{server.url}/broken")
    server.pages["/part"] = answer(gzip.compress(PAGE)[:-9], headers={"Content-Encoding": "gzip"})
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
