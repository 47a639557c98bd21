"""Addresses in a mail: whether they are whole, and whether readers can reach their hosts.

By what is written alone: nothing is looked up.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

_INNER = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
"""Ends of names that the Internet has no hosts under (RFC 6761, 6762, 8375)."""


def is_whole(address: str) -> bool:
    """Whether a link can be followed from a mail, which has no base."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return "@" in parts.path
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def inner_host(address: str) -> str:
    """The host of an address where only a machine or a network of its own has it, or nothing."""
    try:
        host = (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""
    number = _number(host)
    if number is not None:
        return "" if number.is_global and not number.is_multicast else host
    return host if "." not in host or host.endswith(_INNER) else ""


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The number that a host is written as; browsers take 127.1 and 0x7f000001 as well."""
    if ":" in host:
        try:
            number = ipaddress.IPv6Address(host)
        except ValueError:
            return None
        return number.ipv4_mapped or number
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None
