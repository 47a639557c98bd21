"""A test of an edition goes the way of its readers' mails, and counts nowhere."""

from pathlib import Path

import pytest
from sqlmodel import select

from digest.bootstrap import App
from digest.store.models import Delivery
from tests.answers import called
from tests.audience import address, draft, send, subscribe
from tests.sending import configure
from tests.smtp import Received, SmtpServer


def without_token(mail: Received, part: str) -> str:
    """A part, with the reader's own word in its links taken out."""
    token = mail.message["List-Unsubscribe"].partition("/unsubscribe/")[2].partition(">")[0]
    assert token in mail.part(part)
    return mail.part(part).replace(token, "…")


def test_it_is_the_readers_mail_marked_as_a_test(
    folder: Path,
    mailer: App,
    server: SmtpServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    config = configure(folder, server.port)
    edition = draft(mailer)
    subscribe(mailer.store, address(1))
    command = ["editions", "test-send", str(edition), "--to", "desk@example.org"]
    answer = called(monkeypatch, capsys, "--config", str(config), *command, "--json")
    assert (answer.status, answer.data["accepted"]) == (0, True)
    with mailer.store.read() as session:
        assert session.exec(select(Delivery)).all() == []
    send(mailer, edition)
    test, true = server.received_by("desk@example.org"), server.received_by(address(1))
    assert test.message["Subject"] == f"[test] {true.message['Subject']}"
    assert test.message["X-Digest-Test"] == "yes"
    assert test.message["Message-ID"] != true.message["Message-ID"]
    since = "because you subscribed on"
    for part in ("plain", "html"):
        ours, theirs = without_token(test, part), without_token(true, part)
        # The line of the closing that says since when is each reader's own.
        assert [line for line in ours.splitlines() if since not in line] == [
            line for line in theirs.splitlines() if since not in line
        ]
