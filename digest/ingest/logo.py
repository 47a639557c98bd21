"""A publisher's logo, looked at where readers' mail programs will: on the web."""

from datetime import datetime
from typing import NamedTuple

from digest.config import Ingest, Logo
from digest.errors import LogoUnusableError
from digest.ingest.fetch import fetch
from digest.ingest.identity import without_credentials

MAX_BYTES = 200_000
"""More makes whoever reads on a phone wait for the title of the paper."""

_KINDS = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
}


class Picture(NamedTuple):
    """What was found at a logo's address: "PNG", "JPEG" or "GIF", and how many bytes."""

    kind: str
    size: int


def look_at_logo(logo: Logo, settings: Ingest, now: datetime) -> Picture:
    """The logo as mail programs will get it.

    Raises:
        FetchError: it cannot be had, or takes longer or is larger than any document may.
        LogoUnusableError: it is larger than a logo should be, or no picture that all of them show.
    """
    data = fetch(logo.url, settings, now=now).data or b""
    url = without_credentials(logo.url)
    if len(data) > MAX_BYTES:
        why = f"it has {len(data):,} bytes, and more than {MAX_BYTES:,} keep readers waiting"
        raise LogoUnusableError(url=url, why=why)
    kind = next((kind for start, kind in _KINDS.items() if data.startswith(start)), "")
    if not kind:
        # Outlook for Windows shows no WebP, and Gmail no SVG.
        raise LogoUnusableError(url=url, why="it is neither PNG nor JPEG nor GIF")
    return Picture(kind, len(data))
