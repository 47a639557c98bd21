"""Who a message is from and for, as SMTP is told."""

from collections.abc import Mapping
from typing import NamedTuple

from digest.delivery.addresses import Mailbox


class Envelope(NamedTuple):
    """Sender and recipient, checked addresses both, and the octets of the message."""

    sender: str
    recipient: Mailbox
    size: int

    def commands(self, extensions: Mapping[str, str]) -> tuple[bytes, bytes, bytes]:
        """MAIL, RCPT and DATA for a server that can do so much, without line ends.

        With SIZE (RFC 1870), and SMTPUTF8 where the recipient's address needs it (RFC 6531).
        """
        options = f" SIZE={self.size}" if "size" in extensions else ""
        if self.recipient.utf8:
            options += " SMTPUTF8 BODY=8BITMIME"
        return (
            f"MAIL FROM:<{self.sender}>{options}".encode("ascii"),
            f"RCPT TO:<{self.recipient.address}>".encode(),
            b"DATA",
        )


def most_bytes(extensions: Mapping[str, str]) -> int | None:
    """The largest message that the server says it takes (RFC 1870 section 4); None for any."""
    limit = extensions.get("size", "").strip()
    return int(limit) or None if limit.isdecimal() and limit.isascii() else None
