"""One feed over HTTP: only what is new, bounded in time and size, never from our own network."""

import email.utils
import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpcore
import httpx

from digest import __version__
from digest.config import Ingest
from digest.errors import FetchError

MAX_REDIRECTS = 5
LONGEST_WAIT = timedelta(days=1)
_CHUNK = 64 * 1024
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, */*;q=0.5"
# IPv6 addresses that lead to an IPv4 address: NAT64 (RFC 6052), its local form (RFC 8215).
_NAT64 = [ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48")]
_OK, _NOT_MODIFIED, _GONE = 200, 304, 410

_FAILURES = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpx.HTTPError,
    httpx.InvalidURL,
    zlib.error,
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True)
class Fetched:
    """What a server answered. `data` is None where nothing is new.

    `url` is where it came from in the end; `etag` and `modified` are to be sent the next time.
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


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Whether an address is one of the open Internet, however it is wrapped."""
    if isinstance(address, ipaddress.IPv6Address):
        if any(address in network for network in _NAT64):
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(inner)
        if address.teredo or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class _Timed(httpcore.NetworkStream):
    """A connection that ends at a deadline, however slowly its bytes drip."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def _left(self, timeout: float | None) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._left(timeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Guarded(httpcore.SyncBackend):
    """Connects to addresses that it has checked: a second look-up could answer otherwise."""

    def __init__(self, resolve: Resolve, deadline: float, *, allow_private: bool) -> None:
        self._resolve = resolve
        self._deadline = deadline
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        address = self._checked(host, port)
        stream = super().connect_tcp(address, port, timeout, local_address, socket_options)
        return _Timed(stream, self._deadline)

    def _checked(self, host: str, port: int) -> str:
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise FetchError(url=host, why="this host has no address") from error
        for address in found:
            bare = ipaddress.ip_address(address.split("%")[0])
            if not self._allow_private and not is_public(bare):
                why = (
                    f"it leads to the private address {address}: set [ingest]"
                    " allow_private_addresses if that is meant"
                )
                raise FetchError(url=host, why=why)
        return found[0]


class _Transport(httpx.BaseTransport):
    """httpx over connections that are guarded; httpx's own transport takes no other backend."""

    def __init__(self, backend: _Guarded) -> None:
        context = ssl.create_default_context()
        self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=backend)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


def fetch(
    url: str,
    settings: Ingest,
    *,
    etag: str = "",
    modified: str = "",
    now: datetime,
    resolve: Resolve = resolve,
) -> Fetched:
    """A document, unless the server says that it has not changed (RFC 9110, section 13).

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
    backend = _Guarded(
        resolve, time.monotonic() + seconds, allow_private=settings.allow_private_addresses
    )
    try:
        with httpx.Client(
            transport=_Transport(backend), headers=headers, timeout=seconds
        ) as client:
            return _follow(client, url, settings, now)
    except _FAILURES as error:
        raise FetchError(url=url, why=_in_words(error, seconds)) from error


def _follow(client: httpx.Client, url: str, settings: Ingest, now: datetime) -> Fetched:
    request = client.build_request("GET", url)
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
    where = str(response.url)
    if status == _NOT_MODIFIED:
        return Fetched(None, where)
    if status == _GONE:
        why = "it is gone for good (410): remove it from the configuration"
        raise TryLaterError(url=url, why=why, wait=LONGEST_WAIT)
    if status != _OK:
        wait = retry_after(response.headers.get("Retry-After", ""), now)
        raise TryLaterError(url=url, why=f"the server answered {status}", wait=wait)
    data = b"".join(_bounded(response, url, settings.max_bytes))
    headers = response.headers
    return Fetched(
        data, where, headers.get("ETag", "")[:500], headers.get("Last-Modified", "")[:100]
    )


def _bounded(response: httpx.Response, url: str, limit: int) -> Iterator[bytes]:
    """The document in pieces, decompressed, never more than is allowed."""
    too_large = FetchError(
        url=url, why=f"it is larger than {limit:,} bytes: see [ingest] max_bytes"
    )
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > limit:
        raise too_large
    total = 0
    for piece in _decompressed(response):
        total += len(piece)
        if total > limit:
            raise too_large
        yield piece


def _decompressed(response: httpx.Response) -> Iterator[bytes]:
    """Httpx decompresses a piece as a whole, to a thousand times its size; this, in steps."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        yield from response.iter_raw()
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise FetchError(url=response.url, why=f'its encoding "{encoding[:40]}" was not asked for')
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, whichever comes
    for piece in response.iter_raw():
        rest = piece
        while rest and not decoder.eof:
            yield decoder.decompress(rest, _CHUNK)
            rest = decoder.unconsumed_tail
    yield decoder.flush()


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


def _in_words(error: Exception, seconds: float) -> str:
    if isinstance(error, httpcore.TimeoutException):
        return f"the server did not finish within {seconds:g} seconds: see [ingest] timeout"
    if isinstance(error, zlib.error):
        return "its compression is broken"
    return str(error) or type(error).__name__
