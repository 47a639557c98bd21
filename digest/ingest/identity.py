"""The names an article goes by: its canonical address, an id from outside, or title and time."""

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit, urlunsplit

URL_LIMIT = 2_000
_KEY_LIMIT = 500  # PostgreSQL indexes no more than about 2,700 bytes of a key
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_CREDENTIALS = re.compile(r"(?<=://)[^/?#]*@")
_TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "matomo_", "hsa_", "at_custom", "at_medium")
_TRACKING = {
    *("fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid"),
    *("igshid", "igsh", "ttclid", "li_fat_id", "epik", "mc_cid", "mc_eid", "mkt_tok", "vero_id"),
    *("_hsenc", "_hsmi", "_openstat", "oly_anon_id", "oly_enc_id", "s_cid", "ncid"),
    *("cmpid", "ga_source", "ga_medium", "ga_campaign", "_ga", "_gl", "srsltid"),
}


def canonical_url(url: str, base: str = "") -> str:
    """An article's address as everybody would write it, or "" where it is no web address.

    Scheme and host are put in small letters (RFC 3986, section 6.2.2.1), the host as IDNA; the
    default port, the fragment, user and password, and parameters that only track whoever follows
    the link are dropped. The other parameters keep their order, for which some sites care.
    """
    url = "".join(url.split()) if url.isascii() else url.strip()
    if not url or len(url) > URL_LIMIT:
        return ""
    try:
        parts = urlsplit(urljoin(base, url) if base else url)
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
        if scheme not in _DEFAULT_PORTS:
            return ""
        host = _host(host)
    except ValueError:  # UnicodeError, too: it is one
        return ""
    if not host:
        return ""
    netloc = host if port in {None, _DEFAULT_PORTS[scheme]} else f"{host}:{port}"
    query = "&".join(pair for pair in parts.query.split("&") if not _tracks(pair))
    canonical = urlunsplit((scheme, netloc, _quoted(parts.path) or "/", _quoted(query), ""))
    return canonical if len(canonical) <= URL_LIMIT else ""


def _host(host: str) -> str:
    if ":" in host:
        return f"[{ipaddress.IPv6Address(host).compressed}]"
    name = host.rstrip(".")
    if not name.isascii():
        name = name.encode("idna").decode()
    fine = all(character.isalnum() or character in "-._" for character in name)
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        # Browsers take it for an address of four numbers, or for no address at all:
        # https://url.spec.whatwg.org/#ends-in-a-number-checker
        ipaddress.IPv4Address(name)
    return name.lower() if fine else ""


def _tracks(pair: str) -> bool:
    name = pair.partition("=")[0].lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def _quoted(text: str) -> str:
    """Percent-encode what may not stand in an address; what is encoded already stays so."""
    if text.isascii() and text.isprintable() and not set(text) & set(' "<>\\^`{|}'):
        return text
    return "".join(
        character
        if "!" <= character <= "~" and character not in '"<>\\^`{|}'
        else "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
        for character in text
    )


def without_credentials(url: str) -> str:
    """An address without the name and password it may hold, fit to be shown and handed on."""
    return _CREDENTIALS.sub("", url)


def url_key(url: str) -> str:
    """The key of a canonical address."""
    return _bounded("url", url)


def id_key(scope: str, external_id: str) -> str:
    """The key of an id that is unique within `scope`: a feed, or nothing for article files."""
    return _bounded("id", f"{scope}:{external_id}")


def text_key(title: str, published: datetime | None) -> str:
    """The key of an article that has neither address nor id."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    instant = published.astimezone(UTC).isoformat() if published else ""
    told = f"{' '.join(folded.split())}\n{instant}".encode("utf-8", "replace")
    return f"text:{hashlib.sha256(told).hexdigest()[:40]}"


def keys(
    url: str, external_id: str, scope: str, title: str, published: datetime | None
) -> tuple[str, ...]:
    """All keys of one article, the strongest first; title and time count only without another."""
    found = [url_key(url)] if url else []
    if external_id:
        found.append(id_key(scope, external_id))
    return tuple(found) or (text_key(title, published),)


def shared(pairs: Sequence[tuple[str, str]]) -> set[str]:
    """The first values that occur with different second values, and so identify nothing."""
    partner: dict[str, str] = {}
    found = set()
    for value, other in pairs:
        if value and partner.setdefault(value, other) != other:
            found.add(value)
    return found


def _bounded(kind: str, value: str) -> str:
    key = f"{kind}:{value}"
    if len(key.encode("utf-8", "replace")) <= _KEY_LIMIT:
        return key
    return f"{kind}-sha256:{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()}"
