"""What a mail costs our process: as it is, and signed."""

import statistics
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.delivery_scratch import SENDER, publish
from benchmarks.delivery_speed import Size, once
from tests.postfix import sink

_AIMS = {"unsigned": 120, "DKIM, RSA-2048": 650, "DKIM, Ed25519": 260}
"""Microseconds a message."""
_SIGNED = """
[[dkim]]
domain = "{domain}"
selector = "benchmark"
private_key_file = "{path}"
"""


def cpu(size: Size) -> int:
    """Print the processor time of our process a message, the user's and the system's."""
    with tempfile.TemporaryDirectory() as root, sink() as port:
        folder = Path(root)
        signed = {
            "unsigned": "",
            "DKIM, RSA-2048": _signed(folder / "rsa.pem", generate_private_key(65537, 2048)),
            "DKIM, Ed25519": _signed(folder / "ed25519.pem", Ed25519PrivateKey.generate()),
        }
        ways = {
            name: publish(folder / f"publisher-{number}", "sqlite:///digest.db", port, more)
            for number, (name, more) in enumerate(signed.items())
        }
        readers = range(1, size.count + 1)
        editions = {name: publisher.edition(readers) for name, publisher in ways.items()}
        costs: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(size.rounds):
            for name, publisher in ways.items():
                sending = once(publisher, editions[name], size.count)
                costs[name].append(sending.cpu / size.count * 1e6)
    print(f"Processor time of our process a message, medians of {size.rounds} rounds", end="")
    print(f" of {size.count:,} mails")
    for name, found in costs.items():
        print(f"{name:<16}{statistics.median(found):>8,.0f} µs{'≤':>8} {_AIMS[name]} µs")
    return 0


def _signed(path: Path, key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    """Write the key; the configuration that signs with it."""
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return _SIGNED.format(domain=SENDER.partition("@")[2], path=path)
