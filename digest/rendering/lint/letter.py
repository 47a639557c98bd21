"""A whole mail: its parts, size and headers, as Gmail and Yahoo ask of bulk senders.

https://support.google.com/a/answer/81126 and https://senders.yahooinc.com/best-practices/
"""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime

from digest.rendering.lint.rules import Findings

MAX_BYTES = 100_000
_LINE_BYTES = 998
_OF_NAMES = {"idna", "punycode"}
"""What Python can decode, but no text is written in."""
_TO_COVER = {"from", "list-unsubscribe", "list-unsubscribe-post"}


def read_letter(data: bytes) -> EmailMessage:
    """The mail that a file holds."""
    return message_from_bytes(data, policy=policy.default)


def part(letter: EmailMessage, kind: str) -> str:
    """The text of the first part of a kind, `text/html` say, or nothing."""
    for each in letter.walk():
        if each.get_content_type() == kind and not each.is_attachment():
            payload = each.get_payload(decode=True)
            raw = payload if isinstance(payload, bytes) else b""
            return _decoded(raw, each.get_content_charset() or "utf-8").replace("\r\n", "\n")
    return ""


def _decoded(raw: bytes, charset: str) -> str:
    try:
        return raw.decode("utf-8" if charset in _OF_NAMES else charset, "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")


def check_letter(data: bytes, letter: EmailMessage, found: Findings, *, bulk: bool) -> None:
    """All rules on a mail but those on its parts; `bulk` adds those on newsletters."""
    _check_bytes(data, found)
    kinds = [each.get_content_type() for each in letter.walk() if not each.is_multipart()]
    if kinds[:2] != ["text/plain", "text/html"] or (
        letter.get_content_type() != "multipart/alternative"
    ):
        found.add("alternative", f"{letter.get_content_type()} of {', '.join(kinds)}", "the mail")
    if not (_field(letter, "Subject")).strip():
        found.add("subject-empty", "no subject", "Subject")
    _check_origin(letter, found)
    if bulk:
        _check_unsubscribing(letter, found)
    _check_signatures(letter, found, bulk=bulk)


def _field(letter: EmailMessage, name: str) -> str:
    """The raw value of a header, unfolded; nothing where it is absent."""
    values = _fields(letter, name)
    return values[0] if values else ""


def _fields(letter: EmailMessage, name: str) -> list[str]:
    raw = (value for key, value in letter.raw_items() if key.lower() == name.lower())
    return [re.sub(r"\r?\n(?=[ \t])", "", str(value)) for value in raw]


def _check_bytes(data: bytes, found: Findings) -> None:
    if len(data) > MAX_BYTES:
        found.add("message-size", f"{len(data)} bytes", "the mail")
    head = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[0]
    for number, line in enumerate(head.splitlines(), 1):
        if not line.isascii():
            found.add("header-ascii", "a header with other letters", f"line {number} of the mail")
    for number, line in enumerate(data.split(b"\n"), 1):
        if len(line.rstrip(b"\r")) > _LINE_BYTES:
            found.add("line-length", "a line of more than 998 bytes", f"line {number} of the mail")


def _check_origin(letter: EmailMessage, found: Findings) -> None:
    senders = _fields(letter, "From")
    addresses = [address for _, address in getaddresses(senders) if "@" in address]
    if len(senders) != 1 or len(addresses) != 1:
        found.add("from-one", f"{len(senders)} From, {len(addresses)} addresses", "From")
    ids = _fields(letter, "Message-ID")
    if len(ids) != 1 or not re.fullmatch(r"\s*<[^<>\s@]+@[^<>\s@]+>\s*", ids[0]):
        found.add("message-id", f"Message-ID: {', '.join(ids)[:80] or 'none'}", "Message-ID")
    dates = _fields(letter, "Date")
    if len(dates) != 1 or not _is_date(dates[0]):
        found.add("date", f"Date: {', '.join(dates)[:80] or 'none'}", "Date")


def _is_date(text: str) -> bool:
    try:
        parsedate_to_datetime(text)
    except ValueError:
        return False
    return True


def _check_unsubscribing(letter: EmailMessage, found: Findings) -> None:
    if not re.search(r"<\s*https://[^>\s]+>", _field(letter, "List-Unsubscribe")):
        found.add("list-unsubscribe", "no https address", "List-Unsubscribe")
    if _field(letter, "List-Unsubscribe-Post").strip() != "List-Unsubscribe=One-Click":
        found.add("one-click", "no List-Unsubscribe=One-Click", "List-Unsubscribe-Post")


def _check_signatures(letter: EmailMessage, found: Findings, *, bulk: bool) -> None:
    signatures = [_tags(value) for value in _fields(letter, "DKIM-Signature")]
    address = next((a for _, a in getaddresses(_fields(letter, "From"))), "")
    domain = address.rpartition("@")[2].lower()
    if not signatures or not domain:
        return
    aligned = [tags for tags in signatures if _is_aligned(tags.get("d", "").lower(), domain)]
    if not aligned:
        signed = ", ".join(tags.get("d", "?") for tags in signatures)
        found.add("dkim-aligned", f"signed by {signed}, from {domain}", "DKIM-Signature")
        return
    wanted = _TO_COVER if bulk else {"from"}
    missing = [wanted - _covered(tags) for tags in aligned]
    if all(missing):
        found.add("dkim-covers", f"without {', '.join(sorted(missing[0]))}", "DKIM-Signature")


def _covered(tags: dict[str, str]) -> set[str]:
    return {name.strip().lower() for name in tags.get("h", "").split(":")}


def _tags(value: str) -> dict[str, str]:
    """The tags of a signature (RFC 6376, 3.2)."""
    pairs = (tag.partition("=") for tag in value.split(";") if "=" in tag)
    return {name.strip(): re.sub(r"\s", "", text) for name, _, text in pairs}


def _is_aligned(signed: str, domain: str) -> bool:
    """As DMARC's relaxed alignment has it, as far as that is known without a list of suffixes."""
    return "." in signed and (
        signed == domain or domain.endswith(f".{signed}") or signed.endswith(f".{domain}")
    )
