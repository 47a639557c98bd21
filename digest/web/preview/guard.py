"""Who may look, and who may send: this machine's user, from the preview's own page.

A browser on the loopback that asks for a loopback name is let in, with nothing between that says it
passed the request on: the name keeps out a site elsewhere that points its own at 127.0.0.1 (DNS
rebinding). What acts wants more: that the form was ours.
"""

import ipaddress
import secrets
from urllib.parse import urlsplit

from fastapi import Request

from digest.errors import ForeignFormError, PreviewForbiddenError

# What proxies add: all of `x-forwarded-…`, and these.
_PASSED_ON = {
    "cf-connecting-ip",
    "forwarded",
    "true-client-ip",
    "via",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "x-real-ip",
}


def local_only(request: Request) -> None:
    """Refuse whoever is not on this machine.

    Raises:
        PreviewForbiddenError: the request came from elsewhere, or through a proxy.
    """
    client = request.client.host if request.client else ""
    named = (request.url.hostname or "").strip("[]")
    # A proxy that says nothing of itself speaks HTTP/1.0, as nginx does; no browser does.
    silent_proxy = request.scope["http_version"] == "1.0"
    passed_on = silent_proxy or any(
        name.startswith("x-forwarded") or name in _PASSED_ON for name in request.headers
    )
    if passed_on or not (_is_loopback(client) and (named == "localhost" or _is_loopback(named))):
        raise PreviewForbiddenError


def own_form(request: Request, token: str, expected: str) -> None:
    """Refuse a form that another site's page sent, or a page of an earlier run of the program.

    Browsers say where a form comes from, in `Sec-Fetch-Site` or `Origin`; whoever says neither is
    none.

    Raises:
        ForeignFormError: it was not the preview's own page.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    elsewhere = origin is not None and urlsplit(origin).netloc != request.url.netloc
    known = secrets.compare_digest(token.encode(), expected.encode())
    silent = origin is None and "sec-fetch-site" not in request.headers
    if silent or site != "same-origin" or elsewhere or not known:
        raise ForeignFormError


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
