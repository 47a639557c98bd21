"""Mails as a server receives them."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from digest.bootstrap import App, utc_now
from digest.config import Settings
from digest.delivery import (
    Tally,
    send_test,
)
from digest.errors import (
    BadRecipientError,
)
from digest.store.models import Delivery, Subscription
from tests.audience import address, draft, program, row_of, send, subscribe
from tests.documents import story
from tests.smtp import SmtpServer


def test_a_choice_of_sections_decides_what_is_in_the_mail(mailer: App, server: SmtpServer):
    subscribe(mailer.store, address(1), sections=["Sports"])
    subscribe(mailer.store, address(2), sections=["Business"])
    subscribe(mailer.store, address(3))
    account = send(mailer, draft(mailer))
    assert account == Tally(audience=3, accepted=2, skipped={"no_stories": 1})
    sports = server.received_by(address(1)).part("plain")
    assert "Cup final" in sports
    assert "Parliament" not in sports
    assert "Parliament" in server.received_by(address(3)).part("plain")


def test_addresses_beyond_ascii(mailer: App, server: SmtpServer):
    subscribe(mailer.store, "иван@пример.бг", "user@bücher.example.com")
    assert send(mailer, draft(mailer)).accepted == 2
    assert set(server.taken()) == {"иван@xn--e1afmkfd.xn--90ae", "user@xn--bcher-kva.example.com"}
    options = {item.recipient: item.options for item in server.received}
    assert "SMTPUTF8" in options["иван@xn--e1afmkfd.xn--90ae"]
    assert "SMTPUTF8" not in options["user@xn--bcher-kva.example.com"]


def test_a_utf8_address_is_refused_in_words_where_the_server_cannot_take_it(
    settings: Settings, tmp_path: Path
):
    with SmtpServer(tmp_path / "ascii", utf8=False) as server:
        app = program(settings, server)
        subscribe(app.store, "иван@example.com", address(1))
        edition = draft(app)
        assert send(app, edition) == Tally(audience=2, accepted=1, refused=1)
        with app.store.read() as session:
            row = session.exec(select(Delivery).where(Delivery.status == "refused")).one()
        assert "only addresses of ASCII letters" in row.reply
        app.store.close()


def test_an_address_that_would_break_a_line_is_skipped(mailer: App, server: SmtpServer):
    subscribe(mailer.store, "a@example.org>\r\nRCPT TO:<b@example.org", address(1))
    assert send(mailer, draft(mailer)) == Tally(audience=2, accepted=1, skipped={"address": 1})
    assert set(server.taken()) == {address(1)}


def test_a_test_mail_is_outside_the_accounts(mailer: App, server: SmtpServer):
    took = asyncio.run(
        send_test(
            mailer.settings, "bounces@news.example.org", "a@example.org", b"X: y\r\n\r\nz\r\n"
        )
    )
    assert took == (True, "the message: 250 2.0.0 taken")
    assert server.received[0].data == b"X: y\r\n\r\nz\r\n"
    server.script = {("RCPT", "a@example.org"): ["550 5.1.1 who?"]}
    took = asyncio.run(send_test(mailer.settings, "b@example.org", "a@example.org", b"X: y\r\n"))
    assert took == (False, "RCPT TO: 550 5.1.1 who?")
    with pytest.raises(BadRecipientError, match="cannot be mailed"):
        asyncio.run(send_test(mailer.settings, "b@example.org", "no address", b""))


def test_stories_of_another_alphabet_arrive_whole(mailer: App, server: SmtpServer):
    headline = "Парламентът прие бюджета след нощно заседание"
    stories = [story(headline, "Politics", teaser="Депутатите гласуваха призори. " * 20)] * 8
    subscribe(mailer.store, address(1))
    assert send(mailer, draft(mailer, *stories, language="bg")).accepted == 1
    message = server.received_by(address(1)).message
    assert headline in message["Subject"]
    for part in message.iter_parts():
        assert part["Content-Transfer-Encoding"] == "base64"
        assert headline in part.get_content()


def test_a_received_mail_header_by_header(mailer: App, server: SmtpServer):
    subscribe(mailer.store, address(1), name="Ада Б., reader")
    edition = draft(mailer)
    send(mailer, edition)
    [item] = server.received
    message = item.message
    token = f"https://news.example.org/unsubscribe/{token_of(mailer, edition)}"
    assert {name: str(value) for name, value in message.items() if name != "Date"} == {
        "To": f'"Ада Б., reader" <{address(1)}>',
        "Message-ID": message["Message-ID"],
        "List-Unsubscribe": f"<{token}>, <mailto:bounces@news.example.org"
        f"?subject=unsubscribe%20{token_of(mailer, edition)}>",
        "From": "The Morning Courier <morning@news.example.org>",
        "Subject": message["Subject"],
        "List-Id": "The Morning Courier <morning.news.example.org>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Help": "<https://news.example.org/n/morning>",
        "List-Archive": "<https://news.example.org/archive/morning>",
        "List-Owner": "<mailto:morning@news.example.org>",
        "List-Post": "NO",
        "Feedback-ID": "2026-03-03:morning:digest:newsexampleorg",
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/alternative; boundary="=_digest"',
    }
    assert "Parliament passes the budget" in message["Subject"]
    assert re.fullmatch(
        r"<morning\.\d+\.\d+\.[0-9a-f]{12}@news\.example\.org>", message["Message-ID"]
    )
    assert abs(message["Date"].datetime - utc_now()) < timedelta(minutes=5)
    assert item.sender.startswith("bounces+")
    local = item.sender.removeprefix("bounces+").partition("@")[0]
    assert mailer.tokens.read_bounce(local) == row_of(mailer, address(1)).id
    assert len(item.data) < 100_000
    plain, markup = item.data.split(b"--=_digest\r\n")[1:]
    assert all(len(line) <= 76 for line in plain.split(b"\r\n"))
    assert all(len(line) <= 998 for line in markup.split(b"\r\n"))
    for subtype in ("plain", "html"):
        assert token in item.part(subtype)
        assert message.defects == []


def token_of(app: App, edition: int) -> str:
    with app.store.read() as session:
        [tie] = session.exec(select(Subscription)).all()
    return app.tokens.reader(tie.id or 0, edition)
