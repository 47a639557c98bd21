"""Pages in a real browser that is watched: what runs, what asks for what, what is out of place."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Route
from playwright.sync_api import Error as BrowserError

WIDTHS = (640, 320)
STRICT = "default-src 'none'; img-src https: http:; style-src 'unsafe-inline'"
"""A policy as a careful webmail has it."""
_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="112" height="84"/>'
_CSP = "content-security-policy"
_MARK = "hostile-string-ran:"

# Whatever a hostile string would call says so, in any frame and however the page then moves on.
_HOOKS = f"""(() => {{
  const log = console.debug.bind(console);
  const tell = (what, given) => {{
    try {{ log({json.dumps(_MARK)} + what + " " + String(given)); }} catch (e) {{}}
  }};
  const wrap = (owner, name, guilty = () => true) => {{
    const original = owner[name];
    owner[name] = function (...given) {{
      if (guilty(...given)) tell(name, given[0]);
      return original.apply(this, given);
    }};
  }};
  for (const name of ["alert", "confirm", "prompt", "print", "open"])
    window[name] = given => tell(name, given);
  const isText = given => typeof given === "string";
  wrap(window, "setTimeout", isText);
  wrap(window, "setInterval", isText);
  wrap(Document.prototype, "write");
  wrap(XMLHttpRequest.prototype, "open");
  const elsewhere = to => new URL(to.url || to, location.href).origin !== location.origin;
  wrap(window, "fetch", elsewhere);
  wrap(navigator, "sendBeacon");
  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  Object.defineProperty(Document.prototype, "cookie",
    {{ get() {{ tell("cookie"); return ""; }}, set(to) {{ tell("cookie", to); }} }});
}})()"""

# Everything that a reader could do with the pointer and keys, to everything on the page. A link to
# the web would lead there, as it should: where it leads is looked at, and nobody follows it.
_TOUCH = """() => {
  const kinds = ["mouseover", "mouseenter", "mousemove", "mousedown", "mouseup", "pointerover",
    "focus", "focusin", "keydown", "touchstart", "dblclick", "contextmenu", "wheel", "scroll",
    "load", "error", "toggle", "animationstart", "transitionend", "beforetoggle"];
  for (const element of document.querySelectorAll("*")) {
    const link = element.closest("a[href]");
    const told = link && /^https?:$/.test(link.protocol) ? kinds : [...kinds, "click"];
    for (const kind of told) element.dispatchEvent(
      new MouseEvent(kind, { bubbles: kind === "click", cancelable: true }));
  }
}"""

# What is in the page that could act or lead somewhere, whether or not it was set off.
_ACTIVE = r"""([addresses, own]) => {
  const found = [];
  const odd = /url\(|expression|@import|-moz-binding|position:\s*(fixed|absolute)/i;
  const known = new Set(addresses);
  const ours = /^(https:\/\/news\.example\.org\/|\/(?!\/)|#)/;
  const holders = ["href", "src", "srcset", "action", "formaction", "xlink:href", "srcdoc", "data",
    "poster", "background", "ping", "cite", "longdesc"];
  const bad = new Set(["script", "iframe", "frame", "object", "embed", "applet", "link",
    "form", "input", "button", "textarea", "select", "svg", "math", "video", "audio", "template",
    "marquee", "portal", "frameset", "details", "dialog", "source"]);
  for (const element of document.querySelectorAll("*")) {
    const here = () => element.outerHTML.slice(0, 200);
    if (!own && bad.has(element.localName)) found.push("element: " + here());
    if (element.localName === "meta" && element.httpEquiv
        || element.localName === "base" && element.hasAttribute("href"))
      found.push("leads away: " + here());
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) found.push("handler: " + here());
      if (name === "style" && odd.test(value))
        found.push("style: " + here());
      if (holders.includes(name)) {
        if (!known.has(value) && !ours.test(value)) found.push("address: " + here());
      }
    }
  }
  for (const style of document.querySelectorAll("style"))
    if (/url\(|@import/i.test(style.textContent))
      found.push("style: " + style.textContent.slice(0, 200));
  return found;
}"""

# What the browser asks for when it shows the articles' pictures.
_PICTURES = """addresses => [...document.images]
  .filter(image => addresses.includes(image.getAttribute("src"))).map(image => image.currentSrc)"""

# The tree with the names of attributes and, where no text or address stands in one, its value.
_SKELETON = r"""twin => {
  const told = new Set(["href", "src", "alt", "title", "content"]);
  const bones = page => {
    const kinds = NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT;
    const walker = document.createTreeWalker(page, kinds);
    const found = [];
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.nodeType === Node.COMMENT_NODE) { found.push([node, "<!--" + node.data]); continue; }
      const attributes = [...node.attributes]
        .map(a => told.has(a.name) ? a.name : a.name + "=" + a.value).sort();
      let depth = 0;
      for (let above = node; above; above = above.parentElement) depth++;
      found.push([node, depth + " " + node.localName + " " + attributes.join(" ")]);
    }
    return found;
  };
  const ours = bones(document), theirs = bones(new DOMParser().parseFromString(twin, "text/html"));
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
    const [a, b] = [ours[i] || [null, "nothing"], theirs[i] || [null, "nothing"]];
    if (a[1] !== b[1])
      return [`element ${i} is ${a[1].slice(0, 160)} and not ${b[1].slice(0, 160)}: ` +
              (a[0] ? (a[0].outerHTML || a[0].data).slice(0, 200) : "")];
  }
  return [];
}"""

_PLACES = r"""() => {
  const found = [], width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width + 1)
    found.push(`it scrolls sideways at ${width}: ${document.documentElement.scrollWidth}`);
  const texts = [...document.querySelectorAll("h1,h2,h3,p,li,img,td.figure")]
    .filter(e => e.checkVisibility()).map(e => [e, e.getBoundingClientRect()])
    .filter(([e, box]) => box.width);
  for (const [i, [a, x]] of texts.entries()) {
    if (x.left < -1 || x.right > width + 1)
      found.push(`sticks out at ${width}: ` + a.outerHTML.slice(0, 200));
    for (const [b, y] of texts.slice(i + 1, i + 8))
      if (!a.contains(b) && x.left < y.right - 1 && y.left < x.right - 1
          && x.top < y.bottom - 1 && y.top < x.bottom - 1)
        found.push(`overlaps at ${width}: ` +
                   a.innerText.slice(0, 80) + " | " + b.innerText.slice(0, 80));
  }
  return found;
}"""

# What a text can do to its neighbours: turn them round, or pile up over them.
_NEIGHBOURS = r"""() => {
  const found = [];
  const text = document.body.textContent;
  const turns = "\\u061c\\u200b\\u202a-\\u202e\\u2060-\\u206f\\ufeff";
  const controls = "\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f";
  for (const [what] of text.matchAll(new RegExp(`.{0,20}[${turns}${controls}].{0,20}`, "gu")))
    found.push("a control character: " + JSON.stringify(what));
  for (const [what] of text.matchAll(/.{0,9}\p{Mn}{6,}/gu)) found.push("marks pile up: " + what);
  for (const line of document.querySelectorAll("p")) {
    if (!line.checkVisibility() || !line.textContent.includes(" · ")) continue;
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    const parts = [[]];
    while (walker.nextNode()) {
      const node = walker.currentNode;
      for (let from = 0; from <= node.length;) {
        const to = node.data.indexOf(" · ", from);
        const range = document.createRange();
        range.setStart(node, from);
        range.setEnd(node, to < 0 ? node.length : to);
        parts.at(-1).push(...range.getClientRects());
        if (to < 0) break;
        parts.push([]);
        from = to + 3;
      }
    }
    const rtl = getComputedStyle(line).direction === "rtl";
    const boxes = parts.map(rects => ({
      left: Math.min(...rects.map(r => r.left)), right: Math.max(...rects.map(r => r.right)),
      top: Math.min(...rects.map(r => r.top)), bottom: Math.max(...rects.map(r => r.bottom)) }));
    for (let i = 1; i < boxes.length; i++) {
      const [a, b] = [boxes[i - 1], boxes[i]];
      if (b.top >= a.bottom - 2 || a.bottom - a.top > 30 || b.bottom - b.top > 30) continue;
      if (rtl ? b.right > a.left + 2 : b.left < a.right - 2)
        found.push("turned round: " + line.textContent.slice(0, 160));
    }
  }
  return found;
}"""


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
        self._note(offences.scripts, page.evaluate(_ACTIVE, [sorted(addresses), False]))
        if twin:
            self._note(offences.layout, page.evaluate(_SKELETON, twin))
        self._note(offences.layout, page.evaluate(_NEIGHBOURS))
        self.measure()
        shown = set(page.evaluate(_PICTURES, sorted(addresses)))
        page.evaluate(_TOUCH)
        offences.pictures += sum(url in shown for url in self.asked)
        self._note(offences.requests, [url for url in self.asked if url not in shown])
        return str(page.evaluate("document.body.textContent"))

    def examine_own(self, addresses: set[str]) -> list[str]:
        """Judge a page of the program's own, with script and forms; the addresses of its frames."""
        self._note(self.offences.scripts, self.page.evaluate(_ACTIVE, [sorted(addresses), True]))
        self._note(self.offences.layout, self.page.evaluate(_NEIGHBOURS))
        frames = self.page.evaluate("[...document.querySelectorAll('iframe')].map(one => one.src)")
        return list(dict.fromkeys(frames))

    def measure(self) -> None:
        """Look where everything is, at each width."""
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            self._note(self.offences.layout, self.page.evaluate(_PLACES))

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
        if text.startswith(_MARK):
            offences.scripts.append(f"{place}: ran {text.removeprefix(_MARK)[:200]}")
        elif "Content Security Policy" in text and "the image" not in text:
            offences.scripts.append(f"{place}: was about to run: {text[:300]}")

    page.on("console", said)
    page.on("dialog", lambda dialog: dialog.dismiss())
    context.on("page", lambda other: offences.requests.append(f"{place}: opened {other.url}"))
    context.add_init_script(_HOOKS)
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
