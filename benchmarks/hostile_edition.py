"""An edition made of hostile strings by the program's own parts: polled, stored, composed, mailed.

What became of each string is told: where it is shown, or why it is not.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from sqlmodel import col, select

from benchmarks.hostile_feeds import FEEDS, Sent, write
from benchmarks.hostile_strings import Hostile
from benchmarks.hostile_twin import HARMLESS, harmless, squashed
from digest.bootstrap import App
from digest.config import load_settings
from digest.config_types import OneLine
from digest.delivery import begin
from digest.delivery.proof import Proof, proof_for_subscriber
from digest.editions.life import build, load_document
from digest.editions.selection import LOOK_BACK
from digest.ingest.files import Format
from digest.ingest.importing import import_files
from digest.ingest.polling import poll_named
from digest.rendering import BUDGET, RenderedEdition, SiteFacts, Slot, fill, render_edition, splice
from digest.sections import section_key
from digest.store import Store
from digest.store.document import EditionDocument
from digest.store.models import Article, Edition, Exclusion, Subscription
from digest.store.rows import row_id
from digest.subscribers.addresses import read_address
from digest.subscribers.choices import read_profile
from digest.subscribers.subscribing import subscribe
from tests.webserver import answer, serving

NOW = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
NEWSLETTER = "morning"
SECTIONS_A_READER = 4
_HOLES = dict.fromkeys(Slot, "x")
_CONFIG = """
[site]
name = {0}
base_url = "https://news.example.org"
postal_address = {1}
{templates}
[database]
url = "sqlite:///digest.db"
[ingest]
host_pause = "0s"
allow_private_addresses = true
{feeds}
{sections}
[[panels]]
name = "figures"
source = "panel.json"
title = {2}
[[newsletters]]
slug = "morning"
title = {3}
strapline = {4}
from = "The Morning Courier <morning@news.example.org>"
sections = {paths}
send_at = "05:00"
max_age = "10d"
stories_per_section = 4
"""
_one_line = TypeAdapter[str](OneLine)


@dataclass
class Fates:
    """What became of the entries of feeds, and of what the settings should have held."""

    shown: int = 0
    related: int = 0
    folded: int = 0
    rejected: int = 0
    unsettable: int = 0
    lost: list[str] = field(default_factory=list)

    def add(self, other: "Fates") -> None:
        """Count those of another edition, too."""
        self.shown += other.shown
        self.related += other.related
        self.folded += other.folded
        self.rejected += other.rejected
        self.unsettable += other.unsettable
        self.lost += other.lost


@dataclass
class HostileEdition:
    """An edition whose articles, sections, masthead and panel hold hostile strings."""

    app: App
    edition: Edition
    sent: list[Sent]
    fates: Fates

    @cached_property
    def document(self) -> EditionDocument:
        """What it holds."""
        return load_document(self.edition)

    @cached_property
    def articles(self) -> dict[str, Article]:
        """The articles by that by which an entry knows its own: their address or their title."""
        with self.app.store.read() as session:
            articles = session.exec(select(Article)).all()
        by_title = {article.title: article for article in articles}
        return by_title | {article.url: article for article in articles if article.url}

    @cached_property
    def addresses(self) -> set[str]:
        """The addresses that the articles have, and their pictures."""
        pictures = {article.image_url for article in self.articles.values()}
        return {article.url for article in self.articles.values()} | pictures

    @cached_property
    def readers(self) -> list[tuple[int, tuple[str, ...]]]:
        """The numbers of the subscriptions, each with the keys of the sections that were chosen."""
        with self.app.store.read() as session:
            ties = session.exec(select(Subscription).order_by(col(Subscription.id))).all()
        return [(row_id(tie), tuple(map(section_key, tie.sections or ()))) for tie in ties]

    def mails(self) -> Iterator[tuple[Proof, str]]:
        """Each reader's mail, and the HTML of the same mail with harmless words in all places."""
        with self.app.store.read() as session:
            for number, choice in self.readers:
                tie = session.get_one(Subscription, number)
                proof = proof_for_subscriber(session, self.app.press, self.edition, tie)
                if proof.stories:
                    yield proof, self.twin(choice, BUDGET)

    def twin(
        self,
        choice: tuple[str, ...] | None = None,
        budget: int | None = None,
        *,
        personal: bool = True,
    ) -> str:
        """The edition's HTML with harmless words in all places."""
        spliced = splice(self._harmless, choice, budget, personal=personal)
        return fill(spliced.html, _HOLES)

    @cached_property
    def _harmless(self) -> RenderedEdition:
        site = SiteFacts(HARMLESS, self.app.settings.site.base_url, HARMLESS)
        return render_edition(harmless(self.document), site, self.app.templates)

    @cached_property
    def leading(self) -> list[Sent]:
        """The entries that lead a story, with a teaser and a caption where they have any."""
        leads = {story.lead for story in self.document.stories}
        found = ((sent, self.articles.get(sent.key)) for sent in self.sent)
        return [sent for sent, article in found if article and article.id in leads]

    def expected(self) -> Iterator[tuple[Sent, str]]:
        """The entries whose titles were text, each with what must be read of it in its mail."""
        for sent in self.leading:
            # What looks like an encoded word is decoded, or broken up.
            if sent.title and "=?" not in sent.title:
                yield sent, squashed(sent.title)[:100]


@contextmanager
def hostile_edition(
    folder: Path,
    chunks: Mapping[str, Sequence[Hostile]],
    titles: Sequence[Hostile],
    files: Sequence[Path] = (),
    templates: Path | None = None,
) -> Iterator[HostileEdition]:
    """An edition on a database in the empty `folder`, its sending begun.

    Args:
        folder: where the settings and the database go.
        chunks: the strings that each form of feed holds, by the form's name.
        titles: the strings that sections, masthead and panel have.
        files: feeds that others wrote, to go in as they are.
        templates: a publisher's own.
    """
    fates = Fates()
    sections = [f"S{number}" for number in range(len(titles))]
    written = {
        form: write(form, strings, sections, NOW - timedelta(minutes=number + 1))
        for number, (form, strings) in enumerate(chunks.items())
    }
    with serving() as server:
        feeds = {form: f"{server.url}/{form}" for form in FEEDS if form in chunks}
        _write_settings(folder, feeds, sections, titles, templates, fates)
        settings = load_settings(folder / "digest.toml")
        store = Store(settings.database_url)
        store.upgrade()
        store.close()
        app = App(settings, lambda: NOW)
        try:
            server.pages |= {f"/{form}": answer(written[form].data) for form in feeds}
            polled = poll_named(app.store, settings, list(feeds), NOW)
            fates.rejected += sum(outcome.rejected for outcome in polled)
            failed = [f"the feed {one.slug}: {one.error}" for one in polled if one.error]
            if "lines" in chunks:
                lines = folder / "articles.jsonl"
                lines.write_bytes(written["lines"].data)
                report = import_files(app.store, settings, [str(lines)], NOW)
                fates.rejected += len(report.rejected)
            for number, path in enumerate(files):
                section = sections[number % len(sections)]
                import_files(
                    app.store, settings, [str(path)], NOW, form=Format.FEED, section=section
                )
            _let_subscribe(app, sections, titles)
            newsletter = settings.newsletter(NEWSLETTER)
            drafted = build(app.store, settings, newsletter, NOW.date(), NOW)
            edition = begin(app.store, settings, app.press.render, row_id(drafted), NOW)
            sent = [entry for one in written.values() for entry in one.entries]
            made = HostileEdition(app, edition, sent, fates)
            _settle(made)
            fates.lost += failed
            yield made
        finally:
            app.close()


def _write_settings(
    folder: Path,
    feeds: dict[str, str],
    sections: Sequence[str],
    titles: Sequence[Hostile],
    templates: Path | None,
    fates: Fates,
) -> None:
    lines = [_line(title.text) for title in titles]
    fates.unsettable += lines.count("")
    usable = [line for line in lines if line] or [HARMLESS]
    own = [_toml(usable[number % len(usable)]) for number in range(5)]
    headings = [
        f'[[sections]]\npath = "{section}"\ntitle = {_toml(title or section)}'
        for section, title in zip(sections, lines, strict=True)
    ]
    declared = [f'[[feeds]]\nslug = "{slug}"\nurl = "{url}"' for slug, url in feeds.items()]
    text = _CONFIG.format(
        *own,
        templates=f"templates = {_toml(str(templates))}" if templates else "",
        feeds="\n".join(declared),
        sections="\n".join(headings),
        paths=json.dumps(list(sections)),
    )
    figures = [{"label": line[:40], "value": line[:60]} for line in usable if line[:40].strip()]
    panel = {"expires": (NOW + timedelta(days=1)).isoformat(), "figures": figures[:12]}
    (folder / "panel.json").write_text(json.dumps(panel), encoding="utf-8")
    (folder / "digest.toml").write_text(text, encoding="utf-8")
    key = folder / "secret.key"
    key.write_text("a key for hostile strings, 40 letters..", encoding="utf-8")
    key.chmod(0o600)


def _line(text: str) -> str:
    """The text if the settings take it as a title, else nothing."""
    try:
        return _one_line.validate_python(text.encode("utf-8", "replace").decode())
    except ValidationError:
        return ""


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _let_subscribe(app: App, sections: Sequence[str], titles: Sequence[Hostile]) -> None:
    """Readers who have chosen a few sections each, and hostile names."""
    with app.store.write() as session:
        for start in range(0, len(sections), SECTIONS_A_READER):
            subscribe(
                session,
                read_address(f"reader{start}@readers.example.org"),
                {NEWSLETTER: list(sections[start : start + SECTIONS_A_READER])},
                NOW,
                profile=read_profile(name=titles[start].text),
                consent="made up",
            )


def _settle(made: HostileEdition) -> None:
    """Account for every entry."""
    fates = made.fates
    places: dict[int, str] = {}
    for story in made.document.stories:
        places |= dict.fromkeys(story.members, "folded") | dict.fromkeys(story.accounts, "related")
        places[story.lead] = "shown"
    absent = []
    for sent in made.sent:
        article = made.articles.get(sent.key)
        place = places.get(row_id(article), "") if article else ""
        if place:
            setattr(fates, place, getattr(fates, place) + 1)
        else:
            absent.append(f"{sent.form}: {sent.string.place} {sent.string.text[:80]!r}")
    # What is in no story of the edition was told as rejected when it was read, or as left out.
    if len(absent) != fates.rejected:
        fates.lost += absent
    with made.app.store.read() as session:
        told = set(session.exec(select(Exclusion.article_id)))
    settled = told | places.keys()
    # What is older has one reason for all of it, too old, and is not listed one by one.
    listed = NOW - LOOK_BACK
    fates.lost += [
        f"article {article.id}: {article.title[:80]!r}"
        for article in made.articles.values()
        if article.id not in settled and article.published > listed
    ]
