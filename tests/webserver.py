"""A real web server for tests of what is fetched."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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
    """An answer; one that is not `sized` does not say how long it is."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        if sized:
            handler.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


@contextmanager
def serving() -> Iterator[Server]:
    """The server, until the block ends."""
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
