"""Who got an edition and who did not, as the operator sees it while it is sent and afterwards."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.store import Store
from tests.acceptance.conftest import Program, ended, lines_until
from tests.articles import put
from tests.audience import subscribe
from tests.conftest import CONFIG
from tests.smtp import SmtpServer
from tests.smtp_session import DROP

ANA, BEN, EVA = "ana.maria@example.org", "ben@example.org", "eva@example.org"
REFUSAL = f"550 5.1.1 <{ANA}>: no ana.maria here"

# What the databases are asked is tested on both elsewhere.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def server(tmp_path: Path):
    """Refuses Ana, and gives no answer on Ben's first message."""
    script = {("RCPT", ANA): [REFUSAL], ("BODY", BEN): [DROP]}
    with SmtpServer(tmp_path / "received", script) as server:
        yield server


@pytest.fixture
def desk(program: Program, server: SmtpServer, database_url: str) -> Program:
    """A desk with an edition for three readers, all logs switched on."""
    more = f'[smtp]\nport = {server.port}\n[logging]\nformat = "json"\nlevel = "debug"\n'
    program.configure(CONFIG.format(url=database_url) + more)
    (program.folder / "secret.key").write_text("a key for tests, forty characters long..")
    with closing(Store(database_url)) as store:
        put(store, "Ferries sail again", datetime.now(UTC) - timedelta(days=1))
        subscribe(store, ANA, BEN, EVA)
    assert program.json("editions", "build", "morning")["id"] == 1
    return program


def test_from_the_sending_to_the_last_doubt_settled(desk: Program, server: SmtpServer):
    sent = desk.run("editions", "send", "1", "--json")
    account = json.loads(sent.stdout)
    assert (sent.returncode, account["status"], account["adds_up"]) == (0, "sent", True)
    assert [account[part] for part in ("audience", "accepted", "refused", "uncertain")] == [
        3,
        1,
        1,
        1,
    ]
    # Nothing but the log is on standard error, and no whole address in it.
    assert all(json.loads(line)["level"] for line in sent.stderr.splitlines())
    assert not any(email in sent.stderr for email in (ANA, BEN, EVA, "ana.maria"))

    assert "audience 3 = 1 + 1 + 1" in desk("editions", "show", "1")
    refused = desk.json("editions", "deliveries", "1", "--status", "refused")
    assert [(row["email"], row["code"]) for row in refused["deliveries"]] == [(ANA, 550)]
    assert REFUSAL in refused["deliveries"][0]["said"]
    assert "No. 1  uncertain since 20" in desk("subscribers", "show", BEN)

    (lost,) = desk.json("editions", "deliveries", "1", "--status", "uncertain")["deliveries"]
    (taken,) = (mail for mail in server.received if mail.recipient == BEN)
    assert lost["message_id"] in taken.data.decode()
    assert lost["message_id"] in desk("editions", "deliveries", "1")

    mistaken = desk.run("editions", "resolve", "1", "--uncertain", "resend", "--to", EVA)
    assert (mistaken.returncode, "is not uncertain" in mistaken.stderr) == (2, True)
    again = desk.json("editions", "resolve", "1", "--uncertain", "resend")
    assert (again["resolved"], again["status"], again["waiting"]) == (1, "sending", 1)
    worker = desk.start("worker")
    told = json.loads(lines_until(worker, "audience 3: accepted 2, refused 1")[-1])
    assert (told["level"], told["logger"]) == ("info", "digest.worker")
    assert ended(worker) == 0
    assert server.taken() == {BEN: 1, EVA: 1}
    assert "nothing is uncertain" in desk("editions", "resolve", "1", "--uncertain", "accepted")


def test_what_is_not_being_sent_is_said_and_not_followed(desk: Program):
    watched = desk.run("editions", "show", "1", "--watch")
    assert watched.returncode == 0
    assert watched.stderr == "edition 1 is draft: there is no sending to follow\n"


def test_an_account_that_does_not_add_up_is_said_loudly(desk: Program, database_url: str):
    desk("editions", "send", "1")
    with closing(Store(database_url)) as store, store.write() as session:
        session.connection().exec_driver_sql("UPDATE delivery SET status = 'lost' WHERE id = 1")
    shown = desk.run("editions", "show", "1", "--watch")
    assert shown.returncode == 1
    assert "audience 3 ≠ 1 + 1" in shown.stdout
    assert "this does not add up: pause it, copy the database" in shown.stderr
