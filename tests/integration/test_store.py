"""The store on both databases: transactions, schema, and what is said when something is wrong."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import downgrade
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import SQLModel, select

from digest.errors import (
    StoreBusyError,
    StoreMissingError,
    StoreNewerError,
    StoreOutdatedError,
    StoreReadOnlyError,
)
from digest.store import Store
from digest.store.engine import HEAD, MIGRATIONS
from digest.store.models import (
    Article,
    ArticleMark,
    ArticlePair,
    MarkKind,
    PairKind,
    Section,
    Subscriber,
    Subscription,
)
from tests.articles import put

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def test_migrations_make_the_tables_that_the_models_describe(store: Store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_upgrading_twice_changes_nothing(store: Store):
    assert store.upgrade() == HEAD
    assert store.revision() == HEAD
    store.check()


def test_a_newer_database_is_refused_in_words_and_left_alone(store: Store):
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for ask in (store.check, store.upgrade):
        with pytest.raises(StoreNewerError, match=r"newer digest.*9999.*upgrade this program"):
            ask()
    assert store.revision() == "9999"


def test_a_database_without_tables_says_what_to_run(store: Store):
    with store.write() as session:
        session.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(StoreMissingError, match="digest init"):
        store.check()


def test_an_older_database_says_what_to_run(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("digest.store.engine.HEAD", "9999")
    with pytest.raises(StoreOutdatedError, match="needs 9999: run `digest init`"):
        store.check()


def migrate(store: Store, command: Callable[[Config, str], None], revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command(config, revision)


def test_a_database_of_the_first_release_is_upgraded_with_what_it_holds(store: Store):
    migrate(store, downgrade, "0001")
    assert not {"article_pair", "article_mark"} & set(inspect(store.engine).get_table_names())
    with pytest.raises(StoreOutdatedError, match="revision 0001"):
        store.check()
    one, two = put(store, "Ferries sail again", NOON), put(store, "A budget is passed", NOON)
    assert store.upgrade() == HEAD
    store.check()
    with store.write() as session:
        session.add(ArticlePair(first_id=one, second_id=two, kind=PairKind.APART, made=NOON))
        session.add(ArticleMark(article_id=one, kind=MarkKind.HIDDEN, made=NOON))
    migrate(store, downgrade, "0001")
    store.upgrade()
    with store.read() as session:
        assert set(session.exec(select(Article.id))) == {one, two}
        assert session.exec(select(ArticlePair)).all() == []


def test_a_pair_is_stored_once_the_lower_number_first(store: Store):
    one, two = put(store, "Ferries sail again", NOON), put(store, "A budget is passed", NOON)
    for first, second in ((two, one), (one, one)):
        pair = ArticlePair(first_id=first, second_id=second, kind=PairKind.TOGETHER, made=NOON)
        with pytest.raises(IntegrityError), store.write() as session:
            session.add(pair)


def test_an_absent_file_is_not_created_by_asking(tmp_path: Path):
    store = Store(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(StoreMissingError, match=r"There is no database .*: run `digest init`"):
        store.check()
    assert not (tmp_path / "none.db").exists()


def test_instants_come_back_aware_and_in_utc(store: Store):
    sofia = timezone(timedelta(hours=2))
    with store.write() as session:
        session.add(Subscriber(email="a@b.org", key="a@b.org", created=NOON.astimezone(sofia)))
    with store.read() as session:
        found = session.exec(select(Subscriber)).one().created
    assert found == NOON
    assert found.tzinfo is UTC


def test_a_naive_instant_is_a_programming_error(store: Store):
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(StatementError, match="has no zone"), store.write() as session:
        session.add(Subscriber(email="a@b.org", key="a@b.org", created=naive))


def test_an_error_rolls_everything_back(store: Store):
    def half_done() -> None:
        with store.write() as session:
            session.add(Section(key="world", path="World"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()
    with store.read() as session:
        assert session.exec(select(Section)).all() == []


def test_foreign_keys_hold(store: Store):
    with pytest.raises(IntegrityError), store.write() as session:
        session.add(Subscription(subscriber_id=7, newsletter="morning", created=NOON))


def test_absent_choice_of_sections_is_null(store: Store):
    with store.write() as session:
        person = Subscriber(email="a@b.org", key="a@b.org", created=NOON)
        session.add(person)
        session.flush()
        assert person.id is not None
        session.add(Subscription(subscriber_id=person.id, newsletter="morning", created=NOON))
    with store.read() as session:
        query = text("SELECT count(*) FROM subscription WHERE sections IS NULL")
        assert session.execute(query).scalar() == 1


def test_a_new_database_is_its_owners_alone(tmp_path: Path):
    store = Store(f"sqlite:///{tmp_path}/digest.db")
    store.upgrade()
    store.close()
    assert (tmp_path / "digest.db").stat().st_mode & 0o077 == 0


def test_a_readonly_database_is_said_in_words(tmp_path: Path, pristine_sqlite: bytes):
    path = tmp_path / "digest.db"
    path.write_bytes(pristine_sqlite)
    # `mode=ro` refuses writes even to root, whom file modes do not stop.
    store = Store(f"sqlite:///file:{path}?mode=ro&uri=true")
    told = pytest.raises(StoreReadOnlyError, match="cannot be written: check the rights")
    with told, store.write() as session:
        session.add(Section(key="world", path="World"))
    store.close()


def test_a_database_that_others_hold_is_said_in_words(tmp_path: Path, pristine_sqlite: bytes):
    path = tmp_path / "digest.db"
    path.write_bytes(pristine_sqlite)
    store = Store(f"sqlite:///{path}")
    event.listen(store.engine, "connect", _impatient)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        told = pytest.raises(StoreBusyError, match="database is locked")
        with told, store.write() as session:
            session.add(Section(key="world", path="World"))
    store.close()


def _impatient(driver: sqlite3.Connection, _record: object) -> None:
    driver.execute("PRAGMA busy_timeout = 1")


def test_all_connections_in_use_is_said_in_words(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store.engine.pool, "_timeout", 0.01)
    told = pytest.raises(StoreBusyError, match="connections are in use")
    with told, ExitStack() as held:
        while True:
            held.enter_context(store.read()).execute(text("SELECT 1"))
