"""The signed words in a mail's links and envelope: who it was for, and which edition.

A token is a few numbers and an authentication code over them. The code is HMAC-SHA256 cut to
128 bits: RFC 2104 section 5 wants at least half of the hash's output, and a forger, who can only
guess by asking our web server, succeeds once in 2^128 requests. Anything longer would only make
the links longer. Each purpose signs with a key of its own, derived from the site's secret key, so
that a link for reading can never be presented as a confirmation.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from digest.errors import BadTokenError, ExpiredTokenError

CONFIRMATION_VALID = timedelta(days=7)
PREVIEW = 0
"""The subscription of a reader's token that belongs to nobody: pages show it and change nothing."""

_MAC_LENGTH = 16
_MOST = 2**63 - 1


@dataclass(frozen=True)
class ReaderToken:
    """Whose mail a link stands in, and of which edition."""

    subscription_id: int
    edition_id: int

    @property
    def is_preview(self) -> bool:
        """Whether the link stands in a preview or a test mail, which acts for nobody."""
        return self.subscription_id == PREVIEW


@dataclass(frozen=True)
class ConfirmationToken:
    """Which subscription asks to be confirmed, and when it was asked for (aware, UTC)."""

    subscription_id: int
    issued: datetime


class Tokens:
    """Makes and reads tokens with the site's secret key.

    Every reading method raises `BadTokenError` for anything that this key did not sign for that
    purpose, in exactly the spelling that was signed.
    """

    def __init__(self, key: bytes) -> None:
        self._reader = _Signer(key, b"reader")
        self._confirmation = _Signer(key, b"confirmation")
        self._bounce = _Signer(key, b"bounce")
        # A delivery's stands in its envelope, and in what makes its Message-ID.
        self.bounce = lru_cache(maxsize=64)(self._make_bounce)

    def reader(self, subscription_id: int, edition_id: int) -> str:
        """The token of the links in one subscriber's mail: unsubscribe, preferences, view.

        It never expires: a reader who finds last year's mail must still be able to leave by it.
        """
        return _to_base64(self._reader.sign(subscription_id, edition_id))

    def read_reader(self, token: str) -> ReaderToken:
        """What `reader` was given."""
        return ReaderToken(*self._reader.read(_decode(token, _from_base64, _to_base64), count=2))

    def confirmation(self, subscription_id: int, issued: datetime) -> str:
        """The token of the link by which somebody confirms that they want a newsletter."""
        return _to_base64(self._confirmation.sign(subscription_id, int(issued.timestamp())))

    def read_confirmation(self, token: str, now: datetime) -> ConfirmationToken:
        """What `confirmation` was given, the instant in whole seconds.

        Raises:
            ExpiredTokenError: it was issued longer than `CONFIRMATION_VALID` ago.
        """
        payload = _decode(token, _from_base64, _to_base64)
        subscription_id, seconds = self._confirmation.read(payload, count=2)
        issued = datetime.fromtimestamp(seconds, UTC)
        if now > issued + CONFIRMATION_VALID:
            raise ExpiredTokenError(days=CONFIRMATION_VALID.days)
        return ConfirmationToken(subscription_id, issued)

    def _make_bounce(self, delivery_id: int) -> str:
        """The part of the envelope sender's local part that names a delivery; at most 40 letters.

        Small letters and digits only: mail servers may change a local part's case on the way, and
        the local part has room for 64 octets (RFC 5321 section 4.5.3.1.1).
        """
        return _to_base32(self._bounce.sign(delivery_id))

    def read_bounce(self, token: str) -> int:
        """The delivery that `bounce` was given; capitals count as small letters."""
        payload = _decode(token.lower(), _from_base32, _to_base32)
        (delivery_id,) = self._bounce.read(payload, count=1)
        return delivery_id


class _Signer:
    """Numbers to bytes with a code that proves them, and back, for one purpose."""

    def __init__(self, key: bytes, purpose: bytes) -> None:
        own = hmac.digest(key, b"digest token: " + purpose, "sha256")
        self._keyed = hmac.new(own, digestmod="sha256")

    def _mac(self, payload: bytes) -> bytes:
        # A copy is ready to go on: the key is taken in once, and not for each token.
        code = self._keyed.copy()
        code.update(payload)
        return code.digest()[:_MAC_LENGTH]

    def sign(self, *numbers: int) -> bytes:
        payload = b"".join(map(_pack, numbers))
        return payload + self._mac(payload)

    def read(self, signed: bytes, *, count: int) -> list[int]:
        payload, mac = signed[:-_MAC_LENGTH], signed[-_MAC_LENGTH:]
        if not hmac.compare_digest(mac, self._mac(payload)):
            raise BadTokenError
        # From here on the bytes are our own: `sign` made them, for this purpose.
        numbers = _unpack(payload)
        if len(numbers) != count:
            raise BadTokenError
        return numbers


def _pack(number: int) -> bytes:
    """A number in as few bytes as it needs (LEB128): seven bits a byte, the lowest first."""
    if not 0 <= number <= _MOST:
        raise ValueError(f"{number} is no row of the database")
    packed = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - the seven bits
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)
    return bytes(packed)


def _unpack(payload: bytes) -> list[int]:
    numbers, number, shift = [], 0, 0
    for byte in payload:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
        else:
            numbers.append(number)
            number, shift = 0, 0
    return numbers


def _decode(token: str, decode: Callable[[str], bytes], encode: Callable[[bytes], str]) -> bytes:
    """The bytes of a token that is spelt in the one way in which we spell it.

    Base 64 and base 32 leave spare bits in the last letter and decoders pass over strange ones;
    making the token again from its bytes refuses whatever is not letter for letter ours.
    """
    try:
        signed = decode(token)
    except (binascii.Error, ValueError) as error:
        raise BadTokenError from error
    if encode(signed) != token:
        raise BadTokenError
    return signed


def _to_base64(signed: bytes) -> str:
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()


def _from_base64(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def _to_base32(signed: bytes) -> str:
    return base64.b32encode(signed).rstrip(b"=").decode().lower()


def _from_base32(token: str) -> bytes:
    return base64.b32decode(token.upper() + "=" * (-len(token) % 8))
