import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.delivery_scratch import Publisher, publish
from benchmarks.delivery_speed import Size, beside
from benchmarks.delivery_yardsticks import (
    YARDSTICKS,
    in_the_common_way,
    smtp_source,
    with_aiosmtplib,
    with_smtplib,
)
from tests.postfix import sink


class Counting:
    """A server that counts."""

    def __init__(self, port: int, counts: Path):
        self.port = port
        self._counts = counts

    @property
    def messages(self) -> int:
        return int(re.findall(r"mesg=(\d+)", self._counts.read_text("ascii"))[-1])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Counting]:
    counts = tmp_path / "counts"
    with sink("-c", counts=counts) as port:
        yield Counting(port, counts)


@pytest.fixture
def publisher(tmp_path: Path, server: Counting) -> Publisher:
    return publish(tmp_path / "publisher", "sqlite:///digest.db", server.port)


def test_an_edition_that_somebody_did_not_get_does_not_pass(publisher: Publisher):
    edition = publisher.edition(range(1, 11))
    with pytest.raises(SystemExit, match="the edition is draft: 0 readers of 10"):
        publisher.check(edition, 10)


def test_mails_are_as_large_as_promised(publisher: Publisher):
    mail, mean = publisher.sample(publisher.edition(range(1, 11)))
    assert 44_000 < mean < 46_000
    assert b" <reader.1@example1.org>\r\n" in mail


def test_a_database_in_use_is_left_alone(publisher: Publisher, tmp_path: Path):
    url = f"sqlite:///{publisher.folder}/digest.db"
    with pytest.raises(SystemExit, match="in use"):
        publish(tmp_path / "another", url, 25)


@pytest.mark.parametrize(
    ("send", "count"), [(with_smtplib, 33), (with_aiosmtplib, 33), (in_the_common_way, 2)]
)
def test_a_yardstick_sends_as_many_as_it_is_asked_to(send, count: int, server: Counting):
    send(server.port, count, b"Subject: Good morning\r\n\r\nHere it is.\r\n")
    assert server.messages == count


def test_the_table_names_each_yardstick_with_its_ratio(tmp_path: Path, server: Counting, capsys):
    generator = YARDSTICKS[0]
    assert generator.seconds is smtp_source
    beside(tmp_path, server.port, Size(count=40, rounds=1), [generator])
    assert server.messages == 80
    assert re.search(r"smtp-source -s 20 -d +[\d,]+ +\d+\.\d\d .+ ≥ 1\n", capsys.readouterr().out)
