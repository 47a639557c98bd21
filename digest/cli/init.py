"""`digest init`: a configuration, a key and a database, each made only where it is absent."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from digest.cli.common import Invocation, Json, note, one_command, say

if TYPE_CHECKING:
    from digest.config import Settings
    from digest.store import Store

app = one_command()


@app.command()
def init(context: typer.Context, as_json: Json = False) -> None:
    """Write digest.toml and a secret key if absent; create or upgrade the database."""
    from digest.config import config_path, load_settings
    from digest.store import Store

    path = config_path(context.ensure_object(Invocation).config)
    written = _write_example(path)
    settings = load_settings(path)
    key_written = _write_key(settings)
    store = Store(settings.database_url)
    revision = store.upgrade()
    if key_written and _has_sent(store):
        note("digest: links in mails sent before need the old key: put it back if there is a copy")
    store.close()
    result = {
        "config": str(path),
        "config_written": written,
        "key_written": key_written,
        "database": str(store),
        "revision": revision,
    }
    say(
        result,
        [
            f"configuration  {path}{' (new: edit it)' if written else ''}",
            f"secret key     {settings.secret_key_path}{' (new)' if key_written else ''}",
            f"database       {store} at revision {revision}",
        ],
        as_json=as_json,
    )


def _has_sent(store: "Store") -> bool:
    from sqlmodel import col, select

    from digest.store.models import Edition

    with store.read() as session:
        begun = select(Edition.id).where(col(Edition.started).is_not(None)).limit(1)
        return session.exec(begun).first() is not None


def _write_example(path: Path) -> bool:
    from digest.bootstrap import example_configuration
    from digest.errors import CannotWriteError

    if path.exists():
        return False
    try:
        path.write_text(example_configuration(), encoding="utf-8")
    except OSError as error:
        raise CannotWriteError(path=path, why=error.strerror) from error
    return True


def _write_key(settings: "Settings") -> bool:
    from digest.errors import CannotWriteError

    path = settings.secret_key_path
    if path.exists():
        settings.secret_key()  # one that is of no use is told now, not when the first mail is due
        return False
    try:
        # The key signs every link: nobody but its owner may read it, from the first moment.
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(secrets.token_urlsafe(48) + "\n", encoding="utf-8")
    except OSError as error:
        raise CannotWriteError(path=path, why=error.strerror) from error
    return True
