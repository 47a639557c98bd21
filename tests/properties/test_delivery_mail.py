"""Mails made of anything: they decode to what was put in, and nothing gets into their heads."""

import base64
import html
import quopri
import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.header import Header
from email.message import EmailMessage
from unicodedata import normalize
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree.ElementTree import tostring

import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.config import Newsletter, Settings
from digest.delivery import headers, message
from digest.delivery.addresses import BadAddressError, mailbox
from digest.delivery.message import (
    MAX_BYTES,
    compose_message,
    for_test,
    letterhead,
    prepare,
    prepare_choice,
    trial_recipient,
)
from digest.delivery.transfer import LINE, Ascii, Base64, Quoted, shortest, shortest_markup
from digest.errors import MessageTooLargeError
from digest.rendering import BUDGET, Slot, Spliced, render_edition, splice
from digest.subscribers.tokens import Tokens
from digest.text import one_line
from tests.documents import SITE, TEMPLATES, edition, ordinary_day, story
from tests.letters import HEAD, NOW, READER, TOKENS
from tests.receiving import FIELDS

texts = st.text(
    st.sampled_from(" .=\n\r\tab?") | st.characters(exclude_categories=["Cs"]), max_size=200
)
stretches = texts | st.integers(0, 200).map(lambda n: "." * n) | st.sampled_from(["aЖ" * 90])
pieces = st.lists(stretches | st.sampled_from(list(Slot)), max_size=8)
hostile = st.sampled_from(
    [
        "x\r\nBcc: victim@example.org",
        "x\n\nbody",
        "=?utf-8?q?x=0D=0ABcc:_victim@example.org?=",
        "=?utf-8?b?" + base64.b64encode(b"x\r\nBcc: victim@example.org").decode() + "?=",
        'quote " and \\ backslash',
        "a, b <c@example.org>; (comment",
        "very long " * 40,
        "длинно " * 40,
        "x" * 500,
        "\u2028Bcc: victim@example.org\x85\x00",
        "",
        "   ",
    ]
)
names = hostile | texts


def lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parsed(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def spliced(subject: str = "Good morning", text=("text",), markup=("<p>html</p>",)) -> Spliced:
    return Spliced(subject, tuple(markup), tuple(text), 1, 1, ())


@settings(max_examples=300)
@given(pieces, st.fixed_dictionaries(dict.fromkeys(Slot, texts)))
@example(["a" * 76, Slot.TOKEN, "." * 80, Slot.EMAIL, "."], dict.fromkeys(Slot, "."))
def test_both_encodings_decode_to_the_text_with_its_values(parts, filled):
    want = lines("".join(lines(filled[p] if isinstance(p, Slot) else p) for p in parts))
    quoted = b"".join(Quoted(parts).fill(filled))
    assert lines(quopri.decodestring(quoted).decode()) == want
    encoded = b"".join(Base64(parts).fill(filled))
    joined = encoded.replace(b"\r\n", b"")
    assert base64.b64decode(joined, validate=True).decode() == want.replace("\n", "\r\n")
    for line in (quoted + encoded).split(b"\r\n"):
        assert len(line) <= LINE
        assert not line.startswith(b".")
        assert not line.endswith((b" ", b"\t"))
        assert b"\r" not in line
        assert b"\n" not in line


def test_base64_again_for_values_of_every_length():
    part = Base64(["Първо ", Slot.EMAIL, "", Slot.TOKEN, " второ ", Slot.TOKEN, " край"])
    for length in [*range(7), 3, 1]:
        values = dict.fromkeys(Slot, "x" * length)
        decoded = base64.b64decode(b"".join(part.fill(values)).replace(b"\r\n", b"")).decode()
        x = "x" * length
        assert decoded == f"Първо {x}{x} второ {x} край"


def test_the_shorter_encoding_is_taken():
    assert shortest(["plain text " * 50]).name == "quoted-printable"
    assert shortest(["обикновен текст " * 50]).name == "base64"


addresses = (
    st.emails()
    | hostile
    | texts
    | st.builds("{}@{}".format, texts | hostile, st.sampled_from(["example.org", "пример.бг"]))
    | st.builds("{}@{}".format, st.sampled_from(["иван", "a.b"]), texts | hostile)
    | st.sampled_from(["иван@example.org", "ю" * 32 + "@" + "я" * 20 + ".example.org"])
)


@settings(max_examples=300)
@given(addresses, names, st.sampled_from(["", "desk@example.org"]), texts)
@example("a@example.org>\r\nBcc: <b@example.org", "x", "", "")
@example("иван@пример.бг", "Иван", "", "")
def test_no_address_makes_a_header(email: str, name: str, reply_to: str, text: str):
    mail = prepare(replace(HEAD, reply_to=reply_to), spliced(text=[Slot.EMAIL, text]))
    reader = READER._replace(email=email, name=name)
    try:
        box = mailbox(email)
    except BadAddressError:
        with pytest.raises(BadAddressError):
            mail.personalise(reader, NOW)
        return
    data = mail.personalise(reader, NOW)
    fields = [*FIELDS[:5], "Reply-To", *FIELDS[5:]] if reply_to else FIELDS
    for reading in (policy.default, policy.compat32, policy.SMTPUTF8):
        message = message_from_bytes(data, policy=reading)
        assert message.keys() == fields
        _, *parts = message.walk()
        assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
        assert not [defect for part in (message, *parts) for defect in part.defects]
    beyond = [line for line in data.split(b"\r\n") if not line.isascii()]
    assert len(beyond) == box.utf8
    head = data.partition(b"\r\nDate: ")[0]
    assert head.endswith((f"<{box.address}>".encode(), f": {box.address}".encode()))
    assert box.address.rpartition("@")[2].isascii()
    for line in data.split(b"\r\n"):
        assert len(line) <= 998
        assert not line.startswith(b".")


def test_the_longest_settings_make_no_line_too_long():
    domain = ".".join(["x" * 60] * 3) + ".org"
    longest = replace(
        HEAD,
        newsletter="n" * 40,
        title="T" * 200,
        from_name="N" * 200,
        from_address=f"{'%' * 64}@{domain}",
        reply_to=f"{'%' * 64}@{domain}",
        bounces=f"{'%' * 23}@{domain}",
        base_url="https://" + "x" * 192,
    )
    data = compose_message(longest, spliced("S" * 200), READER._replace(name="N" * 99), NOW)
    assert parsed(data).keys() == [*FIELDS[:5], "Reply-To", *FIELDS[5:]]
    assert max(map(len, data.split(b"\r\n"))) <= 998


@given(names, st.sampled_from(["To", "Subject", "X" * 40]))
def test_one_encoded_word_is_what_the_library_makes_of_it(text: str, name: str):
    line = one_line(text)
    if not line.isascii():
        whole = Header(line, charset="utf-8", header_name=name, maxlinelen=76).encode(
            linesep="\r\n"
        )
        assert headers.unstructured(name, text) == f"{name}: {whole}\r\n".encode()


@settings(max_examples=200)
@given(names, names, names)
def test_no_title_and_no_name_makes_a_header(subject: str, title: str, name: str):
    head = replace(HEAD, title=title, from_name=title)
    data = compose_message(head, spliced(subject), READER._replace(name=name), NOW)
    assert message_from_bytes(data, policy=policy.compat32).keys() == FIELDS
    message = parsed(data)
    assert message.keys() == FIELDS
    assert message["To"].addresses[0].addr_spec == "reader@example.org"
    assert message["From"].addresses[0].addr_spec == "morning@news.example.org"
    assert len(message["To"].addresses) == len(message["From"].addresses) == 1
    block = data.split(b"\r\n\r\n")[0]
    assert b"\n" not in block.replace(b"\r\n", b"")
    assert max(map(len, block.split(b"\r\n"))) <= 998
    unfolded = re.sub(rb"\r\n[ \t]", b" ", block)
    assert len(unfolded.split(b"\r\n")) == len(FIELDS)
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]


def decodable(text: str) -> bool:
    return text == " ".join(text.split()) and text.isprintable() and "=?" not in text


@settings(max_examples=200)
@given(st.text(max_size=90).filter(decodable))
def test_subjects_arrive_as_they_were(subject: str):
    message = parsed(compose_message(HEAD, spliced(subject), READER, NOW))
    assert message["Subject"] in {subject, normalize("NFC", subject)}


@settings(max_examples=100)
@given(pieces, pieces)
def test_a_reader_s_mail_is_the_spliced_text_with_their_values(text, markup):
    data = compose_message(HEAD, spliced(text=text, markup=markup), READER, NOW)
    values = {
        Slot.TOKEN: TOKENS.reader(99, 17),
        Slot.EMAIL: "reader@example.org",
        Slot.SINCE: "3 March 2026",
    }
    plain, rich = (part.get_payload(decode=True) for part in parsed(data).iter_parts())
    want = "".join(values[p] if isinstance(p, Slot) else lines(p) for p in text)
    assert lines(bytes(plain).decode()) == lines(want)
    want = "".join(html.escape(values[p]) if isinstance(p, Slot) else lines(p) for p in markup)
    assert as_read(bytes(rich).decode()) == as_read(want)


def as_read(page: str) -> str:
    """HTML as its readers have it, however it is written: by references, or a dot indented."""
    referred = lines(page).encode("ascii", "xmlcharrefreplace").decode("ascii")
    return html.unescape(referred).replace("\n .", "\n.")


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            ["<p>", "</p>", "\n", ".", "--=_digest--", "é", "’", "&amp;", "&", "a b", "ж"]
        )
    )
    | st.lists(texts.map(html.escape), max_size=5),
    st.text("ab.é", max_size=20),
)
def test_html_in_ascii_is_the_same_document(parts, since):
    page = ["<div>", "".join(parts), Slot.SINCE, "".join(parts), "</div>"]
    if not Ascii.takes(page):
        return
    written = b"".join(Ascii(page).fill({Slot.SINCE: since}))
    assert all(
        len(line) <= 998 and not line.startswith((b".", b"--")) for line in written.split(b"\r\n")
    )
    whole = "".join(since if part is Slot.SINCE else str(part) for part in page)
    read = tostring(html5lib.parse(written.decode("ascii"))).decode()
    assert read.replace("\n .", "\n.") == tostring(html5lib.parse(lines(whole))).decode()


@pytest.mark.parametrize(
    "page",
    [
        ["<p>" + "x" * 999],
        ["<style>p:after{content:'é'}</style>"],
        ["\x85"],
        ["<p>", Slot.EMAIL],
        ["<p>\n", Slot.TOKEN],
        [Slot.TOKEN],
        ["<p>\n", "."],
        ["<p>\n--=_digest--\n</p>" + "<p class='a'>x</p>" * 99],
        ["<p>" + "x" * 700, Slot.SINCE],
    ],
)
def test_html_that_ascii_cannot_write_is_quoted(page):
    assert not Ascii.takes(page)
    assert shortest_markup(page).name in {"quoted-printable", "base64"}


@pytest.mark.parametrize("budget", [BUDGET, 12_000])
@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "tr"])
def test_our_own_mail_is_written_in_ascii_where_that_is_shorter(language, budget):
    rendered = render_edition(ordinary_day(), SITE, TEMPLATES, language=language)
    mail = splice(rendered, None, budget)
    assert bool(mail.shed) == (budget < BUDGET)
    assert shortest_markup(mail.html).name == "7bit"


def test_where_the_head_leaves_less_room_the_bodies_take_less(monkeypatch):
    rendered = render_edition(edition(*(story("б" * 60) for _ in range(300))), SITE, TEMPLATES)
    monkeypatch.setattr(message, "MAX_BYTES", 80_000)
    with pytest.raises(MessageTooLargeError):
        prepare(HEAD, splice(rendered, None))
    spliced, mail = prepare_choice(HEAD, rendered, None)
    assert spliced.stories > 30
    assert 75_000 < len(mail.personalise(READER, NOW)) < 80_000
    monkeypatch.setattr(message, "MAX_BYTES", 1_000)
    with pytest.raises(MessageTooLargeError):
        prepare_choice(HEAD, rendered, None)


def test_html_takes_the_shortest_of_three():
    assert shortest_markup(["<p class='a'>plain’s</p>\n" * 50]).name == "7bit"
    assert shortest_markup(["<p>обикновен текст</p>\n" * 50]).name == "base64"


@given(st.text("abc<>&'\"éЖ", min_size=1, max_size=30))
def test_values_are_escaped_in_html_only(since: str):
    mail = prepare(HEAD, spliced(text=["since ", Slot.SINCE], markup=["<i>", Slot.SINCE, "</i>"]))
    plain, rich = parsed(mail.personalise(READER._replace(since=since), NOW)).iter_parts()
    assert plain.get_content() == f"since {since}"
    assert html.unescape(rich.get_content()) == f"<i>{since}</i>"


def test_message_ids_stay_and_differ():
    later = NOW + timedelta(hours=1)
    first = HEAD.message_id(5, NOW)
    assert HEAD.message_id(5, later) == first
    key = Tokens(b"another key, of another site, as long as that")
    test = for_test(HEAD)
    others = [
        HEAD.message_id(6, NOW),
        replace(HEAD, edition_id=18).message_id(5, NOW),
        replace(HEAD, tokens=key).message_id(5, NOW),
        test.message_id(0, NOW),
        test.message_id(0, later),
    ]
    assert len({first, *others}) == 6


def test_a_bounce_comes_back_with_its_delivery():
    sender = HEAD.envelope_sender(4242)
    local, _, domain = sender.partition("@")
    assert domain == "news.example.org"
    assert len(local) <= 64
    assert TOKENS.read_bounce(local.removeprefix("bounces+")) == 4242


def test_an_address_in_a_uri_keeps_its_letters():
    made = replace(HEAD, bounces="50%?a&b@news.example.org", reply_to="news&views@example.org")
    message = parsed(compose_message(made, spliced(), READER, NOW))
    by_mail = message["List-Unsubscribe"].split("<")[2].strip("> ")
    uri = urlsplit(by_mail)
    assert unquote(uri.path) == "50%?a&b@news.example.org"
    assert parse_qs(uri.query)["subject"] == [f"unsubscribe {TOKENS.reader(99, 17)}"]
    assert message["List-Owner"] == "<mailto:news%26views@example.org>"


def test_a_long_name_makes_no_mail_too_large():
    mail = prepare(HEAD, spliced())
    short = len(mail.personalise(READER, NOW))
    assert len(mail.personalise(READER._replace(name="Ж" * 50_000), NOW)) < short + 1_000


def test_a_test_mail_says_so_and_acts_for_nobody():
    message = parsed(
        compose_message(for_test(HEAD), spliced("News"), trial_recipient("a@example.org"), NOW)
    )
    assert message["Subject"] == "[test] News"
    assert message["X-Digest-Test"] == "yes"
    token = re.search(r"/unsubscribe/([\w-]+)>", message["List-Unsubscribe"])
    assert token
    assert TOKENS.read_reader(token[1]).is_preview


def test_no_mail_is_larger_than_allowed():
    with pytest.raises(MessageTooLargeError, match="edition 17 takes"):
        prepare(HEAD, spliced(text=["x" * MAX_BYTES]))


def test_the_letterhead_follows_the_settings():
    newsletter = Newsletter.model_validate(
        {
            "slug": "morning",
            "title": "Утринен вестник",
            "from": "news@bücher.example.com",
            "reply_to": "desk@example.com",
            "sections": ["World"],
            "send_at": "07:00",
        }
    )
    site = {"name": "x", "base_url": "https://n.example.org/", "postal_address": "x"}
    smtp = {"bounce_address": "returns@example.net"}
    made = letterhead(
        Settings.model_validate({"site": site, "smtp": smtp}), newsletter, edition(), 5, TOKENS
    )
    message = parsed(compose_message(made, spliced(), READER, NOW))
    assert message["From"] == "Утринен вестник <news@xn--bcher-kva.example.com>"
    assert message["Reply-To"] == "desk@example.com"
    assert message["List-Owner"] == "<mailto:desk@example.com>"
    assert message["List-Id"] == "Утринен вестник <morning.xn--bcher-kva.example.com>"
    assert message["List-Help"] == "<https://n.example.org/n/morning>"
    assert made.envelope_sender(1).startswith("returns+")
    assert made.envelope_sender(1).endswith("@example.net")
