"""A logo looked at over real HTTP: what readers could not see, or would wait for, is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.bootstrap import App
from digest.config import Ingest, Logo, Theme, load_settings
from digest.errors import DigestError, FetchError, LogoUnusableError
from digest.ingest.logo import Picture, look_at_logo
from digest.rehearsal.check import Result, _look_at_logos
from tests.conftest import CONFIG
from tests.webserver import Server, answer, serving

NOW = datetime(2026, 3, 3, 5, tzinfo=UTC)
LOCAL = Ingest(allow_private_addresses=True)
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def look(server: Server, body: bytes, settings: Ingest = LOCAL) -> Picture:
    server.pages["/logo"] = answer(body)
    return look_at_logo(Logo(url=f"{server.url}/logo", width=200), settings, NOW)


@pytest.mark.parametrize(
    ("start", "kind"), [(PNG, "PNG"), (b"\xff\xd8\xff\xe0", "JPEG"), (b"GIF89a", "GIF")]
)
def test_a_picture_that_every_program_shows(server: Server, start: bytes, kind: str):
    assert look(server, start + b"x" * 1_000) == Picture(kind, len(start) + 1_000)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (PNG + b"x" * 5_000_000, "it has 5,000,008 bytes, and more than 200,000 keep readers wait"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "it is neither PNG nor JPEG nor GIF"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "it is neither PNG nor JPEG nor GIF"),
        (b"<!doctype html><title>Not found</title>", "it is neither PNG nor JPEG nor GIF"),
        (b"", "it is neither PNG nor JPEG nor GIF"),
    ],
)
def test_another_is_refused_with_what_to_do(server: Server, body: bytes, told: str):
    with pytest.raises(LogoUnusableError, match=told) as raised:
        look(server, body)
    assert str(raised.value).endswith("put a PNG there, twice as wide as it is shown.")


def test_a_logo_that_cannot_be_had_says_why(server: Server):
    with pytest.raises(FetchError, match="the server answered 404"):
        look_at_logo(Logo(url=f"{server.url}/none", width=200), LOCAL, NOW)
    with pytest.raises(DigestError, match="private address"):
        look(server, PNG, Ingest())


def test_the_check_of_templates_tells_of_each_logo_once(server: Server, tmp_path: Path):
    (tmp_path / "digest.toml").write_text(CONFIG.format(url="sqlite:///digest.db"))
    (tmp_path / "secret.key").write_text("a key for tests, forty characters long..")
    settings = load_settings(tmp_path / "digest.toml")
    (morning,) = settings.newsletters
    evening = morning.model_copy(update={"slug": "evening"})
    logo = Logo(url=f"{server.url}/none", width=200)
    update = {"newsletters": (morning, evening), "theme": Theme(logo=logo)}
    result = Result()
    _look_at_logos(result, App(settings.model_copy(update=update)).press)
    (fault,) = result.faults
    assert fault.finding.rule.name == "logo-unusable"
    assert fault.finding.what == f"{server.url}/none cannot be fetched: the server answered 404."
    assert result.errors == 1
    assert len(server.asked) == 1
