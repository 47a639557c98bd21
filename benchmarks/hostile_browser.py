"""Pages in a real browser that is watched: what runs, what asks for what, what is out of place."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Route
from playwright.sync_api import Error as BrowserError

from benchmarks.hostile_looks import (
    ACTIVE,
    HOOKS,
    MARK,
    NEIGHBOURS,
    PICTURES,
    PLACES,
    SKELETON,
    TOUCH,
)

WIDTHS = (640, 320)
STRICT = "default-src 'none'; img-src https: http:; style-src 'unsafe-inline'"
"""A policy as a careful webmail has it."""
_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="112" height="84"/>'
_CSP = "content-security-policy"


@dataclass
class Offences:
    """What pages did that they must not, each with its place."""

    opened: int = 0
    pictures: int = 0
    scripts: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    layout: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        """All of them."""
        return [
            f"{kind}: {what}"
            for kind in ("scripts", "requests", "layout")
            for what in getattr(self, kind)
        ]


@dataclass
class Seen:
    """A page that was opened, and what was noticed of it."""

    page: Page
    place: str
    offences: Offences
    asked: list[str] = field(default_factory=list)
    parsed: list[dict[str, Any]] = field(default_factory=list)
    """Scripts that the browser has read, as its debugger tells of them."""

    @property
    def hashes(self) -> frozenset[str]:
        """What its scripts are known by."""
        return frozenset(one["hash"] for one in self.parsed)

    def note_script(self, script: dict[str, Any]) -> None:
        """Remember a script that was read."""
        self.parsed.append(script)

    def examine(self, addresses: set[str], twin: str = "") -> str:
        """Judge what is there, set off whatever can be, and give the text that is to be read.

        `twin` is the same page with harmless words; `addresses` are those of the articles.
        """
        offences, page = self.offences, self.page
        self._note(offences.scripts, page.evaluate(ACTIVE, [sorted(addresses), False]))
        if twin:
            self._note(offences.layout, page.evaluate(SKELETON, twin))
        self._note(offences.layout, page.evaluate(NEIGHBOURS))
        self.measure()
        shown = set(page.evaluate(PICTURES, sorted(addresses)))
        page.evaluate(TOUCH)
        offences.pictures += sum(url in shown for url in self.asked)
        self._note(offences.requests, [url for url in self.asked if url not in shown])
        return str(page.evaluate("document.body.textContent"))

    def examine_own(self, addresses: set[str]) -> list[str]:
        """Judge a page of the program's own, with script and forms; the addresses of its frames."""
        self._note(self.offences.scripts, self.page.evaluate(ACTIVE, [sorted(addresses), True]))
        self._note(self.offences.layout, self.page.evaluate(NEIGHBOURS))
        frames = self.page.evaluate("[...document.querySelectorAll('iframe')].map(one => one.src)")
        return list(dict.fromkeys(frames))

    def measure(self) -> None:
        """Look where everything is, at each width."""
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            self._note(self.offences.layout, self.page.evaluate(PLACES))

    def _note(self, kind: list[str], found: list[str]) -> None:
        kind += [f"{self.place}: {what}" for what in dict.fromkeys(found)]


@contextmanager
def opened(
    browser: Browser,
    url: str,
    place: str,
    offences: Offences,
    *,
    html: str | None = None,
    policy: str | None = "",
    known: Collection[str] = (),
) -> Iterator[Seen]:
    """A page, watched from before its first byte.

    Args:
        browser: a real one.
        url: its address; a page of the program's own site may ask that for more.
        place: how offences are told.
        offences: where they are counted.
        html: the page, if it does not come from its address.
        policy: a content security policy in place of the page's own; "" leaves that, None takes it
            away, and with it every frame's sandbox.
        known: the hashes of scripts that belong to the page.
    """
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": 800})
    page = context.new_page()
    seen = Seen(page, place, offences)
    origin = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/"

    def ours(route: Route) -> None:
        """Answer from the page at hand or the program's site; note what else is asked for."""
        request = route.request
        if html is not None and request.url == url:
            policies = {_CSP: policy} if policy else {}
            route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=policies)
        elif html is None and request.url.startswith(origin):
            _from_site(route, bare=policy is None)
        else:
            seen.asked.append(request.url)
            if request.resource_type == "image":
                route.fulfill(body=_PICTURE, content_type="image/svg+xml")
            else:
                offences.requests.append(f"{place}: {request.resource_type} {request.url[:200]}")
                route.abort()

    def said(message: ConsoleMessage) -> None:
        text = message.text
        if text.startswith(MARK):
            offences.scripts.append(f"{place}: ran {text.removeprefix(MARK)[:200]}")
        elif "Content Security Policy" in text and "the image" not in text:
            offences.scripts.append(f"{place}: was about to run: {text[:300]}")

    page.on("console", said)
    page.on("dialog", lambda dialog: dialog.dismiss())
    context.on("page", lambda other: offences.requests.append(f"{place}: opened {other.url}"))
    context.add_init_script(HOOKS)
    context.route("**/*", ours)
    session = context.new_cdp_session(page)
    session.on("Debugger.scriptParsed", seen.note_script)
    session.send("Debugger.enable")
    try:
        page.goto(url, wait_until="load")
        session.send("Debugger.enable")  # its answer comes after all that was told before
        yield seen
        if page.url != url:
            offences.requests.append(f"{place}: left for {page.url}")
    except BrowserError as error:
        offences.scripts.append(f"{place}: the page could not be examined: {error.message[:300]}")
    finally:
        offences.scripts += [
            f"{place}: a script of {one['length']} letters ran"
            for one in seen.parsed
            if one["url"].startswith(origin) and one["hash"] not in known
        ]
        offences.opened += 1
        # Frames may still be loading, and the preview asks for news all the time.
        context.unroute_all(behavior="ignoreErrors")
        context.close()


def _from_site(route: Route, *, bare: bool) -> None:
    """The answer of the program's site; without what protects its page, if it is to be bare."""
    if not bare or route.request.resource_type != "document":
        route.continue_()
        return
    answer = route.fetch()
    headers = {name: text for name, text in answer.headers.items() if name != _CSP}
    route.fulfill(
        response=answer, headers=headers, body=answer.text().replace(" sandbox=", " data-box=")
    )
