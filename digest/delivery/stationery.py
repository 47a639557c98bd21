"""An edition's mails for its readers: each choice and language is prepared once and kept."""

from datetime import date
from functools import lru_cache, partial
from typing import NamedTuple

from digest.delivery.addresses import BadAddressError, Mailbox, mailbox
from digest.delivery.ledger import Claim
from digest.delivery.message import (
    MAX_BYTES,
    Letterhead,
    PreparedMail,
    Recipient,
    letterhead,
    prepare_choice,
)
from digest.delivery.proof import Press
from digest.delivery.replies import Answer, Stage
from digest.delivery.transitions import Skip
from digest.editions.life import load_document
from digest.errors import MessageTooLargeError
from digest.rendering import Choice, RenderedEdition, furniture, reader_language
from digest.sections import section_key
from digest.store.models import Edition

# RFC 6531 section 3.2, with the code of section 3.6.
_NO_UTF8 = Answer(Stage.RCPT, 553, "5.6.7 our server takes only addresses of ASCII letters")

_CHOICES_KEPT = 256
"""Prepared mails that are kept, 100 kB each at most."""


class Mail(NamedTuple):
    """A reader's mail, ready for the wire."""

    sender: str
    recipient: Mailbox
    data: bytes


class Stationery:
    """Makes the mails of one edition whose rendering is frozen."""

    def __init__(self, press: Press, edition: Edition) -> None:
        document = load_document(edition)
        newsletter = press.settings.newsletter(edition.newsletter)
        self._clock = press.clock
        self._zone = press.settings.zone(newsletter)
        self._rendered = press.rendered(edition)
        self.edition_id = edition.id or 0
        self._letterhead = letterhead(
            press.settings, newsletter, document, self.edition_id, press.tokens
        )
        # No methods: these would keep the stationery, and all its mails, when it is done.
        prepared = partial(_prepared, self._letterhead, self._rendered)
        self._prepared = lru_cache(_CHOICES_KEPT)(prepared)
        self._date = lru_cache(_CHOICES_KEPT)(partial(_date, self._rendered))

    def mail(self, claim: Claim, *, utf8: bool) -> Mail | Skip | Answer:
        """The mail of a claim, or why there is none; an answer is our own, in the server's place.

        Args:
            claim: whose mail.
            utf8: whether the server takes addresses beyond ASCII.

        Raises:
            MessageTooLargeError: no mail may be so large.
        """
        try:
            recipient = mailbox(claim.email)
        except BadAddressError:
            return Skip.ADDRESS
        if recipient.utf8 and not utf8:
            return _NO_UTF8
        language = reader_language(claim.language, self._rendered.language)
        prepared = self._prepared(_choice(claim.sections), language)
        if prepared is None:
            return Skip.NO_STORIES
        reader = Recipient(
            delivery_id=claim.delivery_id,
            subscription_id=claim.subscription_id,
            email=claim.email,
            name=claim.name,
            since=self._date(claim.since.astimezone(self._zone).date(), language),
        )
        data = prepared.personalise(reader, self._clock())
        if len(data) > MAX_BYTES:
            raise MessageTooLargeError(edition=self.edition_id, size=len(data), limit=MAX_BYTES)
        return Mail(self._letterhead.envelope_sender(claim.delivery_id), recipient, data)


def _prepared(
    letterhead: Letterhead, rendered: RenderedEdition, choice: Choice, language: str
) -> PreparedMail | None:
    spliced, prepared = prepare_choice(letterhead, rendered.for_reader(language), choice)
    return prepared if spliced.stories else None


def _date(rendered: RenderedEdition, day: date, language: str) -> str:
    return furniture(rendered.for_reader(language).language).long_date(day)


@lru_cache(maxsize=4096)
def _choice(sections: tuple[str, ...] | None) -> Choice:
    return None if sections is None else tuple(map(section_key, sections))
