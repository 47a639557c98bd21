"""E-mail addresses as people write them, and as we keep them."""

import unicodedata
from typing import NamedTuple

from digest.config_types import check_address
from digest.errors import InvalidAddressError


class Address(NamedTuple):
    """An address as it is mailed, and the key that all its spellings share."""

    email: str
    key: str


def read_address(text: str) -> Address:
    """The address that `text` is, normalised; letters of any script are welcome (RFC 6531).

    Spaces round it are a typing mistake and go; line breaks and other control characters, quoted
    local parts and bracketed hosts are refused.

    Raises:
        InvalidAddressError: with what is wrong, in words.
    """
    try:
        email = check_address(text.strip(" "))
    except ValueError as error:
        raise InvalidAddressError(why=error) from error
    return Address(email, address_key(email))


def address_key(email: str) -> str:
    """What two spellings of one normalised address share.

    RFC 5321 section 2.4 lets a host tell capitals in the local part apart; no host that people
    have addresses at does, and one person must not be mailed twice.
    """
    return unicodedata.normalize("NFC", email.casefold())
