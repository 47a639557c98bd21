"""The private keys that sign mails, read from their files and judged (RFC 6376, 8301, 8463)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from digest.config_tables import Dkim
from digest.errors import ConfigInvalidError

if TYPE_CHECKING:
    # Imported where a key is read: it takes its time, and most commands sign nothing.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    PrivateKey = RSAPrivateKey | Ed25519PrivateKey

RSA_BITS = 2048
"""RFC 8301 section 3.2 asks for as many; 4096 is the most that every receiver has to understand."""
_RSA_MOST_BITS = 4096
_REMEDY = "make one with `digest dkim make-key`"


class Algorithm(StrEnum):
    """What kind of key signs."""

    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True)
class SigningKey:
    """A key that signs the mails of a domain, and the selector under which its record is found."""

    domain: str
    selector: str
    algorithm: Algorithm
    private: "PrivateKey" = field(repr=False)


def read_signing_keys(
    entries: Sequence[Dkim], within: Callable[[Path], Path], senders: set[str]
) -> tuple[SigningKey, ...]:
    """The keys that the configuration names.

    Args:
        entries: the tables [[dkim]].
        within: where a path of the configuration lies.
        senders: the domains that newsletters are sent from, as A-labels.

    Raises:
        ConfigInvalidError: with one line for each key that is absent, cannot be read, is too weak
            or of no use, or contradicts another.
    """
    problems: list[str] = []
    keys: list[SigningKey] = []
    for number, entry in enumerate(entries, start=1):
        place = f"dkim[{number}]"
        if entry.domain not in senders:
            known = ", ".join(sorted(senders)) or "none"
            problems.append(
                f"{place}.domain: no newsletter is sent from {entry.domain}: choose from {known}"
            )
        path = within(entry.private_key_file)
        try:
            algorithm, private = _parsed(path.read_bytes())
        except OSError as error:
            why = f"the file {path} cannot be read ({error.strerror}): mend it, or {_REMEDY}"
            problems.append(f"{place}.private_key_file: {why}")
        except ValueError as error:
            problems.append(f"{place}.private_key_file: {path} {error}: {_REMEDY}")
        else:
            key = SigningKey(entry.domain, entry.selector, algorithm, private)
            problems += [f"{place}.{problem}" for problem in _contradictions(key, keys)]
            keys.append(key)
    if problems:
        raise ConfigInvalidError(problems="\n".join(problems))
    return tuple(keys)


def _contradictions(key: SigningKey, others: Sequence[SigningKey]) -> Iterator[str]:
    for other in (other for other in others if other.domain == key.domain):
        if other.algorithm is key.algorithm:
            yield f"private_key_file: {key.domain} has another {key.algorithm} key: remove one"
        if other.selector == key.selector:
            yield f'selector: "{key.selector}" is taken by another key: a record holds one'


# Checking the numbers of an RSA key takes long, and every preview asks for it anew.
@lru_cache(maxsize=16)
def _parsed(pem: bytes) -> "tuple[Algorithm, PrivateKey]":
    """A key and its kind; a `ValueError` says what is wrong with it, and never what it holds."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - see TYPE_CHECKING
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.asymmetric.rsa import (  # noqa: PLC0415 - as above
        RSAPrivateKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        load_pem_private_key,
    )

    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise ValueError("is locked with a passphrase, which nobody could type each day") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("holds no private key in PEM") from error
    if isinstance(key, Ed25519PrivateKey):
        return Algorithm.ED25519, key
    if isinstance(key, RSAPrivateKey):
        if RSA_BITS <= key.key_size <= _RSA_MOST_BITS:
            return Algorithm.RSA, key
        bounds = f"from {RSA_BITS} to {_RSA_MOST_BITS} are right"
        raise ValueError(f"holds an RSA key of {key.key_size} bits, {bounds}")
    raise ValueError("holds a key that is neither RSA nor Ed25519, which DKIM knows")
