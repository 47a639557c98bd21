"""An edition's life up to its sending: composed once, frozen, rebuilt only while a draft."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert
from sqlalchemy import select as sa_select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from digest.config import Newsletter, Settings
from digest.editions.calendar import Schedule, zones_of
from digest.editions.composition import Masthead, Piece, compose, heading, item_of
from digest.editions.hand import hand_for
from digest.editions.selection import Excluded, Selection, Window, select_articles
from digest.errors import EditionNotDraftError, NoEditionThatDayError, NoSuchEditionError
from digest.store import Store
from digest.store.document import EditionDocument, Panel
from digest.store.models import (
    Edition,
    EditionArticle,
    EditionStatus,
    EditionStory,
    Exclusion,
    Subscriber,
    Subscription,
    SubscriptionStatus,
)
from digest.store.rows import row_id
from digest.stories import Hand, tell

NO_ARTICLES = "no articles that morning"
GIVEN_UP = "given up: a later edition came out before it was sent"


@dataclass(frozen=True)
class Composed:
    """An edition as composed, before or after it was stored; `more` exclusions than are listed."""

    document: EditionDocument
    window: Window
    excluded: list[Excluded]
    more: bool


def schedule_of(session: Session, settings: Settings, newsletter: Newsletter) -> Schedule:
    """When a newsletter comes out; with the zones of its readers where each has their own time."""
    own: tuple[ZoneInfo, ...] = (settings.zone(newsletter),)
    if newsletter.timezone == "subscriber":
        query = (
            sa_select(col(Subscriber.timezone))
            .join(Subscription, col(Subscription.subscriber_id) == Subscriber.id)
            .where(col(Subscription.newsletter) == newsletter.slug)
            .where(col(Subscription.status) == SubscriptionStatus.ACTIVE)
            .distinct()
        )
        own = zones_of(session.scalars(query), own[0])
    return Schedule(newsletter.send_at, newsletter.days, own)


def compose_edition(
    session: Session,
    settings: Settings,
    newsletter: Newsletter,
    day: date,
    now: datetime,
    number: int | None = None,
    *,
    panels: tuple[Panel, ...] = (),
) -> Composed:
    """Compose the edition of a day out of what is known now, without storing anything.

    Raises:
        NoEditionThatDayError: the newsletter's zone has no such date.
    """
    cutoff = schedule_of(session, settings, newsletter).cutoff(day)
    if cutoff is None:
        raise NoEditionThatDayError(day=day, zone=settings.zone(newsletter).key)
    window = Window(oldest=cutoff - newsletter.max_age, cutoff=cutoff, composed=now)
    selection = select_articles(session, newsletter.slug, newsletter.section_keys, window)
    if number is None:
        number = _next_number(session, newsletter)
    masthead = replace(_masthead(settings, newsletter, day, cutoff, number), panels=panels)
    hand = hand_for(session, newsletter.slug, window.oldest, cutoff)
    document = compose_document(settings, masthead, selection, hand)
    return Composed(document, window, selection.excluded, selection.more)


def compose_document(
    settings: Settings, masthead: Masthead, selection: Selection, hand: Hand
) -> EditionDocument:
    """Group, rank and lay out what was selected, as the editor wants it.

    Pure but for its reading of the settings.
    """
    pieces = [
        Piece(filed.article, filed.section.path, filed.section.key, filed.heading)
        for filed in selection.taken
    ]
    items = [item_of(piece) for piece in pieces]
    stories = tell(
        items,
        now=masthead.cutoff,
        weights=settings.section_weights(),
        tags=settings.tag_weights(),
        hand=hand,
    )
    return compose(masthead, stories, pieces)


class Rebuild(StrEnum):
    """When a draft that exists is composed anew, under its number."""

    NEVER = "never"
    STALE = "stale"  # composed before its cut-off, which has come
    ALWAYS = "always"


def build(
    store: Store,
    settings: Settings,
    newsletter: Newsletter,
    day: date,
    now: datetime,
    *,
    rebuild: Rebuild = Rebuild.NEVER,
) -> Edition:
    """Compose and freeze the edition of a day; one that exists is given back as it is.

    Raises:
        EditionNotDraftError: it is to be rebuilt (`ALWAYS`), but is a draft no more.
        NoEditionThatDayError: the newsletter's zone has no such date.
    """
    wanted = _with_panels(store, _Wanted(settings, newsletter, day, now, rebuild))
    try:
        with store.write() as session:
            return _build(session, wanted)
    except IntegrityError:
        # Another process stored this edition, or one that took the same articles, in between.
        with store.write() as session:
            return _build(session, wanted)


@dataclass(frozen=True)
class _Wanted:
    settings: Settings
    newsletter: Newsletter
    day: date
    now: datetime
    rebuild: Rebuild
    panels: tuple[Panel, ...] = ()

    @property
    def edition(self) -> SelectOfScalar[Edition]:
        return select(Edition).where(
            Edition.newsletter == self.newsletter.slug, Edition.date == self.day
        )


def _with_panels(store: Store, wanted: _Wanted) -> _Wanted:
    """With what the panels hold now, unless the edition stays as it is.

    They are read before the database is locked: a server may take its time.
    """
    if not wanted.settings.panels_of(wanted.newsletter):
        return wanted
    with store.read() as session:
        edition = session.exec(wanted.edition).first()
    if edition is not None and not _to_be_rebuilt(edition, wanted):
        return wanted
    # What fetches them takes a while to import, and most newsletters have none.
    from digest.ingest.panels import read_panels  # noqa: PLC0415 - see above

    return replace(wanted, panels=read_panels(wanted.settings, wanted.newsletter, wanted.now))


def _build(session: Session, wanted: _Wanted) -> Edition:
    newsletter, now = wanted.newsletter, wanted.now
    edition = session.exec(wanted.edition.with_for_update()).first()
    if edition is not None:
        if not _to_be_rebuilt(edition, wanted):
            return edition
        _clear(session, edition)
    number = edition.number if edition else None
    composed = compose_edition(
        session, wanted.settings, newsletter, wanted.day, now, number, panels=wanted.panels
    )
    edition = edition or Edition(
        newsletter=newsletter.slug,
        date=wanted.day,
        number=composed.document.number,
        cutoff=composed.window.cutoff,
        composed=now,
        document={},
    )
    edition.cutoff, edition.composed = composed.window.cutoff, now
    edition.document = composed.document.model_dump(mode="json")
    session.add(edition)
    session.flush()
    _store_places(session, edition, composed)
    return edition


def _to_be_rebuilt(edition: Edition, wanted: _Wanted) -> bool:
    is_draft = edition.status == EditionStatus.DRAFT
    if wanted.rebuild == Rebuild.ALWAYS:
        if not is_draft:
            raise EditionNotDraftError(
                edition=edition.id, status=edition.status, remedy=_instead(edition)
            )
        return True
    stale = edition.composed < edition.cutoff <= wanted.now
    return wanted.rebuild == Rebuild.STALE and is_draft and stale


def _instead(edition: Edition) -> str:
    if edition.status == EditionStatus.CANCELLED:
        command = f"`digest editions build {edition.newsletter} --date D`"
        return f"articles that nobody got come in that of another day: {command}"
    return "what it lacks comes in the next one"


def _store_places(session: Session, edition: Edition, composed: Composed) -> None:
    """Write down which article stands where, and which are left out: the unique keys decide."""
    stories = composed.document.stories
    rows = [
        EditionStory(
            edition_id=row_id(edition),
            position=story.position,
            section=story.section,
            headline=story.headline,
            lead_id=story.lead,
            score=story.score,
            top=story.placement == "top",
        )
        for story in stories
    ]
    session.add_all(rows)
    session.flush()
    places = [
        {
            "edition_id": edition.id,
            "article_id": article,
            "newsletter": edition.newsletter,
            "story_id": row.id,
            "position": position,
        }
        for row, story in zip(rows, stories, strict=True)
        for position, article in enumerate(story.members)
    ]
    left = [
        {"edition_id": edition.id, "article_id": excluded.article, "reason": excluded.reason}
        for excluded in composed.excluded
    ]
    if places:
        session.execute(insert(EditionArticle), places)
    if left:
        session.execute(insert(Exclusion), left)


def _clear(session: Session, edition: Edition) -> None:
    for table in (EditionArticle, EditionStory, Exclusion):
        session.execute(delete(table).where(col(table.edition_id) == edition.id))


def release_articles(session: Session, edition: Edition) -> None:
    """Give the articles of a cancelled edition that nobody got back to later editions."""
    session.execute(delete(EditionArticle).where(col(EditionArticle.edition_id) == edition.id))


def free_articles_of_drafts(
    session: Session, newsletter: Newsletter, day: date, now: datetime
) -> list[date]:
    """Let go of what other drafts hold, before the edition of `day` is composed to be sent.

    An earlier draft was given up and is cancelled. A later one was composed ahead of its time, out
    of articles that belong to `day`.

    Returns:
        The dates of the later drafts, to be composed anew afterwards.
    """
    query = select(Edition).where(
        Edition.newsletter == newsletter.slug,
        Edition.date != day,
        Edition.status == EditionStatus.DRAFT,
    )
    later = []
    for draft in session.exec(query.with_for_update()):
        release_articles(session, draft)
        if draft.date > day:
            later.append(draft.date)
        else:
            draft.status, draft.completed, draft.note = EditionStatus.CANCELLED, now, GIVEN_UP
            session.add(draft)
    return later


def _next_number(session: Session, newsletter: Newsletter) -> int:
    query = select(func.max(Edition.number)).where(Edition.newsletter == newsletter.slug)
    last: int | None = session.exec(query).one()
    return newsletter.first_number if last is None else last + 1


def _masthead(
    settings: Settings, newsletter: Newsletter, day: date, cutoff: datetime, number: int
) -> Masthead:
    declared = settings.declared_sections()
    headings = tuple(
        heading(key, declared[key].path, declared[key].title) for key in newsletter.section_keys
    )
    return Masthead(
        newsletter=newsletter.slug,
        title=newsletter.title,
        strapline=newsletter.strapline,
        date=day,
        number=number,
        language=settings.language(newsletter),
        timezone=settings.zone(newsletter).key,
        send_at=newsletter.send_at.strftime("%H:%M"),
        cutoff=cutoff,
        headings=headings,
        top_stories=newsletter.top_stories,
        stories_per_section=newsletter.stories_per_section,
    )


def load_document(edition: Edition) -> EditionDocument:
    """The frozen document of an edition."""
    return EditionDocument.model_validate(edition.document)


def find_edition(session: Session, number: int) -> Edition:
    """The edition with an id.

    Raises:
        NoSuchEditionError: there is none.
    """
    edition = session.get(Edition, number)
    if edition is None:
        raise NoSuchEditionError(edition=number)
    return edition


def lock_edition(session: Session, number: int) -> Edition:
    """The edition with an id as it stands now, and as it stays until the transaction ends.

    Raises:
        NoSuchEditionError: there is none.
    """
    query = select(Edition).where(Edition.id == number).with_for_update()
    edition = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if edition is None:
        raise NoSuchEditionError(edition=number)
    return edition
