"""The database's door: reading and writing transactions, and the state of its schema."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from digest.errors import (
    StoreAbsentError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreMissingError,
    StoreNewerError,
    StoreOutdatedError,
    StoreReadOnlyError,
    StoreUnreachableError,
)

MIGRATIONS = Path(__file__).parent / "migrations"
_WRITES = "digest_writes"


class Store:
    """Sessions on one database. `read` and `write` are the only ways in."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _make_engine(url)
        self._writing = self.engine.execution_options(**{_WRITES: True})

    def __str__(self) -> str:
        # An option can hold a password, too.
        options = {name: v for name, v in self.url.query.items() if "password" not in name}
        return self.url.set(query=options).render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for queries; what was changed in it is lost."""
        with self._explained(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed together when the block ends without an error.

        On SQLite the write lock is taken at once (`BEGIN IMMEDIATE`): a deferred transaction that
        writes after it has read fails when another writer came between.
        """
        with self._explained(), Session(self._writing, expire_on_commit=False) as session:
            yield session
            session.commit()

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()

    def revision(self) -> str | None:
        """The revision of the database's schema; None where it has none.

        Raises:
            StoreUnreachableError: the database cannot be opened.
        """
        from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - slow to import

        with self._explained(), self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def check(self) -> None:
        """Make sure that program and database fit.

        Raises:
            StoreMissingError: there are no tables yet, or not even a file.
            StoreOutdatedError: the database wants upgrading.
            StoreNewerError: the database was made by a newer program.
        """
        if self.is_sqlite and not _file_exists(self.url.database):
            raise StoreAbsentError(url=self)
        with self._explained(), self.engine.connect() as connection:
            found = _stamped_revision(connection)
        if found == HEAD:
            return
        if found is None:
            raise StoreMissingError(url=self)
        if found in _known_revisions():
            raise StoreOutdatedError(url=self, found=found, needed=HEAD)
        raise StoreNewerError(url=self, found=found)

    def upgrade(self) -> str:
        """Create the tables or bring them to this program's revision, which is returned.

        Raises:
            StoreNewerError: the database was made by a newer program; it is left as it is.
        """
        from alembic import command  # noqa: PLC0415 - slow to import
        from alembic.config import Config  # noqa: PLC0415 - slow to import

        if self.is_sqlite:
            _make_private(self.url.database)
        found = self.revision()
        if found is not None and found not in _known_revisions():
            raise StoreNewerError(url=self, found=found)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self._explained(), self._writing.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return HEAD

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the database's own words into ours, where the remedy is known."""
        try:
            yield
        except DBAPIError as error:
            explained = _explain(self, error)
            if explained is None:
                raise
            raise explained from error
        except PoolTimeoutError as error:
            raise StoreBusyError(url=self, why="all our connections are in use") from error


def _explain(store: Store, error: DBAPIError) -> StoreError | None:
    words = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
    if "readonly" in words or "read-only" in words:
        return StoreReadOnlyError(url=store)
    if "no such table" in words or "UndefinedTable" in type(error.orig).__name__:
        return StoreMissingError(url=store)
    if "deadlock detected" in words:
        return StoreBusyError(url=store, why=words)
    # A connection is ended under us, too, when a transaction lay idle for too long.
    gone = isinstance(error, OperationalError) or error.connection_invalidated
    if gone and not store.is_sqlite:
        return StoreUnreachableError(url=store, why=words)
    return _explain_sqlite(store, words) if store.is_sqlite else None


def _explain_sqlite(store: Store, words: str) -> StoreError | None:
    if "unable to open" in words or "not a database" in words:
        return StoreUnreachableError(url=store, why=words)
    if "database is locked" in words:
        return StoreBusyError(url=store, why=words)
    if "database or disk is full" in words:
        return StoreFullError(url=store, why=words)
    if "disk I/O error" in words or "malformed" in words:
        return StoreError(detail=f"{words}: look at the disk where {store} lies")
    return None


def _file_exists(database: str | None) -> bool:
    return not database or database == ":memory:" or Path(database).exists()


def _make_private(database: str | None) -> None:
    """A new file is its owner's alone: it will hold readers' addresses."""
    if database and not database.startswith((":", "file:")):
        # Where it cannot be made, opening it says why in a moment.
        with suppress(OSError):
            Path(database).touch(mode=0o600, exist_ok=True)


def _stamped_revision(connection: Connection) -> str | None:
    """What Alembic wrote down, asked without importing Alembic: every command asks it."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _known_revisions() -> list[str]:
    names = sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    return [name.split("_")[0] for name in names]


HEAD = _known_revisions()[-1]


def _make_engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        engine = create_engine(url, pool_pre_ping=True)
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    engine = create_engine(url, connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgresql(driver: Any, _record: ConnectionPoolEntry) -> None:
    # A process that is stopped in the middle of a transaction would hold its rows for ever.
    driver.execute("SET idle_in_transaction_session_timeout = '60s'")
    driver.commit()


def _prepare_sqlite(driver: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling starts them too late; `_begin_sqlite` says when.
    driver.isolation_level = None
    driver.execute("PRAGMA busy_timeout = 30000")
    driver.execute("PRAGMA foreign_keys = ON")
    driver.execute("PRAGMA synchronous = FULL")
    try:
        driver.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # A file that cannot be written can still be read; whoever writes will be told.
        if "readonly" not in str(error):
            raise


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
