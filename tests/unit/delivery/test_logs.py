"""What became of a delivery, as the log has it."""

import logging
from dataclasses import dataclass

import pytest

from digest.delivery.logs import outcome
from digest.delivery.replies import Answer, Stage
from digest.logs import TextFormatter
from digest.store.models import DeliveryStatus


@dataclass(frozen=True)
class Turn:
    delivery_id: int = 7
    email: str = "ana.maria@example.org"
    attempts: int = 1


def test_who_was_refused_is_told_with_the_servers_words(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "digest")
    answer = Answer(Stage.RCPT, 550, "5.1.1 <Ana.Maria@example.org>: no ana.maria\r\nhere")
    outcome(3, Turn(), answer, DeliveryStatus.REFUSED)
    (record,) = caplog.records
    line = TextFormatter().format(record)
    assert line.partition(" INFO ")[2] == (
        "delivery refused edition=3 delivery=7 to=an…@example.org attempt=2 "
        'stage="RCPT TO" code=550 reply="5.1.1 <An…@example.org>: no an… here"'
    )


def test_who_was_not_tried_is_told_with_the_reason(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "digest")
    outcome(3, Turn(), None, DeliveryStatus.SKIPPED, "unsubscribed")
    line = TextFormatter().format(caplog.records[0])
    assert line.endswith(
        "delivery skipped edition=3 delivery=7 to=an…@example.org reason=unsubscribed"
    )


def test_acceptance_is_told_at_debug_only(caplog: pytest.LogCaptureFixture):
    answer = Answer(Stage.BODY, 250, "2.0.0 Ok: queued as 4F")
    caplog.set_level(logging.INFO, "digest")
    outcome(3, Turn(), answer, DeliveryStatus.ACCEPTED)
    assert not caplog.records
    caplog.set_level(logging.DEBUG, "digest")
    outcome(3, Turn(), answer, DeliveryStatus.ACCEPTED)
    assert caplog.records[0].levelno == logging.DEBUG
