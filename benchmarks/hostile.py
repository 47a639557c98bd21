"""Hostile strings in every field, through feeds into mails and pages, in a real Chromium.

    python -m benchmarks.hostile FOLDER [--every N]

FOLDER holds the corpora `injection-strings`, `naughty-strings` and `html-sanitise`. Each of their
strings (every N-th, if given) is a title, a teaser, an author, a category, a section, a caption and
an address in feeds of five kinds and in a file of articles; the title of a declared section; and in
what ends up in a mail's head. Feeds of the corpora go in as they are, too. All takes the program's
own way: fetched, parsed in the bounded child, stored, composed, rendered, mailed.

Each mail, the archive's pages, a reader's own page and the preview are opened without a content
security policy, and with one; everything is touched and clicked. The exit status is 1 if a script
ran, anything was asked for but the articles' pictures, the tree or the layout is another than that
of the same edition with harmless words, a header came in, or a string got lost.
"""

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.hostile_browser import STRICT, Offences, opened
from benchmarks.hostile_edition import (
    NEWSLETTER,
    NOW,
    Fates,
    HostileEdition,
    hostile_edition,
)
from benchmarks.hostile_feeds import FORMS
from benchmarks.hostile_strings import Hostile, read_strings
from benchmarks.hostile_twin import squashed
from digest.delivery.message import compose_message, letterhead
from digest.delivery.proof import Proof
from tests.browsers import launch
from tests.serving import served

A_FORM = 80
"""Strings of each form in one edition."""
# Line breaks, other control characters, and what turns the words beside it round.
_ACTS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_MAIL = "http://mail.test/"


@dataclass
class Account:
    """All that was done and found. `bare` is without a content security policy."""

    bare: Offences = field(default_factory=Offences)
    strict: Offences = field(default_factory=Offences)
    fates: Fates = field(default_factory=Fates)
    mails: int = 0
    shortened: int = 0
    heads: int = 0
    read: int = 0
    led: set[str] = field(default_factory=set)
    headers: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def offences(self) -> list[str]:
        """Everything that must not be."""
        return [
            *(f"without CSP, {what}" for what in self.bare.all),
            *(f"with CSP, {what}" for what in self.strict.all),
            *(f"header: {what}" for what in self.headers),
            *(f"not to be read: {what}" for what in self.unread),
            *(f"lost: {what}" for what in self.fates.lost),
        ]


def examine_mails(made: HostileEdition, browser: Browser, account: Account) -> None:
    """Open every reader's mail of an edition, and look for each string in them."""
    account.fates.add(made.fates)
    account.led |= {sent.string.text for sent in made.leading}
    texts = [_examine_mail(made, browser, account, *mail) for mail in made.mails()]
    parts = [squashed("".join(part)) for part in zip(*texts, strict=True)]
    for sent, visible in made.expected():
        account.read += 1
        if any(visible not in part for part in parts):
            account.unread.append(f"{sent.form} {sent.string.place} {sent.string.text[:80]!r}")


def _examine_mail(
    made: HostileEdition, browser: Browser, account: Account, proof: Proof, twin: str
) -> tuple[str, str]:
    """Open a mail as it was sent; what its two parts show."""
    message = message_from_bytes(proof.message, policy=policy.default)
    place = f"mail to {proof.recipient.email} of {made.app.settings.site.name[:40]!r}"
    harmless = replace(proof, spliced=proof.spliced._replace(subject="x")).message
    _compare_heads(place, proof.message, harmless, account)
    text, html = (part.get_content() for part in message.iter_parts())
    account.mails += 1
    account.shortened += bool(proof.shed)
    shown = ""
    for mode, csp in ((account.bare, None), (account.strict, STRICT)):
        with opened(browser, _MAIL, place, mode, html=html, policy=csp) as seen:
            shown = seen.examine(made.addresses, "" if proof.shed else twin)
    return shown, text


def examine_pages(
    made: HostileEdition, browser: Browser, account: Account, frames: int | None = None
) -> None:
    """Open the pages of an edition: the archive's, a reader's, and the preview with its frames.

    `frames` is how many of those are opened by themselves; None for all.
    """
    with served(made.app) as address:
        _examine_pages(made, browser, account, address, frames)


def _examine_pages(
    made: HostileEdition, browser: Browser, account: Account, address: str, most: int | None
) -> None:
    query = f"newsletter={NEWSLETTER}&date={NOW.date()}"
    reader, choice = made.readers[0]
    token = made.app.tokens.reader(reader, made.edition.id or 0)
    pages = {
        f"/archive/{NEWSLETTER}/{NOW.date()}": made.twin(personal=False),
        f"/view/{token}": made.twin(choice),
        f"/n/{NEWSLETTER}": "",
        f"/preview/mail.txt?{query}": "",
    }
    with opened(browser, f"{address}/preview?date=2026-03-01", "harmless", Offences()) as seen:
        known = seen.hashes
    for mode, csp in ((account.bare, None), (account.strict, "")):
        path, frames = f"/preview?{query}", list[str]()
        with opened(browser, address + path, path, mode, policy=csp, known=known) as seen:
            frames = seen.examine_own(made.addresses)
        if not frames:
            account.unread.append(f"{path} frames no mail")
        views = {frame.removeprefix(address): "" for frame in frames[:most]}
        for path, twin in (pages | views).items():
            with opened(browser, address + path, path, mode, policy=csp) as seen:
                seen.examine(made.addresses, twin)


def examine_heads(made: HostileEdition, strings: Sequence[Hostile], account: Account) -> None:
    """Each string as a subject, a sender's, a list's and a reader's name: the same fields stay."""
    app, newsletter = made.app, made.app.settings.newsletter(NEWSLETTER)
    head = letterhead(app.settings, newsletter, made.document, 1, app.tokens)
    proof = next(made.mails())[0]
    small = proof.spliced._replace(html=("x",), text=("x",), subject="x")
    harmless = compose_message(head, small, proof.recipient, NOW)
    for string in strings:
        named = replace(head, from_name=string.text, title=string.text)
        written = compose_message(
            named,
            small._replace(subject=string.text),
            proof.recipient._replace(name=string.text),
            NOW,
        )
        account.heads += 1
        _compare_heads(f"{string.corpus} {string.place}", written, harmless, account)


def _compare_heads(place: str, written: bytes, harmless: bytes, account: Account) -> None:
    ours, theirs = (message_from_bytes(one, policy=policy.default) for one in (written, harmless))
    if ours.keys() != theirs.keys():
        account.headers.append(f"{place}: {ours.keys()}")
    for name in ("From", "To"):
        addresses = [[who.addr_spec for who in one[name].addresses] for one in (ours, theirs)]
        if addresses[0] != addresses[1]:
            account.headers.append(f"{place}: {name} has {addresses[0]}")
    for name, value in ours.items():
        if _ACTS.search(str(value)):
            account.headers.append(f"{place}: {name} has {str(value)!r}")


def run(
    strings: Sequence[Hostile],
    browser: Browser,
    *,
    files: Sequence[Path] = (),
    templates: Path | None = None,
    a_form: int = A_FORM,
) -> Account:
    """Make editions until each string has been through each form of feed, and examine them."""
    account = Account()
    chunks = [strings[start : start + a_form] for start in range(0, len(strings), a_form)]
    forms, told = list(FORMS), set[str]()
    for turn, titles in enumerate(chunks):
        began = time.perf_counter()
        # One string never stands in one edition twice as a title: it would be one story.
        own = {
            form: chunks[(turn + shift * max(len(chunks) // len(forms), 1)) % len(chunks)]
            for shift, form in enumerate(forms)
        }
        with (
            tempfile.TemporaryDirectory(prefix="hostile-") as folder,
            hostile_edition(
                Path(folder), own, titles, files[turn :: len(chunks)], templates
            ) as made,
        ):
            examine_mails(made, browser, account)
            examine_heads(made, titles, account)
            examine_pages(made, browser, account)
        fresh = dict.fromkeys(what for what in account.offences if what not in told)
        for offence in fresh:
            print(offence.encode("unicode_escape").decode()[:600], flush=True)
        told |= fresh.keys()
        took = time.perf_counter() - began
        number = f"edition {turn + 1} of {len(chunks)}"
        print(f"{number}: {len(fresh)} offences, {took:.0f} s", file=sys.stderr, flush=True)
    return account


def main() -> int:
    """Print every offence with its place as it is found, then what was done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args()
    strings = read_strings(asked.folder)[:: asked.every]
    files = sorted((asked.folder / "html-sanitise").rglob("*.xml"))[:: asked.every]
    with sync_playwright() as playwright, launch(playwright) as browser:
        account = run(strings, browser, files=files)
    for corpus, count in sorted(Counter(string.corpus for string in strings).items()):
        print(f"{corpus:20} {count:6,} strings")
    fates = account.fates
    print(f"feeds as they are    {len(files):6,}")
    print(
        f"articles: {fates.shown:,} lead a story, {fates.related:,} stand beside one,"
        f" {fates.folded:,} are folded as versions, {fates.rejected:,} were rejected with a reason,"
        f" {len(fates.lost):,} lost"
    )
    print(
        f"titles given as text and read in a mail: {account.read - len(account.unread):,} of "
        f"{account.read:,}; strings that lead a story in some form: {len(account.led):,} of "
        f"{len(strings):,}; titles that the settings refuse: {fates.unsettable:,}"
    )
    print(
        f"mails {account.mails:,} ({account.shortened:,} shortened), heads {account.heads:,}, "
        f"headers that came in {len(account.headers):,}"
    )
    for name, mode in (("without CSP", account.bare), ("with CSP", account.strict)):
        print(
            f"{name:12} {mode.opened:,} pages opened, {mode.pictures:,} pictures of articles: "
            f"scripts run {len(mode.scripts):,}, requests to elsewhere {len(mode.requests):,}, "
            f"layout broken {len(mode.layout):,}"
        )
    return bool(account.offences)


if __name__ == "__main__":
    sys.exit(main())
