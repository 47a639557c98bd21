"""What a receiver makes of a mail's raw bytes, against what the mail was to be."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_string, policy
from email.errors import NonASCIILocalPartDefect
from email.message import EmailMessage
from enum import StrEnum
from typing import Any, NamedTuple

import dkim

from digest.config import SigningKey
from digest.delivery.dkim import record, record_name
from digest.errors import BadTokenError
from digest.subscribers.tokens import ReaderToken, Tokens
from tests.smtp import Received

FIELDS = [
    "To", "Date", "Message-ID", "List-Unsubscribe", "From", "Subject", "List-Id",
    "List-Unsubscribe-Post", "List-Help", "List-Archive", "List-Owner", "List-Post",
    "Feedback-ID", "Precedence", "Auto-Submitted", "MIME-Version", "Content-Type",
]  # fmt: skip
"""The header fields of every mail, but for signatures and Reply-To."""

_PART_FIELDS = ["Content-Type", "Content-Transfer-Encoding"]
_LONGEST = 998
_STRAY = re.compile(rb"[\r\n\x00]")
_BREAK = re.compile(r"[\r\n\x00]")
# What a decoder of quoted-printable would have to guess at (RFC 2045 section 6.7).
_NOT_QUOTED = re.compile(r"=(?![0-9A-F]{2}|\r\n)|[ \t]\r\n")
_LONGEST_ENCODED = 76
_LINK = re.compile(r"/(?:unsubscribe|preferences|view)/([^\s\"'<>?#]*)")
_UNSUBSCRIBE = re.compile(
    r"<https://[a-z.]+/unsubscribe/([\w-]+)>, <mailto:[^?>]+\?subject=unsubscribe%20([\w-]+)>"
)
# Anything that could be a token, wherever it stands.
_LIKE_A_TOKEN = re.compile(r"[\w-]{24,}", re.ASCII)


class Fault(StrEnum):
    """What is wrong with a mail."""

    HEADERS = "extra headers"
    MIME = "broken MIME"
    TOKENS = "wrong tokens"
    SIGNATURES = "DKIM failures"
    ENVELOPE = "wrong envelopes"
    LINES = "broken lines"
    TWICE = "mails or Message-IDs twice"


class Found(NamedTuple):
    """A fault, and in words what was seen."""

    fault: Fault
    seen: str


class Reading(NamedTuple):
    """What was made of a mail, and all that is wrong with it."""

    message_id: str
    encodings: list[str]
    faults: list[Found]


class Promised(NamedTuple):
    """Whose mail it is to be; `address` as the wire carries it."""

    address: str
    delivery_id: int
    subscription_id: int
    edition_id: int


@dataclass(frozen=True)
class Receiver:
    """Reads the mails of one newsletter.

    Attributes:
        tokens: of the site.
        zone: what DNS says of the keys that sign, by name.
        sender: the newsletter's address.
        fields: the header fields that every mail has, once unless named twice.
    """

    tokens: Tokens
    zone: Mapping[bytes, bytes]
    sender: str
    fields: tuple[str, ...]

    def read(self, mail: Received, promised: Promised) -> Reading:
        """Take a mail to pieces."""
        text = mail.data.decode("utf-8", "replace")
        message: Any = message_from_string(text, policy=policy.default)
        try:
            message.values()
        except ValueError as error:
            # An encoded word in an address that decodes to a line break.
            return Reading("", [], [Found(Fault.HEADERS, f"its head cannot be read: {error}")])
        parts = list(message.iter_parts())
        contents = [_content(part) for part in parts]
        faults = [
            *_broken_lines(mail),
            *self._extra_headers(message, mail),
            *self._wrong_envelope(message, mail, promised),
            *_broken_mime(message, parts, contents),
            *self._wrong_tokens(message, contents, promised),
            *self._wrong_signatures(mail),
        ]
        encodings = [str(part["Content-Transfer-Encoding"]) for part in parts]
        return Reading(str(message["Message-ID"]), encodings, faults)

    def _extra_headers(self, message: EmailMessage, mail: Received) -> Iterator[Found]:
        names = message.keys()
        if Counter(names) != Counter(self.fields):
            yield Found(Fault.HEADERS, f"its fields are {names}")
        # As somebody would count them who knows lines and nothing of their contents.
        head = mail.data.partition(b"\r\n\r\n")[0]
        count = len(re.sub(rb"\r\n[ \t]", b" ", head).split(b"\r\n"))
        if count != len(self.fields):
            yield Found(Fault.HEADERS, f"its head has {count} fields")
        # What one decoder takes for text is a line break to whoever writes the head anew.
        if any(map(_BREAK.search, map(str, message.values()))):
            yield Found(Fault.HEADERS, "a field decodes to more than one line")
        who = _addresses(message, "From")
        if who != [self.sender]:
            yield Found(Fault.HEADERS, f"it is from {who}")

    def _wrong_envelope(
        self, message: EmailMessage, mail: Received, promised: Promised
    ) -> Iterator[Found]:
        to = _addresses(message, "To")
        if not to == [mail.recipient] == [promised.address]:
            yield Found(Fault.ENVELOPE, f"{mail.recipient} got a mail to {to}")
        if ("SMTPUTF8" in mail.options) == promised.address.isascii():
            yield Found(Fault.ENVELOPE, f"{mail.recipient} was named with {mail.options}")
        local, _, domain = mail.sender.partition("@")
        try:
            delivery = self.tokens.read_bounce(local.removeprefix("bounces+"))
        except BadTokenError:
            delivery = 0
        if delivery != promised.delivery_id or domain != self.sender.partition("@")[2]:
            yield Found(Fault.ENVELOPE, f"{mail.sender} stands for the delivery {delivery}")

    def _wrong_tokens(
        self, message: EmailMessage, contents: Sequence[str], promised: Promised
    ) -> Iterator[Found]:
        want = ReaderToken(promised.subscription_id, promised.edition_id)
        leave = _UNSUBSCRIBE.fullmatch(str(message["List-Unsubscribe"]))
        places = {"List-Unsubscribe": list(leave.groups()) if leave else []}
        for number, content in enumerate(contents, start=1):
            places[f"part {number}"] = _LINK.findall(content)
            for like in _LIKE_A_TOKEN.findall(content):
                whose = self._whose(like)
                if whose not in {None, want}:
                    yield Found(Fault.TOKENS, f"part {number} holds a token of {whose}")
        for place, found in places.items():
            if not found or any(self._whose(token) != want for token in found):
                yield Found(Fault.TOKENS, f"{place} holds {found}")

    def _whose(self, token: str) -> ReaderToken | None:
        try:
            return self.tokens.read_reader(token)
        except BadTokenError:
            return None

    def _wrong_signatures(self, mail: Received) -> Iterator[Found]:
        for number in range(self.fields.count("DKIM-Signature")):
            if not is_signed(mail.data, number, self.zone):
                yield Found(Fault.SIGNATURES, f"signature {number + 1} does not verify")


def zone_of(keys: Sequence[SigningKey]) -> dict[bytes, bytes]:
    """What DNS says of keys."""
    return {f"{record_name(key)}.".encode(): record(key).encode() for key in keys}


def is_signed(data: bytes, number: int, zone: Mapping[bytes, bytes]) -> bool:
    """Whether the signature of this number, from 0, is right: as dkimpy finds."""
    try:
        return bool(dkim.DKIM(data).verify(number, dnsfunc=lambda name, **_: zone.get(name)))
    except dkim.DKIMException:
        return False


def _broken_lines(mail: Received) -> Iterator[Found]:
    *lines, rest = mail.data.split(b"\r\n")
    if rest:
        yield Found(Fault.LINES, "its last line has no end")
    if any(map(_STRAY.search, lines)):
        yield Found(Fault.LINES, "it has a bare CR, LF or NUL")
    if max(map(len, lines)) > _LONGEST:
        yield Found(Fault.LINES, f"a line has {max(map(len, lines))} octets")
    own = mail.recipient.encode()
    if not mail.data.replace(own, b"", 1).isascii():
        yield Found(Fault.LINES, "it has octets beyond ASCII")


def _addresses(message: EmailMessage, name: str) -> list[str]:
    fields: list[Any] = message.get_all(name, [])
    return [box.addr_spec for field in fields for box in field.addresses]


def _content(part: Any) -> str:
    content = part.get_content() if part.get_content_maintype() == "text" else ""
    return str(content)


def _broken_mime(
    message: EmailMessage, parts: Sequence[Any], contents: Sequence[str]
) -> Iterator[Found]:
    if message.get_content_type() != "multipart/alternative":
        yield Found(Fault.MIME, f"it is {message.get_content_type()}")
    types = [part.get_content_type() for part in parts]
    if types != ["text/plain", "text/html"] or message.preamble or message.epilogue:
        yield Found(Fault.MIME, f"its parts are {types}")
    for entity in (message, *parts):
        fields = [defect for value in entity.values() for defect in value.defects]
        # What RFC 5322 calls a defect, and RFC 6532 does not.
        fields = [defect for defect in fields if not isinstance(defect, NonASCIILocalPartDefect)]
        if entity.defects or fields:
            yield Found(Fault.MIME, f"it has defects: {[*entity.defects, *fields]}")
    if contents and not contents[-1].rstrip().endswith("</html>"):
        yield Found(Fault.MIME, "the page ends early")
    for part, content in zip(parts, contents, strict=True):
        yield from _broken_part(part, content)


def _broken_part(part: Any, content: str) -> Iterator[Found]:
    if part.keys() != _PART_FIELDS:
        yield Found(Fault.MIME, f"a part's fields are {part.keys()}")
    encoding, encoded = part["Content-Transfer-Encoding"], part.get_payload()
    known = {"base64", "quoted-printable"}
    if part.get_content_subtype() == "html":
        known.add("7bit")
    if encoding not in known:
        yield Found(Fault.MIME, f"a part is in {encoding}")
    if encoding == "quoted-printable" and _NOT_QUOTED.search(encoded):
        yield Found(Fault.MIME, "a part is no quoted-printable")
    longest = _LONGEST if encoding == "7bit" else _LONGEST_ENCODED
    if max(map(len, encoded.split("\r\n"))) > longest:
        yield Found(Fault.MIME, f"a line of a part in {encoding} is too long")
    if not content.strip() or "\ufffd" in content:
        yield Found(Fault.MIME, "a part does not decode")
