"""What is looked at: the edition of a day as it is stored, or as it would be built now."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from threading import Lock

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from digest.bootstrap import App
from digest.config import Newsletter, Settings
from digest.delivery.proof import Press, Proof, proof_of_document, proof_of_edition
from digest.editions.hand import hand_state
from digest.editions.life import compose_edition, load_document, schedule_of
from digest.editions.selection import Excluded
from digest.editions.why import left_out
from digest.errors import DigestError
from digest.ingest.panels import read_panels
from digest.rendering import RenderedEdition
from digest.rendering.templates import state_of
from digest.store.document import EditionDocument, Panel
from digest.store.models import Article, Edition
from digest.web.preview.asked import Reader


@dataclass(frozen=True)
class Look:
    """An edition with what it left out; `edition` is None where it is not built yet."""

    newsletter: Newsletter
    edition: Edition | None
    document: EditionDocument
    excluded: tuple[Excluded, ...]
    more: bool
    """Whether more was left out than is listed."""
    press: Press

    def proof(self, reader: Reader, to: str = "") -> Proof:
        """The mail as a reader gets it, addressed to them or to somebody else.

        Raises:
            TemplateBrokenError: a template is of no use.
        """
        to = to or reader.email
        if self.edition is not None:
            return proof_of_edition(self.press, self.edition, reader.choice, to, reader.language)
        return proof_of_document(self.press, self.document, reader.choice, to, reader.language)


@dataclass(frozen=True)
class OnePress(Press):
    """A press for one edition: it renders that once a language, however many views are asked for.

    A template that fails does so once, too: one that never ends is stopped after twenty seconds.
    """

    _made: dict[str | None, RenderedEdition | DigestError] = field(default_factory=dict)
    _making: Lock = field(default_factory=Lock)

    def render(self, document: EditionDocument, language: str | None = None) -> RenderedEdition:
        """The blocks of the edition."""
        with self._making:
            if language not in self._made:
                try:
                    self._made[language] = super().render(document, language)
                except DigestError as error:
                    self._made[language] = error
            made = self._made[language]
        if isinstance(made, DigestError):
            raise made
        return made


def look_at(session: Session, app: App, newsletter: Newsletter, day: date) -> Look:
    """The stored edition of a day, or what would be built of what is known now.

    Raises:
        NoEditionThatDayError: the newsletter's zone has no such date.
    """
    press = OnePress(app.settings, app.templates, app.tokens, app.clock)
    edition = stored_edition(session, newsletter, day)
    if edition is not None:
        listed = tuple(left_out(session, edition))
        return Look(newsletter, edition, load_document(edition), listed, more=False, press=press)
    made = compose_edition(
        session, app.settings, newsletter, day, app.clock(), panels=_panels(app, newsletter)
    )
    return Look(newsletter, None, made.document, tuple(made.excluded), made.more, press)


def stored_edition(session: Session, newsletter: Newsletter, day: date) -> Edition | None:
    """The newsletter's edition of a day, if it has been built."""
    query = select(Edition).where(Edition.newsletter == newsletter.slug, Edition.date == day)
    return session.exec(query).first()


def version_of(session: Session, app: App, newsletter: Newsletter, day: date, *more: object) -> str:
    """A word that changes with templates, articles, editions, panels, editors' hand, or `more`."""
    cutoff = schedule_of(session, app.settings, newsletter).cutoff(day) or app.clock()
    articles = session.execute(
        sa_select(func.count(), func.max(Article.changed), func.max(Article.known)).where(
            col(Article.published) >= cutoff - newsletter.max_age,
            col(Article.published) <= cutoff,
        )
    ).one()
    # An article that another edition has is in none after it.
    mine = col(Edition.newsletter) == newsletter.slug
    columns = (col(Edition.id), col(Edition.date), col(Edition.composed), col(Edition.status))
    editions = session.execute(sa_select(*columns).where(mine).order_by(col(Edition.id).desc()))
    latest = [tuple(row) for row in editions.fetchmany(_LATEST)]
    shown = session.execute(sa_select(*columns).where(mine, col(Edition.date) == day)).first()
    panels = () if shown else _panels(app, newsletter)
    files = state_of(app.templates.folders)
    facts = (*articles, latest, shown, *hand_state(session), panels, files, *more)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


# Editions that still change: the drafts of some days, and what is being sent.
_LATEST = 20


def _panels(app: App, newsletter: Newsletter) -> tuple[Panel, ...]:
    return _panels_of(app.settings, newsletter.slug, app.clock().replace(second=0, microsecond=0))


@lru_cache(maxsize=4)
def _panels_of(settings: Settings, slug: str, minute: datetime) -> tuple[Panel, ...]:
    """What a newsletter's panels hold: asked once a minute, for each look takes several pages."""
    return read_panels(settings, settings.newsletter(slug), minute)
