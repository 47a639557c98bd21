"""The kinds of values that settings and readers' preferences are made of, each with its remedy.

The checks raise `ValueError` with a whole sentence for the person who wrote the value.
"""

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from digest.sections import join_path, split_path
from digest.text import one_line


class Table(BaseModel):
    """What every table of `digest.toml` has in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


_DURATION = re.compile(r"(\d+)\s*([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
ADDRESS_LINE = re.compile(
    r"^(?:(?P<name>[^<>\x00-\x1f\x7f]*)<(?P<inner>[^<>\s]+)>|(?P<bare>[^<>\s]+))$"
)


_LONGEST = timedelta(days=3660)
_DIGITS = 12
# 64 octets (RFC 5321 section 4.5.3.1.1) less "+" and the 40 letters that name a delivery.
_LONGEST_BOUNCE_LOCAL_PART = 23
# Octets of a label in DNS (RFC 1035 section 2.3.4).
_LONGEST_SELECTOR = 63
_LONGEST_WEB_ADDRESS = 200


def check_zone(name: str) -> str:
    """`name`, known to be a time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(
            f'"{one_line(name, 100)}" is no time zone: use an IANA name such as "Europe/Sofia"'
        ) from error
    return name


def check_language(tag: str) -> str:
    """`tag` with hyphens (BCP 47), known to be a language that dates can be written in."""
    try:
        Locale.parse(tag, sep="-" if "-" in tag else "_")
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError(
            f'"{one_line(tag, 100)}" is no language: use a tag such as "en", "bg" or "pt-BR"'
        ) from error
    return tag.replace("_", "-")


def check_address(text: str) -> str:
    """`text` as a normalised e-mail address (RFC 5321, RFC 6531); nothing is looked up."""
    try:
        return validate_email(text, check_deliverability=False, strict=True).normalized
    except EmailNotValidError as error:
        why = str(error).rstrip(".")
        raise ValueError(f'"{one_line(text, 100)}" is no e-mail address: {why}') from error


def check_own_address(text: str) -> str:
    """`text` as a normalised address that every server takes as a sender's."""
    address = check_address(text)
    if not address.rpartition("@")[0].isascii():
        raise ValueError(f'"{one_line(text, 100)}": many servers take only ASCII before the @')
    return address


def _bounce_address(text: str) -> str:
    address = check_own_address(text)
    if len(address.rpartition("@")[0]) > _LONGEST_BOUNCE_LOCAL_PART:
        raise ValueError(
            f'"{one_line(text, 100)}": at most {_LONGEST_BOUNCE_LOCAL_PART} characters before the '
            "@, for each mail's own mark is added to them"
        )
    return address


def check_domain(text: str) -> str:
    """`text` as a domain of A-labels, in small letters; nothing is looked up."""
    try:
        return validate_email(f"x@{text}", check_deliverability=False).ascii_domain.lower()
    except EmailNotValidError as error:
        raise ValueError(
            f'"{one_line(text, 100)}" is no domain: write what stands after the @, as "example.org"'
        ) from error


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError('write a length of time in quotes: "90s", "30m", "48h" or "7d"')
    number = int(match[1][:_DIGITS])
    # Compared before it is multiplied: a timedelta has room for fewer days than a file has digits.
    if number * _UNITS[match[2]] > _LONGEST.total_seconds():
        raise ValueError(f"this is longer than {_LONGEST.days} days: write a shorter time")
    return timedelta(seconds=number * _UNITS[match[2]])


def _more_than_none(length: timedelta) -> timedelta:
    if not length:
        raise ValueError('this must be longer than nothing, such as "30s"')
    return length


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text) or not _has_host(text):
        raise ValueError(
            f'"{one_line(text, 100)}" is no web address: write it whole, such as "https://news.example.org"'
        )
    if not text.isascii():
        # It stands in header fields.
        raise ValueError(
            f'"{one_line(text, 100)}" is not ASCII: write the host as "xn--…", the path as "%…"'
        )
    if len(text) > _LONGEST_WEB_ADDRESS:
        # It stands in links, and in header fields, whose lines end at 998 (RFC 5322 section 2.1.1).
        raise ValueError(f"this is longer than {_LONGEST_WEB_ADDRESS} characters: shorten it")
    return text.rstrip("/")


def _visible(text: str) -> str:
    """`text` without invisible characters: some turn the words round that stand beside it."""
    visible = one_line(text)
    if not visible:
        raise ValueError("there is nothing to see in this: write a word")
    return visible


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _feed_address(text: str) -> str:
    return check_link(text, "feed address")


def check_link(text: str, called: str = "web address") -> str:
    """`text` as the address of a document on the web, which may have a query."""
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s#]*", text) or not _has_host(text):
        raise ValueError(f'"{one_line(text, 100)}" is no {called}: write it whole, with https://')
    return text


def _section(path: str) -> str:
    # As those of articles are: invisible characters, pasted along, would keep the two apart.
    parts = split_path(one_line(path))
    if not parts:
        raise ValueError('a section needs a name, such as "World" or "World » Ukraine"')
    if ";" in path:
        raise ValueError("a section's name has no semicolon: it parts the sections in CSV files")
    return join_path(parts)


def _slug(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", text):
        raise ValueError(
            f'"{one_line(text, 100)}" is no slug: up to 40 small letters, digits and hyphens'
        )
    return text


def check_selector(text: str) -> str:
    """`text` as a DKIM selector, a name under which DNS has a record (RFC 6376 section 3.1)."""
    label, name = "[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?", text.lower()
    if not re.fullmatch(rf"{label}(?:\.{label})*", name) or len(name) > _LONGEST_SELECTOR:
        raise ValueError(
            f'"{one_line(text, 100)}" is no selector: up to {_LONGEST_SELECTOR} small letters, '
            'digits, dots and hyphens, such as "s2026"'
        )
    return name


Zone = Annotated[str, AfterValidator(check_zone)]
Language = Annotated[str, AfterValidator(check_language)]
MailDomain = Annotated[str, AfterValidator(check_domain)]
Address = Annotated[str, AfterValidator(check_own_address)]
BounceAddress = Annotated[str, AfterValidator(_bounce_address)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
PositiveDuration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_more_than_none)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Link = Annotated[str, AfterValidator(check_link)]
FeedAddress = Annotated[str, AfterValidator(_feed_address)]
SectionPath = Annotated[str, AfterValidator(_section)]
Selector = Annotated[str, AfterValidator(check_selector)]
Slug = Annotated[str, AfterValidator(_slug)]
OneLine = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"),
    AfterValidator(_visible),
]
Port = Annotated[int, Field(ge=1, le=65535)]
