"""DKIM signatures (RFC 6376, RFC 8301, RFC 8463): fields that prove who sent a mail.

A mail has one signature for each key of its sender's domain, RSA and Ed25519, so that receivers may
check whichever they know. Each covers the body and every field of the head. Header fields are
signed in the relaxed form, which relays may fold anew; the body as it is: its lines are short,
ASCII and end in no space, so no relay has a reason to touch them.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from digest.config import Algorithm, SigningKey
from digest.config_keys import RSA_BITS

# Fields that a receiver shows or acts by. Each is named once more than it occurs: another one,
# added on the way, breaks the signature (RFC 6376 sections 5.4.2 and 8.15).
_SEALED = (
    "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version",
    "Content-Type", "Content-Transfer-Encoding", "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip
_LINE = 75
_STRING = 255
"""Octets of one string of a TXT record (RFC 1035 section 3.3)."""
PrivateKey = RSAPrivateKey | Ed25519PrivateKey
_PADDING, _SHA256 = PKCS1v15(), SHA256()


def relaxed(fields: bytes) -> bytes:
    """Header fields in the form in which they are signed (RFC 6376 section 3.4.2)."""
    spaced = fields.replace(b"\t", b" ").replace(b"\r\n ", b" ")
    while b"  " in spaced:
        spaced = spaced.replace(b"  ", b" ")
    return b"\r\n".join([_relaxed_line(line) for line in spaced.split(b"\r\n")])


def _relaxed_line(line: bytes) -> bytes:
    name, colon, value = line.partition(b":")
    return name.rstrip(b" ").lower() + colon + value.strip(b" ")


class Seal:
    """Signs the mails that share a part of their heads.

    Args:
        keys: what signs; each adds a field.
        common: the header fields that are the same in all of these mails.
        own: the names of the fields that each mail has besides, in their order there.
    """

    def __init__(self, keys: Sequence[SigningKey], common: bytes, own: Sequence[str]) -> None:
        self._keys = keys
        self._common = relaxed(common)
        shared = [line.partition(b":")[0].decode("ascii") for line in common.split(b"\r\n")]
        names = [name for name in shared if name and not name.startswith((" ", "\t"))]
        self._names = [*names, *own, *_SEALED]
        self._drafts = lru_cache(maxsize=2)(self._drafts_at)
        self.size = sum(len(draft) + _signature_size(key) for key, draft, _ in self._drafts(0))

    def sign(self, own: bytes, body: Iterable[bytes], seconds: int) -> bytes:
        """The signatures of one mail, to stand before its head.

        Args:
            own: the fields that the mail does not share.
            body: the body as it is sent, in pieces; the last ends in one line break.
            seconds: the present instant, since 1970.
        """
        hashed = hashlib.sha256()
        for piece in body:
            hashed.update(piece)
        digest = base64.b64encode(hashed.digest())
        signed = self._common + relaxed(own)
        fields: list[bytes] = []
        for key, draft, canonical in self._drafts(seconds):
            data = b"%b%b%b; b=" % (signed, canonical, digest)
            signature = base64.b64encode(_sign(key, data))
            lines = [signature[n : n + _LINE - 3] for n in range(0, len(signature), _LINE - 3)]
            fields += (draft, digest, b";\r\n b=", b"\r\n ".join(lines), b"\r\n")
        return b"".join(fields)

    def _drafts_at(self, seconds: int) -> list[tuple[SigningKey, bytes, bytes]]:
        """Each key's field up to the body's hash: as it is sent, and as it is signed."""
        drafts = []
        for key in self._keys:
            words = [
                "DKIM-Signature: v=1;",
                f" a={key.algorithm}-sha256;",
                " c=relaxed/simple;",
                f" d={key.domain};",
                f" s={key.selector};",
                f" i=@{key.domain};",
                f" t={seconds};",
                f" h={self._names[0]}:",
                *(f"{name}:" for name in self._names[1:-1]),
                f"{self._names[-1]};",
            ]
            draft = (_folded(words) + "\r\n bh=").encode("ascii")
            drafts.append((key, draft, relaxed(draft)))
        return drafts


def _folded(words: Sequence[str]) -> str:
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) <= _LINE:
            lines[-1] += word
        else:
            lines.append(" " + word.lstrip(" "))
    return "\r\n".join(lines)


def _sign(key: SigningKey, data: bytes) -> bytes:
    if isinstance(key.private, RSAPrivateKey):
        return key.private.sign(data, _PADDING, _SHA256)
    # Ed25519 signs the hash (RFC 8463 section 3).
    return key.private.sign(hashlib.sha256(data).digest())


def _signature_size(key: SigningKey) -> int:
    octets = key.private.key_size // 8 if isinstance(key.private, RSAPrivateKey) else 64
    return 120 + octets * 3 // 2


def make_key(algorithm: Algorithm) -> PrivateKey:
    """A new private key."""
    if algorithm is Algorithm.RSA:
        return generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    return Ed25519PrivateKey.generate()


def to_pem(key: PrivateKey) -> bytes:
    """A private key as its file holds it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def record_name(key: SigningKey) -> str:
    """Where receivers look for the record of a key (RFC 6376 section 3.6.2.1)."""
    return f"{key.selector}._domainkey.{key.domain}"


def record(key: SigningKey) -> str:
    """What the TXT record of a key has to say (RFC 6376 section 3.6.1, RFC 8463 section 4)."""
    public = key.private.public_key()
    if isinstance(key.private, RSAPrivateKey):
        octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        octets = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k={key.algorithm}; p={base64.b64encode(octets).decode()}"


def strings(text: str) -> list[str]:
    """A record in strings as short as DNS wants them."""
    return [text[start : start + _STRING] for start in range(0, len(text), _STRING)]


def zone_line(key: SigningKey) -> str:
    """The record as a line of a zone file."""
    parts = " ".join(f'"{part}"' for part in strings(record(key)))
    return f"{record_name(key)}. IN TXT ( {parts} )"
