"""Signatures, verified from the raw bytes by another implementation (dkimpy)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.bootstrap import App
from digest.config import Algorithm, Settings, SigningKey
from digest.delivery.dkim import Seal, make_key, record, relaxed, strings, to_pem
from digest.delivery.message import (
    MAX_BYTES,
    compose_message,
    for_test,
    prepare,
    trial_recipient,
)
from digest.delivery.proof import proof_of_document
from digest.errors import MessageTooLargeError
from digest.rendering import Slot, Spliced
from tests import letters
from tests.documents import edition
from tests.letters import NOW, READER
from tests.receiving import is_signed, zone_of

# Made once: an RSA key takes its time.
RSA = SigningKey("news.example.org", "s2026", Algorithm.RSA, make_key(Algorithm.RSA))
ED25519 = SigningKey("news.example.org", "e2026", Algorithm.ED25519, make_key(Algorithm.ED25519))
HEAD = replace(letters.HEAD, keys=(RSA, ED25519))


def spliced(subject: str = "Good morning", text: str = "The news.\n" * 20) -> Spliced:
    pieces = (text, Slot.TOKEN, " ", Slot.EMAIL, " ", Slot.SINCE)
    return Spliced(subject, pieces, pieces, 1, 1, ())


def verified(data: bytes, keys: Sequence[SigningKey] = (RSA, ED25519)) -> list[bool]:
    """Whether each signature of a mail is right, as a receiver finds with what DNS says."""
    count = len(re.findall(rb"(?m)^DKIM-Signature:", data.partition(b"\r\n\r\n")[0]))
    return [is_signed(data, number, zone_of(keys)) for number in range(count)]


def signed(**changes) -> bytes:
    return compose_message(replace(HEAD, **changes), spliced(), READER, NOW)


@pytest.mark.parametrize("keys", [(RSA,), (ED25519,), (RSA, ED25519)])
@pytest.mark.parametrize("text", ["Plain news.\n" * 50, "Обикновени новини.\n" * 50])
@pytest.mark.parametrize("email", ["reader@example.org", "иван@пример.бг"])
def test_every_kind_of_key_on_every_kind_of_body(keys, text: str, email: str):
    head = replace(HEAD, keys=keys, reply_to="desk@example.org")
    data = compose_message(head, spliced(text=text), READER._replace(email=email), NOW)
    assert verified(data) == [True] * len(keys)


@settings(max_examples=60)
@given(st.text(max_size=300), st.text(max_size=120), st.text(max_size=60), st.text(max_size=400))
def test_whatever_a_mail_says_its_signatures_are_right(subject, name, title, text):
    head = replace(HEAD, title=title, from_name=title)
    reader = READER._replace(name=name, since=name)
    data = compose_message(head, spliced(subject, text), reader, NOW)
    assert verified(data) == [True, True]
    lines = data.split(b"\r\n")
    assert b"\r" not in b"".join(lines)
    assert b"\n" not in b"".join(lines)
    assert not any(line.startswith(b".") for line in lines)
    assert all(len(line) <= 998 for line in lines)


@pytest.mark.parametrize(
    "subject",
    ["Правителството падна", "أخبار الصباح من صوفيا", "新聞 " * 60, "a long one " * 40, "x" * 400],
)
def test_folded_and_encoded_heads(subject: str):
    head = replace(HEAD, from_name=subject, title=subject)
    data = compose_message(head, spliced(subject), READER._replace(name=subject), NOW)
    assert verified(data) == [True, True]


# What to replace, and with what.
CHANGES = {
    "the way to leave": (b"/unsubscribe/", b"/unsubscribed/"),
    "leaving with one click": (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Clicks"),
    "without leaving with one click": (b"List-Unsubscribe-Post: ", b"X-Post: "),
    "the body": (b"The news", b"The nuws"),
    "more at the end": (b"--=_digest--\r\n", b"--=_digest--\r\nmore\r\n"),
    "the subject": (b"Good morning", b"Good evening"),
    "the reader": (b"A. Reader", b"B. Reader"),
    "the date": (b"05:00:00", b"06:00:00"),
    "the Feedback-ID": (b"Feedback-ID: 2026", b"Feedback-ID: 2027"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_on_the_way_is_no_longer_signed(change):
    old, new = change
    data = signed()
    assert data.count(old)
    assert verified(data.replace(old, new)) == [False, False]


@pytest.mark.parametrize(
    "field",
    [
        b"From: somebody@example.com",
        b"To: somebody@example.com",
        b"Cc: somebody@example.com",
        b"Reply-To: somebody@example.com",
        b"Subject: Something else",
        b"Date: Wed, 04 Mar 2026 05:00:00 +0000",
        b"Message-ID: <other@example.com>",
        b"MIME-Version: 1.0",
        b"Content-Type: text/plain",
        b"Content-Transfer-Encoding: base64",
        b"List-Unsubscribe: <https://example.com>",
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ],
)
@pytest.mark.parametrize("reply_to", ["", "desk@example.org"])
def test_nobody_adds_a_field_that_readers_act_by(field: bytes, reply_to: str):
    data = signed(reply_to=reply_to)
    head, end, body = data.partition(b"\r\n\r\n")
    assert verified(field + b"\r\n" + data) == [False, False]
    assert verified(head + b"\r\n" + field + end + body) == [False, False]


def test_what_relays_add_and_fold_anew_is_no_harm():
    data = signed()
    head, end, body = data.partition(b"\r\n\r\n")
    folded = head.replace(b"Subject: Good morning", b"SUBJECT:\r\n\tGood \t morning  ")
    assert folded != head
    assert verified(b"Received: by mx.example.org\r\n" + folded + end + body) == [True, True]


def test_every_field_is_signed_and_the_lines_are_short():
    data = signed(reply_to="desk@example.org")
    head = re.sub(rb"\r\n[ \t]+", b" ", data.partition(b"\r\n\r\n")[0]).decode()
    fields = [line.partition(": ") for line in head.split("\r\n")]
    signatures = [value for name, _, value in fields if name == "DKIM-Signature"]
    names = {name for name, *_ in fields} - {"DKIM-Signature"}
    for signature, key in zip(signatures, (RSA, ED25519), strict=True):
        tags = dict(tag.strip().split("=", 1) for tag in signature.split(";"))
        assert {name.strip() for name in tags["h"].split(":")} >= names
        assert tags["a"] == f"{key.algorithm}-sha256"
        assert tags["c"] == "relaxed/simple"
        assert tags["d"] == "news.example.org"
        assert tags["i"] == "@news.example.org"
        assert tags["s"] == key.selector
        assert tags["t"] == str(int(NOW.timestamp()))
        assert "l" not in tags
    block = data.partition(b"\r\nTo:")[0]
    assert max(map(len, block.split(b"\r\n"))) < 76


def test_mails_of_one_choice_are_signed_each_for_itself():
    mail = prepare(HEAD, spliced())
    later = NOW + timedelta(seconds=90)
    readers = [READER._replace(delivery_id=n, email=f"r{n}@example.org") for n in range(3)]
    mails = [mail.personalise(reader, when) for reader in readers for when in (NOW, later, NOW)]
    assert all(verified(data) == [True, True] for data in mails)
    assert f"t={int(later.timestamp())};".encode() in mails[1]
    first, _, again = mails[:3]
    assert first == again


def test_tests_are_signed_too():
    data = compose_message(for_test(HEAD), spliced(), trial_recipient("a@example.org"), NOW)
    assert b"X-Digest-Test" in data
    assert verified(data) == [True, True]
    assert verified(data.replace(b"X-Digest-Test: yes", b"X-Digest-Test: no")) == [False, False]


def test_the_limit_of_a_mail_counts_its_signatures():
    for length in range(MAX_BYTES - 8000, MAX_BYTES, 200):
        try:
            unsigned = prepare(replace(HEAD, keys=()), Spliced("x", (), ("x" * length,), 1, 1, ()))
        except MessageTooLargeError:
            break
        fits = len(unsigned.personalise(READER, NOW))
    assert fits < MAX_BYTES
    with pytest.raises(MessageTooLargeError):
        prepare(HEAD, Spliced("x", (), ("x" * (length - 200),), 1, 1, ()))


@pytest.mark.parametrize("keys", [(RSA,), (ED25519,), (RSA, ED25519)])
def test_a_seal_says_how_much_room_it_takes(keys):
    common = HEAD.common("x")
    seal = Seal(keys, common, ("To",))
    taken = len(seal.sign(b"To: x@example.org\r\n", [b"x\r\n"], 2**31))
    assert taken <= seal.size < taken + 400


def test_the_relaxed_form_of_the_standard():
    # RFC 6376 section 3.4.5.
    assert relaxed(b"A: X\r\nB : Y\t\r\n\tZ  \r\n") == b"a:X\r\nb:Y Z\r\n"


def test_a_record_in_strings_that_dns_takes():
    said = record(RSA)
    assert said.startswith("v=DKIM1; k=rsa; p=")
    assert "".join(strings(said)) == said
    assert max(map(len, strings(said))) <= 255
    assert record(ED25519).startswith("v=DKIM1; k=ed25519; p=")
    assert len(record(ED25519).partition("p=")[2]) == 44


def test_a_key_is_not_shown():
    assert "private" not in repr(RSA)
    assert repr(RSA).count("=") == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_mails_are_signed_with_the_keys_of_their_sender_s_domain(settings: Settings, folder):
    other = '[[newsletters]]\nslug = "other"\ntitle = "x"\nfrom = "x@example.net"\n'
    other += 'sections = ["World"]\nsend_at = "07:00"\n'
    text = (folder / "digest.toml").read_text() + other
    for domain, key in (("news.example.org", RSA), ("example.net", ED25519)):
        name = f"{key.selector}.pem"
        (folder / name).write_bytes(to_pem(key.private))
        text += f'[[dkim]]\ndomain = "{domain}"\nselector = "{key.selector}"\n'
        text += f'private_key_file = "{name}"\n'
    (folder / "digest.toml").write_text(text)
    app = App.from_file(folder / "digest.toml")
    data = proof_of_document(app.press, edition()).message
    assert verified(data, [RSA]) == [True]
    data = proof_of_document(app.press, edition(newsletter="other")).message
    assert verified(data, [replace(ED25519, domain="example.net")]) == [True]
    app.close()
