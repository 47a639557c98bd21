"""What a line of the log looks like, and what is left out of it."""

import json
import logging

import pytest

from digest.logs import JsonFormatter, LogLevel, TextFormatter, short_address, shorten_addresses


@pytest.mark.parametrize(
    ("email", "short"),
    [
        ("ana.maria@example.org", "an…@example.org"),
        ("ana@example.org", "an…@example.org"),
        ("jo@example.org", "j…@example.org"),
        ("a@example.org", "…@example.org"),
        ("用户名@例子.广告", "用户…@例子.广告"),
    ],
)
def test_an_address_is_shortened(email: str, short: str):
    assert short_address(email) == short


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("<ana@example.org>: User unknown", "<an…@example.org>: User unknown"),
        ("ana@example.org,ben@example.org", "an…@example.org,be…@example.org"),
        ('"ana maria"@example.org is gone', "an…@example.org is gone"),
        ("@relay.example:ana@example.org", "@relay.example:an…@example.org"),
        ("ana%40example.org@relay.example", "an…%40ex…@relay.example"),
        ("https://x.example/?to=ana%40example.org", "https://…%40example.org"),
        ("Ana: no such user", "An…: no such user"),
        ("banana split, anatomy", "banana split, anatomy"),
        ("https://x.example/@desk/feed", "https://x.example/@desk/feed"),
        ("https://x.example/unsubscribe/AZ-9_a?x=1", "https://x.example/unsubscribe/…?x=1"),
        ("no address here", "no address here"),
    ],
)
def test_addresses_in_a_text_are_shortened(text: str, short: str):
    assert shorten_addresses(text, known=["ana@example.org"]) == short


def record(**extra) -> logging.LogRecord:
    made = logging.makeLogRecord({"msg": "delivery %s", "args": ("refused",), **extra})
    made.name, made.levelno, made.levelname, made.created = "digest.x", 20, "INFO", 1.5
    return made


def test_a_line_for_people():
    line = TextFormatter().format(
        record(edition=3, code=550, reply='5.1.1 "no"\r\nsuch user', stage="RCPT TO", gone=None)
    )
    assert line == (
        "1970-01-01T00:00:01.500+00:00 INFO delivery refused "
        r'edition=3 code=550 reply="5.1.1 \"no\" such user" stage="RCPT TO"'
    )


def test_a_line_of_json():
    line = JsonFormatter().format(record(edition=3, code=550, reply="ana@example.org is gone"))
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:01.500+00:00",
        "level": "info",
        "logger": "digest.x",
        "message": "delivery refused",
        "edition": 3,
        "code": 550,
        "reply": "an…@example.org is gone",
    }


def test_a_traceback_is_told_without_addresses():
    with pytest.raises(ValueError, match="ana@") as raised:
        int("ana@example.org")
    told = record(exc_info=(raised.type, raised.value, raised.tb))
    text, line = TextFormatter().format(told), JsonFormatter().format(told)
    assert text.splitlines()[1] == "Traceback (most recent call last):"
    assert text.splitlines()[-1].endswith("'a…@example.org'")
    assert json.loads(line)["exception"].endswith("'a…@example.org'")


def test_levels_are_those_of_logging():
    assert [level.number for level in LogLevel] == [10, 20, 30, 40]
