"""Whatever a server says to whom: everybody has an end, and nobody two mails."""

import asyncio
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.bootstrap import App
from digest.config import load_settings
from digest.delivery import send_edition
from tests.audience import address, draft, program, statuses, subscribe
from tests.conftest import CONFIG
from tests.smtp_session import DROP
from tests.transport import FakeTransport

READERS = 12
replies = st.sampled_from(
    [
        "250 2.0.0 yes",
        "450 4.2.0 later",
        "421 4.3.2 closing",
        "550 5.1.1 nobody",
        "550 5.7.1 policy",
        "552 5.2.2 full",
        DROP,
    ]
)
scripts = st.dictionaries(
    st.tuples(st.sampled_from(["RCPT", "BODY"]), st.integers(0, READERS - 1).map(address)),
    st.lists(replies.filter(lambda reply: not reply.startswith("250")), min_size=1, max_size=12),
    max_size=READERS,
)


@pytest.fixture(scope="module")
def pristine(pristine_sqlite: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database in a file: Hypothesis would print its bytes."""
    path = tmp_path_factory.mktemp("pristine") / "digest.db"
    path.write_bytes(pristine_sqlite)
    return path


def one_program(folder: Path, pristine: Path) -> App:
    shutil.copy(pristine, folder / "digest.db")
    config = folder / "digest.toml"
    config.write_text(CONFIG.format(url="sqlite:///digest.db"), encoding="utf-8")
    (folder / "secret.key").write_text("a key for tests, forty characters long..")
    made = load_settings(config)
    quick = {"retry_first": timedelta(milliseconds=1), "retry_for": timedelta(milliseconds=60)}
    made = made.model_copy(update={"delivery": made.delivery.model_copy(update=quick)})
    return program(made, max_connections=3)


@settings(max_examples=20)
@given(scripts)
def test_everybody_has_an_end_and_nobody_two_mails(pristine: Path, script):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("digest.delivery.sender.FIRST_PAUSE", 0)
        patch.setattr("digest.delivery.round.FIRST_PAUSE", 0)
        patch.setattr("digest.delivery.paces.FIRST_HOLD", timedelta(milliseconds=1))
        patch.setattr("digest.delivery.paces.FIRST_REST", timedelta(milliseconds=1))
        app = one_program(Path(folder), pristine)
        subscribe(app.store, *map(address, range(READERS)))
        edition = draft(app)
        transport = FakeTransport(script={key: list(value) for key, value in script.items()})
        account = asyncio.run(send_edition(app.store, app.press, edition, transport=transport))
        found = statuses(app.store)
        app.store.close()
    counted = Counter(found.values())
    assert account.open == 0
    assert account.audience == READERS == sum(counted.values())
    parts = account.accepted, account.refused, account.uncertain
    assert parts == (counted["accepted"], counted["refused"], counted["uncertain"])
    yes = Counter(entry.recipient for entry in transport.entries if entry.taken)
    assert yes == {who: 1 for who, status in found.items() if status == "accepted"}
    lost = Counter(entry.recipient for entry in transport.entries if entry.reply == DROP)
    assert lost == {who: 1 for who, status in found.items() if status == "uncertain"}
    for number in range(READERS):
        who = address(number)
        if not any((stage, who) in script for stage in ("RCPT", "BODY")):
            assert found[who] == "accepted"
