"""Logs on standard error, as lines for people or as JSON; no whole address is ever in them."""

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from digest.text import clean_text, one_line

_SHOWN = 2
"""Letters of a local part that are shown, unless these were all of it."""

# What an address may be part of: a run without blanks, brackets and separators. A local part in
# quotes (RFC 5321 section 4.1.2) is a run by itself.
_RUN = re.compile(r'"(?:[^"\\]|\\.){0,320}"(?=@)|[^\s<>()\[\],;:"]+')
_AT = re.compile(r"(@|%40)")
# Whoever has the token of such a link can act for its reader.
_LINK = re.compile(
    r"(/(?:confirm|preferences|unsubscribe|view)/|subject=unsubscribe(?:%20|\+|\s)+)[\w.~%-]+"
)
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
_BARE = re.compile(r"[^\s\"=]+")


class LogFormat(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From which weight on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        """The level as `logging` counts it."""
        return logging.getLevelNamesMapping()[self.name]


def set_up(form: LogFormat, level: LogLevel) -> None:
    """Let the program's logs go to standard error; of libraries only warnings and errors.

    Called once in a process, by the commands that send or stay.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form is LogFormat.JSON else TextFormatter())
    logging.basicConfig(level=max(level.number, logging.WARNING), handlers=[handler])
    logging.getLogger("digest").setLevel(level.number)


def short_address(email: str) -> str:
    """An address that one can recognise and nobody can write to: `an…@example.org`.

    The domain stays whole. The local part never does, however short it is.
    """
    local, at, domain = email.rpartition("@")
    local = local.strip('"')
    return f"{local[: min(_SHOWN, len(local) - 1)] if local else ''}…{at}{domain}"


def shorten_addresses(text: str, known: Iterable[str] = ()) -> str:
    """A text with every address in it shortened, and no token of a reader's link.

    Args:
        text: for example a server's reply.
        known: addresses of which the text may also name the local part alone ("ana: no such user").

    An "@" right after a slash belongs to the path of a web address and is left as it is.
    """
    text = _LINK.sub(r"\1…", text)
    if "@" in text or "%40" in text:
        text = _RUN.sub(_shortened_run, text)
    for address in known:
        local = address.rpartition("@")[0]
        # Hardly ever is it there once more: a pattern for each reader would cost more than a look.
        if len(local) > _SHOWN and local.casefold() in text.casefold():
            alone = re.compile(rf"(?<!\w){re.escape(local)}(?![\w…])", re.IGNORECASE)
            text = alone.sub(lambda found: f"{found[0][:_SHOWN]}…", text)
    return text


def _shortened_run(run: re.Match[str]) -> str:
    # Local parts and what parts them take turns; what follows the last one is a domain.
    *parts, domain = _AT.split(run[0])
    if run[0].startswith('"'):
        return short_address(f"{run[0]}@").removesuffix("@")
    for place in range(0, len(parts), 2):
        if parts[place] and not parts[place].endswith("/"):
            parts[place] = short_address(f"{parts[place]}@").removesuffix("@")
    return "".join(parts) + domain


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as `extra`, without what is None; addresses in texts shortened."""
    return {
        name: shorten_addresses(one_line(value)) if isinstance(value, str) else value
        for name, value in vars(record).items()
        if name not in _STANDARD and value is not None
    }


def _instant(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _message(record: logging.LogRecord) -> str:
    return shorten_addresses(one_line(record.getMessage()))


class TextFormatter(logging.Formatter):
    """`TIME LEVEL MESSAGE key=value …`; values with blanks stand in quotes, as JSON has them."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record; a traceback follows on lines of its own."""
        words = [_instant(record), record.levelname, _message(record), *_pairs(_facts(record))]
        line = " ".join(words)
        if record.exc_info:
            line += "\n" + shorten_addresses(clean_text(self.formatException(record.exc_info)))
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `message`, and what else there is."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record; a traceback is a text in `exception`."""
        fields = {
            "time": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **_facts(record),
        }
        if record.exc_info:
            traceback = self.formatException(record.exc_info)
            fields["exception"] = shorten_addresses(clean_text(traceback))
        return json.dumps(fields, ensure_ascii=False, default=str)


def _pairs(facts: Mapping[str, object]) -> Iterable[str]:
    for name, value in facts.items():
        text = str(value)
        bare = _BARE.fullmatch(text)
        yield f"{name}={text if bare else json.dumps(text, ensure_ascii=False)}"
