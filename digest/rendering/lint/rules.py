"""The rules of the lint: what each wants, why, and what to do about a finding."""

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How bad a finding is: an error costs some readers something, a warning might."""

    ERROR = "error"
    WARNING = "warning"


class Rule(NamedTuple):
    """A rule: `wants` is what a good mail has, `remedy` what to do where one has not."""

    name: str
    severity: Severity
    wants: str
    remedy: str


class Finding(NamedTuple):
    """A breach of a rule: what, and where first; `times` counts the places with the same."""

    rule: Rule
    what: str
    place: str
    times: int = 1


class Findings:
    """Collects findings; the same of several places is one."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Finding] = {}

    def add(self, rule: str, what: str, place: str = "") -> None:
        """Note a breach of the rule of that name."""
        key = (rule, what)
        first = self._found.get(key)
        times = first.times + 1 if first else 1
        self._found[key] = Finding(RULES[rule], what, first.place if first else place, times)

    def all(self) -> tuple[Finding, ...]:
        """Everything found, errors first."""
        found = self._found.values()
        return tuple(sorted(found, key=lambda finding: finding.rule.severity is Severity.WARNING))


def _errors(*rules: tuple[str, str, str]) -> list[Rule]:
    return [Rule(name, Severity.ERROR, wants, remedy) for name, wants, remedy in rules]


def _warnings(*rules: tuple[str, str, str]) -> list[Rule]:
    return [Rule(name, Severity.WARNING, wants, remedy) for name, wants, remedy in rules]


_CLIENTS = [
    *_errors(
        (
            "unsupported",
            "every feature of HTML and CSS works in every client, or has a tested fallback",
            "use another feature, or add what the fallback needs",
        ),
        (
            "untested",
            "nothing is used of which nobody knows what mail clients make of it",
            "leave it out, or use a feature that caniemail.com has tests of",
        ),
        (
            "css-broken",
            "style sheets and style attributes can be read",
            "correct the syntax: clients drop a rule, or a whole style element",
        ),
        (
            "script",
            "there are no scripts, no event handlers, no frames, no refresh, no ping",
            "remove it: every client does, and filters take it for an attack",
        ),
    ),
    *_warnings(
        (
            "partly-supported",
            "features that some clients support in part are used within that part",
            "keep to what works there, or add what the fallback needs",
        ),
    ),
]
_STRUCTURE = _errors(
    ("html-lang", "the html element says its language", 'write <html lang="…">'),
    ("html-dir", "the html element says its direction", 'write <html dir="ltr"> or "rtl"'),
    ("html-title", "the page has a title", "fill the block `title`"),
    ("heading-one", "there is one h1", "make the name of the mail the only h1"),
    (
        "heading-order",
        "headings go down by one level at a time, and none is empty",
        "use the next level: readers by ear find their way by them",
    ),
    (
        "table-role",
        "tables that lay out are marked as presentation",
        'write <table role="presentation">, or give a table of data its th, with words',
    ),
    (
        "link-target",
        "links are whole addresses: http, https or mailto",
        "write the address with its scheme and host: a mail has no base",
    ),
    (
        "host-public",
        "the hosts of links and images are on the open Internet",
        "write a name that readers can reach; base_url in [site] is where our own links lead",
    ),
    (
        "link-text",
        "every link says where it goes",
        "write what is there, as the headline does; a picture's alt counts",
    ),
    ("image-alt", "every image has an alt, empty where it tells nothing", "write alt, or alt=''"),
    (
        "image-size",
        "every image has a width attribute, and a height: as attribute or as height:auto",
        "write the width for Outlook, and height:auto where the picture's shape is not known",
    ),
    (
        "image-source",
        "images lie on the web, at https addresses, and none in the mail",
        "put it on a web server with TLS: many clients show neither http: nor data:",
    ),
    (
        "image-seen",
        "images are there to be seen: none is hidden, or a pixel wide or high",
        "remove it: filters take it for a tracker; for space write padding",
    ),
)
_COLOURS = _errors(
    (
        "contrast",
        "text has a contrast of 4.5 to its ground (WCAG 2.2, 1.4.3)",
        "make the text darker or its ground lighter",
    ),
    (
        "text-size",
        "text in view is at least 10 pixels high",
        "make it larger, or remove it: filters take words too small to read for a trick",
    ),
    (
        "text-dressed",
        "all text has its colour, ground and size from style attributes around it",
        "set them around the text: some clients drop style elements, and some turn colours over",
    ),
)
_TEXT = _errors(
    ("text-missing", "there is a text part", "write a body.txt"),
    (
        "text-width",
        "lines of the text part take 72 columns at most, but for one long word",
        "use the filter `wrap`",
    ),
    ("text-images", "no address of a picture stands in the text part", "leave it out"),
    ("text-brackets", "there are no empty brackets", "write brackets only around something"),
)
_LETTER = [
    *_errors(
        ("message-size", "a mail is at most 100 kB", "shorten templates: Gmail clips at 102 kB"),
        ("alternative", "the parts are text, then HTML", "send multipart/alternative"),
        ("subject-empty", "the subject says something", "fill subject.txt"),
        ("from-one", "there is one From, with one address", "name one sender"),
        ("message-id", "there is one Message-ID", "let the program that sends write it"),
        ("date", "there is one Date that can be read", "let the program that sends write it"),
        (
            "header-ascii",
            "headers are ASCII",
            "encode other letters (RFC 2047); for addresses the server must take UTF-8",
        ),
        ("line-length", "no line is longer than 998 bytes (RFC 5322, 2.1.1)", "encode the part"),
        (
            "list-unsubscribe",
            "List-Unsubscribe has an https address (Gmail and Yahoo on bulk senders)",
            "add one that takes a POST",
        ),
        (
            "one-click",
            "List-Unsubscribe-Post says List-Unsubscribe=One-Click (RFC 8058)",
            "add the header",
        ),
        (
            "dkim-aligned",
            "where a mail is signed, one signature is of the domain that it is from",
            "sign with a key of the domain in From: DMARC asks for it",
        ),
        (
            "dkim-covers",
            "that signature covers From and both unsubscribe headers (RFC 8058, 3.1)",
            "name the headers in h=",
        ),
    ),
]
_TEMPLATES = [
    *_errors(
        (
            "template-broken",
            "templates can be parsed, and make a mail of whatever comes",
            "correct the line that is named, or remove your copy to use the one that ships",
        ),
        (
            "logo-unusable",
            "the theme's logo is on the web: PNG, JPEG or GIF, of 200 kB at most",
            "put such a picture at its address, or correct [theme.logo] url",
        ),
    ),
    *_warnings(
        (
            "mail-unknown",
            "every folder with a subject.txt makes a mail that the program sends",
            "remove the folder, or give it the name of one of ours",
        ),
        (
            "template-stray",
            "every file in your folder replaces one of ours, or is named by another of yours",
            "give it the path of one of ours, or remove it",
        ),
    ),
]
RULES = {
    rule.name: rule for rule in [*_CLIENTS, *_STRUCTURE, *_COLOURS, *_TEXT, *_LETTER, *_TEMPLATES]
}
