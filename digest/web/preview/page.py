"""What stands on the preview's page."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from sqlmodel import Session

from digest.bootstrap import App
from digest.config import Newsletter
from digest.delivery.proof import Proof
from digest.editions.calendar import FIRST_DAY
from digest.errors import MessageTooLargeError, UsageError
from digest.rendering import languages, reader_language
from digest.rendering.lint import lint_html, lint_message
from digest.store.models import Edition, EditionStatus
from digest.text import one_line
from digest.web.preview.asked import Asked, Reader, reader_of
from digest.web.preview.live import Live
from digest.web.preview.look import Look
from digest.web.preview.readers import boxes, days_around
from digest.web.preview.report import (
    by_reason,
    findings_said,
    language_name,
    shed_in_words,
    sizes_of,
    story_rows,
)
from digest.web.preview.views import PANES, VIEWS


@dataclass(frozen=True)
class Visit:
    """One look at the preview: the program in force, and what was asked of it."""

    live: Live
    app: App
    session: Session
    asked: Asked

    @cached_property
    def newsletter(self) -> Newsletter:
        """The one asked for, or the first.

        Raises:
            UnknownNewsletterError: there is none of that name, or none at all.
        """
        declared = self.app.settings.newsletters
        if not self.asked.newsletter and declared:
            return declared[0]
        return self.app.settings.newsletter(self.asked.newsletter)

    @property
    def today(self) -> date:
        """The date where the newsletter comes out."""
        zone = self.app.settings.zone(self.newsletter)
        return self.app.clock().astimezone(zone).date()

    @property
    def day(self) -> date:
        """The date asked for, or today."""
        return self.asked.day or self.today

    def query(self, day: date | None = None) -> str:
        """This visit as the query of an address, with nothing left open; or the same of a day."""
        whole = replace(self.asked, newsletter=self.newsletter.slug, day=day or self.day)
        return whole.query

    @cached_property
    def look(self) -> Look:
        """The edition.

        Raises:
            UsageError: what was asked for is no date.
        """
        if written := self.asked.no_day:
            raise UsageError(
                detail=f'"{one_line(written, 100)}" is no date: choose one from {FIRST_DAY} on'
            )
        return self.live.look(self.session, self.app, self.newsletter, self.day)

    @cached_property
    def reader(self) -> Reader:
        """Who it is looked at for."""
        return reader_of(self.session, self.app.settings, self.newsletter, self.asked)

    @cached_property
    def proof(self) -> Proof:
        """The mail as the reader gets it."""
        reader = self.reader  # whoever cannot be found is told before anything is rendered
        return self.look.proof(reader)

    @property
    def version(self) -> str:
        """A word that changes with everything that the page shows."""
        seen = self.live.version(self.session, self.app, self.newsletter, self.day)
        reader = self.reader if self.asked.subscriber else None
        chosen = "" if reader is None else f"{reader.sections}{reader.language}"
        return f"{seen}{chosen}"


def frame(visit: Visit) -> dict[str, Any]:
    """What is there whatever becomes of the mail: what to choose from, and what was chosen.

    Raises:
        UnknownNewsletterError: there is no such newsletter.
    """
    newsletter, app, asked = visit.newsletter, visit.app, visit.asked
    return {
        "newsletter": newsletter,
        "date": visit.day,
        "days": days_around(visit.session, newsletter, visit.day, visit.today),
        "boxes": boxes(app.settings, newsletter, asked.sections),
        "own_language": language_name(app.settings.language(newsletter)),
        "query": visit.query(),
        "query_on": visit.query,
    }


def always(live: Live, app: App, asked: Asked) -> dict[str, Any]:
    """What a page has that could find out nothing but why."""
    return {
        "asked": asked,
        "newsletters": app.settings.newsletters,
        "languages": {tag: language_name(tag) for tag in languages()},
        "views": VIEWS,
        "panes": PANES,
        "problem": live.problem,
        "changed": live.changed,
        "token": live.token,
        "newsletter": None,
        "seen": "",
        "query": asked.query,
        "error": "",
        "mending": False,
    }


def content(visit: Visit) -> dict[str, Any]:
    """The mail, and what there is to say about it.

    Raises:
        DigestError: it cannot be made, or there is no such reader.
    """
    look, proof, reader = visit.look, visit.proof, visit.reader
    try:
        message, too_large = proof.message if proof.stories else b"", ""
        findings = lint_message(message) if message else ()
    except MessageTooLargeError as error:
        message, too_large = b"", str(error)
        findings = lint_html(proof.html)
    return {
        "look": look,
        "proof": proof,
        "reader": reader,
        "spoken": language_name(reader_language(reader.language, look.document.language)),
        "notes": [*notes_on(look), *absent_panels(visit)],
        "sizes": sizes_of(message),
        "too_large": too_large,
        "shed": shed_in_words(proof.shed),
        "findings": findings_said(findings),
        "stories": story_rows(look.document, reader.choice, proof.shed),
        "left_out": by_reason(look.excluded),
        "headers": proof.headers if message else "",
    }


def absent_panels(visit: Visit) -> list[str]:
    """Which panels are declared, and not in the edition, and what takes them in."""
    edition, remedy = visit.look.edition, ""
    if edition is not None and edition.status == EditionStatus.DRAFT:
        remedy = f" ({_rebuild(edition)} takes in what is there now)"
    there = {panel.name for panel in visit.look.document.panels}
    declared = visit.app.settings.panels_of(visit.newsletter)
    return [
        f'The panel "{panel.name}" is not in it: its data were absent, stale or of no use when it '
        f"was composed, as the log says, or it was declared since{remedy}."
        for panel in declared
        if panel.name not in there
    ]


def notes_on(look: Look) -> list[str]:
    """What should be known of the edition before it is judged."""
    edition, notes = look.edition, []
    if edition is None:
        return ["Composed just now of what is known; nothing is stored."]
    if edition.rendered is not None:
        notes.append(
            "Frozen when its sending began: changed templates and colours show in later editions."
        )
    elif edition.status == EditionStatus.DRAFT and edition.composed < edition.cutoff:
        rebuild = _rebuild(edition)
        notes.append(f"Composed before its cut-off: what came since is not in it ({rebuild}).")
    if edition.note:
        notes.append(edition.note)
    return notes


def _rebuild(draft: Edition) -> str:
    """The command that composes a draft anew."""
    return f"digest editions build {draft.newsletter} --date {draft.date} --rebuild"
