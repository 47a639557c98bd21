"""Delivery: an edition's readers, each accounted for, from the frozen audience to the answer."""

from digest.delivery.account import Tally, tally, why_reader
from digest.delivery.audience import begin, prepare_audience
from digest.delivery.control import (
    cancel_edition,
    pause_edition,
    resume_edition,
    settle_cancelled,
)
from digest.delivery.message import compose_message
from digest.delivery.sender import send_edition
from digest.delivery.trial import send_test

__all__ = [
    "Tally",
    "begin",
    "cancel_edition",
    "compose_message",
    "pause_edition",
    "prepare_audience",
    "resume_edition",
    "send_edition",
    "send_test",
    "settle_cancelled",
    "tally",
    "why_reader",
]
