"""Proofs: an edition as one reader gets it, for the desk to look at and for pages on the web."""

import html
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from functools import cached_property, partial

from sqlmodel import Session, select

from digest.config import Settings, WhenTemplatesFail
from digest.delivery.message import (
    Letterhead,
    Recipient,
    compose_message,
    for_test,
    letterhead,
    prepare_choice,
    trial_recipient,
)
from digest.editions.life import load_document
from digest.errors import DigestError
from digest.rendering import (
    Choice,
    RenderedEdition,
    SiteFacts,
    Slot,
    Spliced,
    Templates,
    bounded,
    fill,
    furniture,
    reader_language,
    render_edition,
    splice,
)
from digest.sections import section_key
from digest.store.document import EditionDocument
from digest.store.models import Delivery, Edition, Subscriber, Subscription
from digest.subscribers.tokens import Tokens

NOBODY = "reader@example.org"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Press:
    """What turns a document into mails: settings, templates, the key that signs, and the time."""

    settings: Settings
    templates: Templates
    tokens: Tokens
    clock: Callable[[], datetime]

    @property
    def site(self) -> SiteFacts:
        """The publisher, as mails name it."""
        site = self.settings.site
        return SiteFacts(site.name, site.base_url, site.postal_address)

    def render(self, document: EditionDocument, language: str | None = None) -> RenderedEdition:
        """The blocks of an edition, from which every reader's mail is spliced.

        `language` is a reader's; where there is none, or no words in it, it is the newsletter's.

        Raises:
            TemplateMissingError: a template is in none of the folders.
            TemplateBrokenError: a template is of no use, and the settings have no other used.
            InlineError: as above, for the styles.
        """
        spoken = reader_language(language, document.language)
        theme = self.settings.theme_of(self.settings.newsletter(document.newsletter))
        work = partial(render_edition, document, self.site, theme=theme, language=spoken)
        try:
            return bounded(work, self.templates)
        except DigestError as error:
            use_ours = self.settings.site.when_templates_fail is WhenTemplatesFail.OURS
            if not (use_ours and self.templates.own):
                raise
            _log.error("your own templates failed, and ours are used instead: %s", error)
            rendered = work(templates=self.templates.ours)
            return rendered.model_copy(update={"instead": str(error)})

    def rendered(self, edition: Edition, language: str | None = None) -> RenderedEdition:
        """The blocks of a stored edition: as frozen when its sending began, or as they are now."""
        if edition.rendered is not None:
            return RenderedEdition.model_validate(edition.rendered).for_reader(language)
        return self.render(load_document(edition), language)


@dataclass(frozen=True)
class Proof:
    """An edition as one reader gets it."""

    spliced: Spliced
    letterhead: Letterhead
    recipient: Recipient
    now: datetime
    instead: str = ""
    """What was wrong with the publisher's own templates, where ours were used in their place."""

    @property
    def subject(self) -> str:
        """The subject, as the reader's program shows it."""
        return self.spliced.subject

    @property
    def stories(self) -> int:
        """How many stories it holds; with none, this reader gets no mail."""
        return self.spliced.stories

    @property
    def shed(self) -> tuple[str, ...]:
        """What was left out to keep to the size."""
        return self.spliced.shed

    @cached_property
    def html(self) -> str:
        """The HTML part."""
        return fill(self.spliced.html, self._values, html.escape)

    @cached_property
    def text(self) -> str:
        """The text part."""
        return fill(self.spliced.text, self._values)

    @cached_property
    def message(self) -> bytes:
        """The whole mail."""
        return compose_message(self.letterhead, self.spliced, self.recipient, self.now)

    @property
    def size(self) -> int:
        """Bytes of the whole mail; none where there is no story to send."""
        return len(self.message) if self.stories else 0

    @property
    def headers(self) -> str:
        """The head of the mail, decoded, a field a line."""
        if not self.stories:
            return ""
        parsed = message_from_bytes(self.message, policy=policy.default)
        return "\n".join(f"{name}: {value}" for name, value in parsed.items())

    @property
    def sender(self) -> str:
        """The envelope sender, to which a bounce would come."""
        return self.letterhead.envelope_sender(self.recipient.delivery_id)

    @property
    def _values(self) -> dict[Slot, str]:
        return {
            Slot.TOKEN: self.letterhead.reader_token(self.recipient),
            Slot.EMAIL: self.recipient.email,
            Slot.SINCE: self.recipient.since,
        }


def choice_of(subscription: Subscription | None) -> Choice:
    """The sections that somebody chose, as rendering takes them; None for all."""
    if subscription is None or subscription.sections is None:
        return None
    return tuple(section_key(path) for path in subscription.sections)


def proof_of_document(
    press: Press,
    document: EditionDocument,
    choice: Choice = None,
    to: str = NOBODY,
    language: str | None = None,
) -> Proof:
    """A document that is not stored, as somebody with a choice and a language would get it."""
    return _proof(press, document, press.render(document, language), 0, splice_for=choice, to=to)


def proof_of_edition(
    press: Press,
    edition: Edition,
    choice: Choice = None,
    to: str = NOBODY,
    language: str | None = None,
) -> Proof:
    """A stored edition, marked as a test; its links act for nobody."""
    document, rendered = load_document(edition), press.rendered(edition, language)
    return _proof(press, document, rendered, edition.id or 0, splice_for=choice, to=to)


def proof_for_subscriber(
    session: Session, press: Press, edition: Edition, subscription: Subscription
) -> Proof:
    """A stored edition exactly as a subscriber gets it: with the links that act for them."""
    return _for_subscriber(session, press, edition, subscription)


def page_of_edition(press: Press, edition: Edition) -> str:
    """A whole edition as a page of the archive, with nothing in it that is for one reader."""
    spliced = splice(press.rendered(edition), None, budget=None, personal=False)
    head = _letterhead(press, load_document(edition), edition.id or 0)
    return Proof(spliced, head, trial_recipient(NOBODY), press.clock()).html


def page_for_subscriber(
    session: Session, press: Press, edition: Edition, subscription: Subscription
) -> str:
    """A subscriber's edition as a page on the web, where no mail program limits its size."""
    return _for_subscriber(session, press, edition, subscription, as_page=True).html


def language_of(session: Session, subscription: Subscription | None) -> str | None:
    """The language that somebody wants; None where they did not say."""
    if subscription is None:
        return None
    return session.get_one(Subscriber, subscription.subscriber_id).language


def _proof(
    press: Press,
    document: EditionDocument,
    rendered: RenderedEdition,
    edition_id: int,
    *,
    splice_for: Choice,
    to: str,
) -> Proof:
    head = for_test(_letterhead(press, document, edition_id))
    day = furniture(rendered.language).long_date(document.date)
    recipient = trial_recipient(to, since=day)
    spliced, _ = prepare_choice(head, rendered, splice_for)
    return Proof(spliced, head, recipient, press.clock(), rendered.instead)


def _for_subscriber(
    session: Session,
    press: Press,
    edition: Edition,
    subscription: Subscription,
    *,
    as_page: bool = False,
) -> Proof:
    document = load_document(edition)
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    rendered = press.rendered(edition, subscriber.language)
    delivery = session.exec(
        select(Delivery.id).where(
            Delivery.edition_id == edition.id, Delivery.subscriber_id == subscriber.id
        )
    ).first()
    zone = press.settings.zone(press.settings.newsletter(document.newsletter))
    began = (subscription.confirmed or subscription.created).astimezone(zone).date()
    recipient = Recipient(
        delivery_id=delivery or 0,
        subscription_id=subscription.id or 0,
        email=subscriber.email,
        name=subscriber.name,
        since=furniture(rendered.language).long_date(began),
    )
    head, choice = _letterhead(press, document, edition.id or 0), choice_of(subscription)
    spliced = (
        splice(rendered, choice, budget=None)
        if as_page
        else prepare_choice(head, rendered, choice)[0]
    )
    return Proof(spliced, head, recipient, press.clock())


def _letterhead(press: Press, document: EditionDocument, edition_id: int) -> Letterhead:
    newsletter = press.settings.newsletter(document.newsletter)
    return letterhead(press.settings, newsletter, document, edition_id, press.tokens)
