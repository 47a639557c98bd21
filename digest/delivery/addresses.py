"""Addresses as they stand in an envelope and a header."""

import re
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

# An address of ASCII letters in need of neither quoting nor encoding (RFC 5321 section 4.1.2).
_PLAIN = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
)
_LONGEST_LOCAL_PART = 64
_LONGEST = 254


class BadAddressError(ValueError):
    """Not an address that can be mailed."""


@dataclass(frozen=True)
class Mailbox:
    """An address for the wire: a domain of A-labels, a local part that may need SMTPUTF8."""

    address: str
    utf8: bool = False


# Who makes a mail asks once for its head and once for its envelope.
@lru_cache(maxsize=1024)
def mailbox(address: str) -> Mailbox:
    """The address as the envelope and the headers want it.

    Raises:
        BadAddressError: it is no address; so nothing that could end a line or a path gets through.
    """
    local, _, _ = address.partition("@")
    if _PLAIN.fullmatch(address) and len(local) <= _LONGEST_LOCAL_PART and len(address) <= _LONGEST:
        return Mailbox(address)
    try:
        valid = validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise BadAddressError(str(error)) from error
    wire = f"{valid.local_part}@{valid.ascii_domain}"
    return Mailbox(wire, utf8=not wire.isascii())


def domain_of(address: str) -> str:
    """The domain of an address, as A-labels, in small letters."""
    return mailbox(address).address.rpartition("@")[2].lower()
