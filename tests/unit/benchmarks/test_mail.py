from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest

from benchmarks import mail_spam
from benchmarks.mail_editions import long_edition, typical_editions
from benchmarks.mail_newsroom import Newsroom, Reader, newsroom
from benchmarks.mail_sizes import Weight, dead_ends, sent_and_weighed, shows_page
from benchmarks.mail_spam import Delivered, spam
from digest.delivery.message import MAX_BYTES
from tests.smtp import Received

ANN = Reader("ann@readers.example", "Ann")
BEN = Reader("ben@readers.example", sections=("Sports",), language="bg")


class Sent(NamedTuple):
    """A local daily's edition, sent to Ann and Ben, and what was found of their mails."""

    room: Newsroom
    weights: dict[Reader, Weight]
    problems: list[str]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    daily = typical_editions()[0]
    problems: list[str] = []
    with newsroom(tmp_path_factory.mktemp("press") / "room", daily.masthead) as room:
        weights = dict(sent_and_weighed(room, daily.document, [ANN, BEN], problems))
        yield Sent(room, weights, problems)


def test_editions_are_what_their_names_say():
    for name, masthead, document in typical_editions():
        assert name.endswith(f" {len(document.stories)} stories")
        assert document.title == masthead.title
        assert {entry.section for entry in document.stories} == set(masthead.sections)
    assert len(long_edition().stories) == 500


def test_every_mail_is_weighed_as_it_came_and_every_reader_gets_away(sent: Sent):
    assert sent.problems == []
    assert sent.weights[ANN].kept == 12
    assert 0 < sent.weights[BEN].kept < 12
    for weight in sent.weights.values():
        assert weight.html + weight.text < weight.whole < MAX_BYTES
        assert not weight.shed
    for mail in sent.room.server.received:
        assert mail.data.count(b"DKIM-Signature: ") == 2


@pytest.mark.parametrize(
    ("there", "instead", "told"),
    [
        (b"List-Unsubscribe: <https:", b"List-Unsubscribe: <gopher:", "nothing to unsubscribe by"),
        (b"https://news.example.org/archive", b"https://news.example.org/attic", "no link to the"),
        (b"/archive/morning", b"/archive/m", "leads nowhere"),
    ],
)
def test_a_link_that_is_missing_or_dead_is_told(sent: Sent, there, instead, told):
    mail = sent.room.server.received_by(ANN.email)
    assert there in mail.data
    spoilt = Received(mail.sender, mail.recipient, [], mail.data.replace(there, instead))
    problems = list(dead_ends(sent.room, spoilt, partial(shows_page, sent.room)))
    assert any(told in problem for problem in problems)


def test_where_there_is_no_spamassassin_it_says_how_to_get_one(monkeypatch, capsys):
    monkeypatch.setattr(mail_spam, "_PROGRAM", "no such program")
    assert spam() == 1
    assert "apt-get install spamassassin" in capsys.readouterr().err


def test_a_receiver_s_server_notes_whom_a_mail_is_from_and_for():
    data = b"Message-ID: <1@example.org>\r\n\r\nGood morning\r\n"
    mail = Delivered("a mail", "bounces+1@example.org", "ann@readers.example", data)
    assert mail.message_id == "<1@example.org>"
    assert mail.received.startswith(b"Return-Path: <bounces+1@example.org>\r\nReceived: from ")
    assert b"\tfor <ann@readers.example>; " in mail.received
    assert mail.received.endswith(b"\r\n" + data)
