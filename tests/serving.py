"""The program's pages, served as it serves them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from digest.bootstrap import App
from digest.running import Server, listen, web_configuration
from digest.web.app import create_app


@contextmanager
def served(app: App) -> Iterator[str]:
    """The program's pages on a port of this machine; gives their address."""
    listening = listen("127.0.0.1", 0)
    server = Server(web_configuration(create_app(app)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
