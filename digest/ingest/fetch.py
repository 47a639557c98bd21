"""One feed over HTTP: only what is new, bounded in time and size, never from our own network."""

import email.utils
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpcore
import httpx

from digest import __version__
from digest.config import Ingest
from digest.errors import FetchError
from digest.ingest.guard import Resolve, resolve, transport
from digest.ingest.identity import without_credentials

MAX_REDIRECTS = 5
LONGEST_WAIT = timedelta(days=1)
_CHUNK = 64 * 1024
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, */*;q=0.5"
_OK, _NOT_MODIFIED, _GONE = 200, 304, 410

_FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpx.HTTPError,
    httpx.InvalidURL,
    UnicodeError,  # a redirect to a host that is no name
    zlib.error,
)


class _TooLargeError(Exception):
    """The document is larger than is allowed."""


@dataclass(frozen=True)
class Fetched:
    """What a server answered. `data` is None where nothing is new.

    `url` is where it came from in the end, without a password; `etag` and `modified` are to be
    sent the next time.
    """

    data: bytes | None
    url: str
    etag: str = ""
    modified: str = ""


class TryLaterError(FetchError):
    """{url} cannot be fetched: {why}."""

    def __init__(self, *, url: str, why: str, wait: timedelta | None = None) -> None:
        super().__init__(url=url, why=why)
        self.wait = wait


def fetch(
    url: str,
    settings: Ingest,
    *,
    etag: str = "",
    modified: str = "",
    now: datetime,
    resolve: Resolve = resolve,
    table: str = "[ingest]",
) -> Fetched:
    """A document, unless the server says that it has not changed (RFC 9110, section 13).

    `table` is where the bounds in `settings` were set, for whoever wants other ones.

    Raises:
        TryLaterError: the server asked for patience; `wait` says how long, where it did.
        FetchError: it could not be had, or is too large, too slow or at a private address.
    """
    headers = {
        "User-Agent": settings.user_agent or f"digest/{__version__}",
        "Accept": _ACCEPT,
        "Accept-Encoding": "gzip, deflate",
    }
    if etag:
        headers["If-None-Match"] = etag
    if modified:
        headers["If-Modified-Since"] = modified
    seconds = settings.timeout.total_seconds()
    name = without_credentials(url)
    guarded = transport(
        resolve, time.monotonic() + seconds, allow_private=settings.allow_private_addresses
    )
    try:
        with httpx.Client(transport=guarded, headers=headers, timeout=seconds) as client:
            return _follow(client, client.build_request("GET", url), name, settings, now)
    except _TooLargeError as error:
        why = f"it is larger than {settings.max_bytes:,} bytes: see {table} max_bytes"
        raise FetchError(url=name, why=why) from error
    except httpcore.TimeoutException as error:
        why = f"the server did not finish within {seconds:g} seconds: see {table} timeout"
        raise FetchError(url=name, why=why) from error
    except _FAILURES as error:
        raise FetchError(url=name, why=_in_words(error)) from error


def _follow(
    client: httpx.Client, request: httpx.Request, url: str, settings: Ingest, now: datetime
) -> Fetched:
    for _hop in range(MAX_REDIRECTS + 1):
        response = client.send(request, stream=True)
        try:
            if response.next_request is None:
                return _answer(response, url, settings, now)
            request = response.next_request
        finally:
            response.close()
        if request.url.scheme not in {"http", "https"}:
            raise FetchError(url=url, why=f"it redirects to {request.url.scheme}:, not to the web")
    raise FetchError(url=url, why=f"it redirects more than {MAX_REDIRECTS} times")


def _answer(response: httpx.Response, url: str, settings: Ingest, now: datetime) -> Fetched:
    status = response.status_code
    where = without_credentials(str(response.url))
    if status == _NOT_MODIFIED:
        return Fetched(None, where)
    if status == _GONE:
        why = "it is gone for good (410): remove it from the configuration"
        raise TryLaterError(url=url, why=why, wait=LONGEST_WAIT)
    if status != _OK:
        wait = retry_after(response.headers.get("Retry-After", ""), now)
        raise TryLaterError(url=url, why=f"the server answered {status}", wait=wait)
    data = b"".join(_bounded(response, url, settings.max_bytes))
    etag = response.headers.get("ETag", "")[:500]
    modified = response.headers.get("Last-Modified", "")[:100]
    # Other letters than ASCII's may be received in a field, not sent (RFC 9110, section 5.5).
    return Fetched(
        data, where, etag if etag.isascii() else "", modified if modified.isascii() else ""
    )


def _bounded(response: httpx.Response, url: str, limit: int) -> Iterator[bytes]:
    """The document in pieces, decompressed, never more than is allowed."""
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > limit:
        raise _TooLargeError
    total = 0
    for piece in _decompressed(response, url):
        total += len(piece)
        if total > limit:
            raise _TooLargeError
        yield piece


def _decompressed(response: httpx.Response, url: str) -> Iterator[bytes]:
    """Httpx decompresses a piece as a whole, to a thousand times its size; this, in steps."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        yield from response.iter_raw()
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise FetchError(url=url, why=f'its encoding "{encoding[:40]}" was not asked for')
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, whichever comes
    for piece in response.iter_raw():
        rest = piece
        while rest and not decoder.eof:
            yield decoder.decompress(rest, _CHUNK)
            rest = decoder.unconsumed_tail
    yield decoder.flush()
    if not decoder.eof:
        raise FetchError(url=url, why="its compression is cut off: some of it is missing")


def retry_after(text: str, now: datetime) -> timedelta | None:
    """How long a server asks us to wait (RFC 9110, section 10.2.3), at most a day."""
    if text.strip().isdecimal():
        return min(timedelta(seconds=int(text.strip()[:9])), LONGEST_WAIT)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta(0)), LONGEST_WAIT)


def _in_words(error: Exception) -> str:
    if isinstance(error, zlib.error):
        return "its compression is broken"
    return str(error) or type(error).__name__
