import re
import smtplib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.fault_mails import mails
from digest.config import Algorithm, SigningKey
from digest.delivery.dkim import make_key
from digest.delivery.message import compose_message
from digest.rendering import Slot, Spliced
from tests import letters
from tests.catcher import Catcher, caught
from tests.letters import NOW, READER, TOKENS
from tests.receiving import FIELDS, Fault, Promised, Receiver, zone_of
from tests.smtp import Received

KEY = SigningKey("news.example.org", "e2026", Algorithm.ED25519, make_key(Algorithm.ED25519))
HEAD = replace(letters.HEAD, keys=(KEY,))
ADDRESS = READER.email
PROMISED = Promised(ADDRESS, delivery_id=4242, subscription_id=99, edition_id=17)
RECEIVER = Receiver(TOKENS, zone_of([KEY]), "morning@news.example.org", ("DKIM-Signature", *FIELDS))


def mail(more: str = "") -> Received:
    link = ("Leave: https://news.example.org/unsubscribe/", Slot.TOKEN)
    text, markup = (f"{more} = news\n", *link, "\n"), (f"<p>{more}</p>", *link, " </html>")
    data = compose_message(HEAD, Spliced("Good morning", markup, text, 1, 1, ()), READER, NOW)
    return Received(HEAD.envelope_sender(4242), ADDRESS, ["SIZE=4000"], data)


def found(received: Received) -> set[Fault]:
    return {fault.fault for fault in RECEIVER.read(received, PROMISED).faults}


def change(old: bytes, new: bytes) -> Callable[[Received], None]:
    def changed(received: Received) -> None:
        assert old in received.data
        received.data = received.data.replace(old, new, 1)

    return changed


@pytest.mark.parametrize("more", ["plain", "обикновени новини " * 20])
def test_a_mail_as_it_was_to_be(more: str):
    assert found(mail(more)) == set()


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        (change(b"Precedence", b"Bcc: x@example.com\r\nPrecedence"), Fault.HEADERS),
        (change(b"Precedence: bulk\r\n", b""), Fault.HEADERS),
        (change(b"A. Reader", b"=?utf-8?q?x=0D=0ABcc:_y@example.com?="), Fault.HEADERS),
        (change(b"Good morning", b"=?utf-8?q?x=0D=0ABcc:_y@example.com?="), Fault.HEADERS),
        (change(b"\r\nPrecedence", b"\r\n.\xe2\x80\xa8Precedence"), Fault.HEADERS),
        (change(b"<morning@", b"<x@example.com>, <morning@"), Fault.HEADERS),
        (change(b"=_digest--", b"=_digest"), Fault.MIME),
        (change(b"text/html", b"text/htm"), Fault.MIME),
        (change(b" =3D", b" =3"), Fault.MIME),
        (change(b"plain =3D", b"=FF plain =3D"), Fault.MIME),
        (change(b" =3D news", b" " + b"x" * 80), Fault.MIME),
        (change(b"Content-Transfer-Encoding: quoted-printable\r\n", b""), Fault.MIME),
        (change(b"</html>", b""), Fault.MIME),
        (change(TOKENS.reader(99, 17).encode(), b"x"), Fault.TOKENS),
        (change(b"unsubscribe%20", b"unsubscribe%20x"), Fault.TOKENS),
        (change(b"=3D news", TOKENS.reader(98, 17).encode()), Fault.TOKENS),
        (change(b"\r\nLeave", b"\r\nStay"), Fault.SIGNATURES),
        (change(b"b=", b"b=x"), Fault.SIGNATURES),
        (change(b"A. Reader", b"A.\rReader"), Fault.LINES),
        (change(b"news", b"\x00news"), Fault.LINES),
        (change(b"news", b"news\n"), Fault.LINES),
        (change(b"news", b"\xc3\xa9"), Fault.LINES),
        (change(b"A. Reader", b"A." * 500), Fault.LINES),
        (change(ADDRESS.encode(), b"other@example.org"), Fault.ENVELOPE),
        (lambda mail: setattr(mail, "recipient", "other@example.org"), Fault.ENVELOPE),
        (lambda mail: setattr(mail, "sender", HEAD.envelope_sender(4243)), Fault.ENVELOPE),
        (lambda mail: setattr(mail, "sender", "bounces@news.example.org"), Fault.ENVELOPE),
        (lambda mail: mail.options.append("SMTPUTF8"), Fault.ENVELOPE),
    ],
)
def test_what_is_wrong_is_found(changed: Callable[[Received], None], fault: Fault):
    received = mail("plain")
    changed(received)
    assert fault in found(received)


def test_every_octet_is_kept(tmp_path: Path):
    bodies = [b".\r\n..two\r\n\xd0\x96 \x00\r\n", b"", b"plain\r\n" * 20_000]
    with Catcher(tmp_path / "caught") as server:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            for body in bodies:
                client.sendmail("a@example.org", "b@example.org", body, ["BODY=8BITMIME"])
        [file] = server.files()
        assert server.files() == []
    taken = list(caught(file))
    assert [mail.data for mail in taken] == [body or b"\r\n" for body in bodies]
    assert {(mail.sender, mail.recipient) for mail in taken} == {("a@example.org", "b@example.org")}
    assert "BODY=8BITMIME" in taken[0].options


def test_five_hundred_awkward_mails_arrive_as_they_were_to_be(capsys: pytest.CaptureFixture[str]):
    assert mails(500, seed=26, url="sqlite:///digest.db") == 0
    said = capsys.readouterr().out
    assert "in all 500 messages: extra headers 0, broken MIME 0, wrong tokens 0" in said
    for encoding in ("base64", "quoted-printable"):
        assert re.search(rf"\d\d\d in {encoding}", said)
