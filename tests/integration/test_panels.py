"""Panels from files and over real HTTP: good ones are frozen, bad ones left out with a warning."""

import json
import logging
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from digest.config import Panel, Settings, load_settings
from digest.editions.life import Rebuild, build, load_document
from digest.ingest.panels import read_panels
from digest.rendering import render_edition, splice
from digest.store import Store
from digest.store.models import EditionStatus
from tests.conftest import CONFIG
from tests.documents import SITE, TEMPLATES, ordinary_day
from tests.webserver import Server, answer, serving

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
FIGURES = [{"label": "Sofia", "value": "4° / 11°"}, {"label": "Varna", "value": "6°"}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "digest.toml").write_text(CONFIG.format(url="sqlite:///digest.db"))
    return tmp_path


@pytest.fixture
def settings(folder: Path) -> Settings:
    """Of no database in particular: what is read does not depend on one."""
    return load_settings(folder / "digest.toml")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def data(**facts: Any) -> bytes:
    expires = (NOW + timedelta(hours=4)).isoformat()
    return json.dumps({"expires": expires, "figures": FIGURES} | facts).encode()


def with_panels(settings: Settings, **sources: object) -> Settings:
    panels = tuple(
        Panel.model_validate({"name": name, "source": str(source), "timeout": "20s"})
        for name, source in sources.items()
    )
    return settings.model_copy(update={"panels": panels})


def read(settings: Settings) -> dict[str, list[str]]:
    """The labels of each panel that was read."""
    panels = read_panels(settings, settings.newsletter("morning"), NOW)
    return {panel.name: [figure.label for figure in panel.figures] for panel in panels}


def warning(caplog: pytest.LogCaptureFixture) -> str:
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "\n" not in record.getMessage()
    return record.getMessage()


def test_panels_come_from_files_and_addresses_in_their_order(
    settings: Settings, folder: Path, server: Server, caplog: pytest.LogCaptureFixture
):
    (folder / "rates.json").write_bytes(data(figures=[{"label": "EUR", "value": "1.9558"}]))
    server.pages["/weather"] = answer(data(more="is ignored"))
    told = with_panels(settings, weather=f"{server.url}/weather", rates="rates.json")
    assert read(told) == {"weather": ["Sofia", "Varna"], "rates": ["EUR"]}
    assert caplog.records == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "it is no JSON (EOF while parsing a value at line 1 column 0)"),
        (b"{", "it is no JSON "),
        (b"[" * 100_000, "it is no JSON "),
        (b"\xff\xfe", "it is no JSON "),
        (b"[]", "holds no panel: write an object: { … }"),
        (data(expires="2026-03-03T09:00:00"), "expires: it has no offset: write it like 2026"),
        (data(expires="soon"), "expires: it is no instant: write it like 2026"),
        (data(expires=1_772_528_400), "expires: it is no instant: write it like 2026"),
        (data(expires=float("nan")), "expires: it is no instant: write it like 2026"),
        (data(expires="2026-03-03T05:00:00Z"), "it was good until 2026-03-03T05:00:00+00:00"),
        (data(figures=[]), "figures: it is empty: write one or more"),
        (data(figures=FIGURES * 7), "figures: it has more than 12 entries"),
        (data(figures=[{"label": "Sofia"}]), "figures[1].value: it is missing"),
        (data(figures=[{"label": " ", "value": "x"}]), "figures[1].label: it is empty"),
        (data(figures=[{"label": "a", "value": "\u202e"}]), "figures[1].value: it is empty"),
        (
            data(figures=[{"label": "a", "value": "x" * 61}]),
            "figures[1].value: it is longer than 60",
        ),
        (data(figures=[{"label": "a", "value": 4}]), "figures[1].value: write it as text, in"),
        (
            data(figures=[{**FIGURES[0], "url": "javascript:1"}]),
            "figures[1].url: write a web address that",
        ),
    ],
)
def test_data_of_another_form_leave_the_panel_out(
    settings: Settings, folder: Path, caplog: pytest.LogCaptureFixture, body: bytes, told: str
):
    (folder / "bad.json").write_bytes(body)
    (folder / "good.json").write_bytes(data())
    assert read(with_panels(settings, bad="bad.json", good="good.json")) == {
        "good": ["Sofia", "Varna"]
    }
    said = warning(caplog)
    assert said.startswith(f'the panel "bad" is left out: {folder}/bad.json holds no panel: ')
    assert told in said


def test_what_there_is_no_room_for_is_left_out(
    settings: Settings, folder: Path, caplog: pytest.LogCaptureFixture
):
    # Panels stand in every mail, whatever else it sheds.
    long = [{"label": "a", "value": "b", "url": f"https://x.test/{'c' * 285}"}]
    (folder / "long.json").write_bytes(data(figures=long * 12))
    (folder / "many.json").write_bytes(data(figures=FIGURES * 6))
    (folder / "few.json").write_bytes(data())
    told = with_panels(settings, a="long.json", b="long.json", c="many.json", d="few.json")
    assert list(read(told)) == ["a", "c"]
    full = "is left out: the panels of an edition may have 24 figures and 4,000 characters in all"
    for record, name in zip(caplog.records, "bd", strict=True):
        assert record.getMessage().startswith(f'the panel "{name}" {full}')
    stored = read_panels(told, told.newsletter("morning"), NOW)
    document = ordinary_day().model_copy(update={"panels": stored})
    mail = splice(render_edition(document, SITE, TEMPLATES), None)
    assert (mail.stories, mail.shed) == (len(document.stories), ())


def test_a_file_that_is_none_is_not_waited_for(
    settings: Settings, folder: Path, caplog: pytest.LogCaptureFixture
):
    os.mkfifo(folder / "pipe.json")
    assert read(with_panels(settings, pipe="pipe.json")) == {}
    assert "pipe.json holds no panel: there is no such file" in warning(caplog)
    caplog.clear()
    (folder / "large.json").write_bytes(data() + b" " * 100_000)
    assert read(with_panels(settings, large="large.json")) == {}
    assert "it is larger than 100,000 bytes: see [[panels]] max_bytes" in warning(caplog)


def test_an_address_that_gives_no_panel_leaves_it_out(
    settings: Settings, server: Server, caplog: pytest.LogCaptureFixture
):
    server.pages["/large"] = answer(b" " * 200_000, sized=False)
    server.pages["/good"] = answer(data())
    for path, why in {
        "/large": "it is larger than 100,000 bytes: see [[panels]] max_bytes",
        "/none": "the server answered 404",
    }.items():
        told = with_panels(settings, bad=server.url + path, good=f"{server.url}/good")
        assert read(told) == {"good": ["Sofia", "Varna"]}
        assert warning(caplog).endswith(f"{path} cannot be fetched: {why}.")
        caplog.clear()
    closed = settings.ingest.model_copy(update={"allow_private_addresses": False})
    told = with_panels(settings.model_copy(update={"ingest": closed}), bad=f"{server.url}/good")
    assert read(told) == {}
    assert "it leads to the private address 127.0.0.1: set [ingest]" in warning(caplog)


def test_an_address_that_hangs_is_left_after_its_time(
    settings: Settings, server: Server, caplog: pytest.LogCaptureFixture
):
    over = threading.Event()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"{")
        over.wait()

    server.pages["/hangs"] = hang
    server.pages["/good"] = answer(data())
    told = with_panels(settings, bad=f"{server.url}/hangs", good=f"{server.url}/good")
    short = told.panels[0].model_copy(update={"timeout": timedelta(seconds=1)})
    told = told.model_copy(update={"panels": (short, told.panels[1])})
    try:
        assert read(told) == {"good": ["Sofia", "Varna"]}
    finally:
        over.set()
    assert "the server did not finish within 1 seconds: see [[panels]] timeout" in warning(caplog)


def test_what_was_read_is_frozen_with_the_edition(
    store: Store, settings: Settings, folder: Path, server: Server
):
    server.pages["/weather"] = answer(data())
    told = with_panels(settings, weather=f"{server.url}/weather", gone="gone.json")
    newsletter = told.newsletter("morning")
    first = build(store, told, newsletter, NOW.date(), NOW)
    (panel,) = load_document(first).panels
    assert [figure.value for figure in panel.figures] == ["4° / 11°", "6°"]

    server.pages["/weather"] = answer(data(figures=[{"label": "Sofia", "value": "9°"}]))
    again = build(store, told, newsletter, NOW.date(), NOW)
    assert load_document(again).panels == (panel,)
    assert len(server.asked) == 1

    anew = build(store, told, newsletter, NOW.date(), NOW, rebuild=Rebuild.ALWAYS)
    assert [figure.value for figure in load_document(anew).panels[0].figures] == ["9°"]
    assert anew.status == EditionStatus.DRAFT


def test_the_database_is_free_while_a_server_takes_its_time(
    store: Store, settings: Settings, server: Server
):
    def busy(handler: BaseHTTPRequestHandler) -> None:
        # Would wait for ever, were the edition's transaction open.
        with store.write() as session:
            session.connection()
        answer(data())(handler)

    server.pages["/weather"] = busy
    told = with_panels(settings, weather=f"{server.url}/weather")
    built = build(store, told, told.newsletter("morning"), NOW.date(), NOW)
    assert load_document(built).panels
