"""`digest run` as a service: late but once, one click to leave, in order to the end."""

import json
import signal
import socket
import threading
import urllib.parse
import urllib.request
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.store import Store
from tests.acceptance.conftest import PATIENCE, Program, ended, lines_until
from tests.articles import put
from tests.audience import subscribe
from tests.smtp import SmtpServer

CONFIG = """
[site]
name = "The Morning Courier"
base_url = "http://127.0.0.1:{web}"
timezone = "UTC"
postal_address = "1 Example Street, Sofia"
[database]
url = "{database}"
[smtp]
port = {smtp}
[web]
port = {web}
[[newsletters]]
slug = "morning"
title = "The Morning Courier"
from = "The Morning Courier <morning@news.example.org>"
sections = ["World"]
send_at = "{send_at}"
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path):
    with SmtpServer(tmp_path / "journal") as server:
        yield server


@pytest.fixture
def late_morning(program: Program, server: SmtpServer, database_url: str) -> int:
    """A publisher whose edition was due two minutes ago; gives the port of the pages."""
    web, now = free_port(), datetime.now(UTC)
    send_at = (now - timedelta(minutes=2)).strftime("%H:%M")
    program.configure(
        CONFIG.format(web=web, smtp=server.port, send_at=send_at, database=database_url)
    )
    (program.folder / "secret.key").write_text("a key for tests, forty characters long..")
    with closing(Store(database_url)) as store:
        put(store, "Ferries sail again", now - timedelta(hours=3))
        subscribe(store, *(f"reader{number}@example.org" for number in range(3)))
    return web


def get(port: int, path: str, data: bytes | None = None) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", data, timeout=30) as answer:
        return str(answer.read(), "utf-8")


def test_late_once_and_leaving_with_one_click(
    program: Program, server: SmtpServer, late_morning: int
):
    running = program.start("run")
    lines_until(running, "audience 3: accepted 3")
    assert json.loads(get(late_morning, "/health")) == {"status": "ok"}
    assert "Ferries sail again" in get(late_morning, "/preview")
    mail = server.received_by("reader1@example.org").message
    link = mail["List-Unsubscribe"].split(">")[0].strip("<")
    assert get(late_morning, urllib.parse.urlsplit(link).path, b"List-Unsubscribe=One-Click")
    assert ended(running) == 0
    person = program.json("subscribers", "show", "reader1@example.org")
    assert person["subscriptions"][0]["status"] == "unsubscribed"

    again, beside = program.start("run"), program.start("scheduler")
    lines_until(again, "preview at")
    lines_until(beside, "is due at")  # before that a signal ends it as any program
    assert "Ferries sail again" in get(late_morning, "/archive/morning")
    assert ended(again, signal.SIGINT) == 0
    assert ended(beside) == 0
    assert server.taken() == {f"reader{number}@example.org": 1 for number in range(3)}
    (edition,) = program.json("editions", "list")["editions"]
    assert edition["status"] == "sent"
    account = program.json("editions", "show", str(edition["id"]))
    assert (account["audience"], account["accepted"], account["waiting"]) == (3, 3, 0)


def test_two_that_run_on_one_database_send_once(
    program: Program, server: SmtpServer, late_morning: int
):
    schedulers = [program.start("scheduler") for _ in range(2)]
    all_came = threading.Event()
    server.on_message = lambda number: all_came.set() if number >= 3 else None
    workers = [program.start("worker") for _ in range(2)]
    assert all_came.wait(PATIENCE)
    for process in schedulers + workers:
        # A signal ends one that has only just been started as it does any program.
        assert ended(process) in {0, -signal.SIGTERM}
    assert server.taken() == {f"reader{number}@example.org": 1 for number in range(3)}


def test_a_port_in_use_is_said_in_a_line(program: Program, late_morning: int):
    with socket.create_server(("127.0.0.1", late_morning)):
        done = program.run("run")
    assert done.returncode == 1
    assert f"Nothing can listen on 127.0.0.1:{late_morning}" in done.stderr
    assert "Traceback" not in done.stderr
