"""What a page is asked in the browser: scripts of ours that watch, touch and look."""

import json

MARK = "hostile-string-ran:"

# Whatever a hostile string would call says so, in any frame and however the page then moves on.
HOOKS = f"""(() => {{
  const log = console.debug.bind(console);
  const tell = (what, given) => {{
    try {{ log({json.dumps(MARK)} + what + " " + String(given)); }} catch (e) {{}}
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
TOUCH = """() => {
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
ACTIVE = r"""([addresses, own]) => {
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
PICTURES = """addresses => [...document.images]
  .filter(image => addresses.includes(image.getAttribute("src"))).map(image => image.currentSrc)"""

# The tree with the names of attributes and, where no text or address stands in one, its value.
SKELETON = r"""twin => {
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

PLACES = r"""() => {
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
NEIGHBOURS = r"""() => {
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
