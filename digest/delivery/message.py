"""Mails as bytes: what a choice of sections has in common is made once, each reader's is a join."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from urllib.parse import quote

from digest.config import Newsletter, Settings, SigningKey
from digest.delivery import headers
from digest.delivery.addresses import Mailbox, domain_of, mailbox
from digest.delivery.dkim import Seal
from digest.delivery.transfer import (
    BOUNDARY,
    Ascii,
    Base64,
    Quoted,
    alternative,
    shortest,
    shortest_markup,
)
from digest.errors import MessageTooLargeError
from digest.rendering import BUDGET, Choice, RenderedEdition, Slot, Spliced, splice
from digest.store.document import EditionDocument
from digest.subscribers.tokens import PREVIEW, Tokens

MAX_BYTES = 100_000
"""No mail is larger: clients cut longer ones off, footer and all."""

# The fields that no two readers share.
_OWN = ("To", "Date", "Message-ID", "List-Unsubscribe")
# What a reader's own values take: the fields of their head, and the blanks of both parts.
_HEAD_ROOM = 3_000
# Characters of a reader's name: with more, one reader's mail might pass the limit of all.
_NAME_LENGTH = 100


class Recipient(NamedTuple):
    """Who a mail is for, and the date since which they subscribe, written for a reader.

    `subscription_id` is `PREVIEW` in mails that act for nobody.
    """

    delivery_id: int
    subscription_id: int
    email: str
    name: str = ""
    since: str = ""


@dataclass(frozen=True)
class Letterhead:
    """What all mails of one edition share, and what makes each reader's part of the head."""

    newsletter: str
    title: str
    edition_id: int
    edition: str
    from_name: str
    from_address: str
    reply_to: str
    bounces: str
    base_url: str
    tokens: Tokens
    keys: tuple[SigningKey, ...] = ()
    test: bool = False

    @cached_property
    def domain(self) -> str:
        """The domain that the mails are from, as A-labels."""
        return domain_of(self.from_address)

    def envelope_sender(self, delivery_id: int) -> str:
        """The address that a bounce of this delivery comes back to (VERP)."""
        local, _, domain = self.bounces.rpartition("@")
        return f"{local}+{self.tokens.bounce(delivery_id)}@{domain}"

    def message_id(self, delivery_id: int, now: datetime) -> str:
        """The delivery's; a test has a new one each time.

        Mailboxes hide a message that they think they have.
        """
        secret = self.tokens.bounce(delivery_id) + (now.isoformat() if self.test else "")
        return _message_id(self.newsletter, self.edition_id, delivery_id, secret, self.domain)

    def reader_token(self, recipient: Recipient) -> str:
        """The token of the links in a reader's mail."""
        return self.tokens.reader(recipient.subscription_id, self.edition_id)

    def head(self, to: Mailbox, recipient: Recipient, token: str, now: datetime) -> bytes:
        """The header fields that no two readers share."""
        message_id = self.message_id(recipient.delivery_id, now)
        leave = f"<{self.base_url}/unsubscribe/{token}>,\r\n <{self._leave_by_mail}{token}>"
        return b"".join(
            (
                headers.phrase("To", recipient.name, to.address, _NAME_LENGTH),
                headers.date(now),
                headers.field("Message-ID", message_id.encode("ascii")),
                headers.field("List-Unsubscribe", leave.encode("ascii")),
            )
        )

    @cached_property
    def _leave_by_mail(self) -> str:
        return f"{_mailto(self.bounces)}?subject=unsubscribe%20"

    def common(self, subject: str) -> bytes:
        """The header fields that every reader of a choice of sections shares."""
        sender, base = mailbox(self.from_address).address, self.base_url
        owner = mailbox(self.reply_to or self.from_address).address
        feedback = f"{self.edition}:{self.newsletter}:digest:{_sender_id(self.domain)}"
        plain = {
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Help": f"<{base}/n/{self.newsletter}>",
            "List-Archive": f"<{base}/archive/{self.newsletter}>",
            "List-Owner": f"<{_mailto(owner)}>",
            "List-Post": "NO",
            "Feedback-ID": feedback,
            "Precedence": "bulk",
            "Auto-Submitted": "auto-generated",
            "MIME-Version": "1.0",
            "Content-Type": f'multipart/alternative; boundary="{BOUNDARY}"',
        }
        if self.test:
            plain["X-Digest-Test"] = "yes"
        fields = [
            headers.phrase("From", self.from_name, sender),
            headers.unstructured("Subject", f"[test] {subject}" if self.test else subject),
            headers.list_field("List-Id", self.title, f"<{self.newsletter}.{self.domain}>"),
            *(headers.field(name, value.encode("ascii")) for name, value in plain.items()),
        ]
        if self.reply_to:
            fields.insert(1, headers.field("Reply-To", owner.encode("ascii")))
        return b"".join(fields)


def message_id(newsletter: Newsletter, edition_id: int, delivery_id: int, tokens: Tokens) -> str:
    """The same on every attempt, and on no other site's or restored database's mails."""
    secret, domain = tokens.bounce(delivery_id), domain_of(newsletter.from_address)
    return _message_id(newsletter.slug, edition_id, delivery_id, secret, domain)


def _message_id(slug: str, edition_id: int, delivery_id: int, secret: str, domain: str) -> str:
    mark = hashlib.sha256(secret.encode("ascii")).hexdigest()[:12]
    return f"<{slug}.{edition_id}.{delivery_id}.{mark}@{domain}>"


def bounce_address(settings: Settings, newsletter: Newsletter) -> str:
    """Where bounces of a newsletter's mails come back to, before a delivery's mark is added."""
    own = settings.smtp.bounce_address
    return mailbox(own).address if own else f"bounces@{domain_of(newsletter.from_address)}"


def letterhead(
    settings: Settings,
    newsletter: Newsletter,
    document: EditionDocument,
    edition_id: int,
    tokens: Tokens,
) -> Letterhead:
    """The letterhead of an edition, for `Letterhead.test` use `for_test`.

    Raises:
        ConfigInvalidError: a key that is to sign the mails is absent or of no use.
    """
    domain = domain_of(newsletter.from_address)
    return Letterhead(
        newsletter=newsletter.slug,
        title=newsletter.title,
        edition_id=edition_id,
        edition=document.date.isoformat(),
        from_name=newsletter.from_name,
        from_address=newsletter.from_address,
        reply_to=newsletter.reply_to or "",
        bounces=bounce_address(settings, newsletter),
        base_url=settings.site.base_url,
        tokens=tokens,
        keys=tuple(key for key in settings.signing_keys() if key.domain == domain),
    )


@dataclass(frozen=True)
class PreparedMail:
    """The mail of everybody with one choice of sections, but for what is each one's own."""

    letterhead: Letterhead
    common: bytes
    text: Quoted | Base64
    html: Ascii | Quoted | Base64
    seal: Seal | None = None

    def personalise(self, recipient: Recipient, now: datetime) -> bytes:
        """One reader's mail, ready for the wire but for the final dot.

        Raises:
            BadAddressError: the address is none.
        """
        token = self.letterhead.reader_token(recipient)
        values = {Slot.TOKEN: token, Slot.EMAIL: recipient.email, Slot.SINCE: recipient.since}
        own = self.letterhead.head(mailbox(recipient.email), recipient, token, now)
        body = alternative(self.text, self.html, values)
        signatures = self.seal.sign(own, body, int(now.timestamp())) if self.seal else b""
        return b"".join((signatures, own, self.common, b"\r\n", *body))


def prepare(letterhead: Letterhead, spliced: Spliced) -> PreparedMail:
    """Everything of a mail that does not depend on its reader.

    Raises:
        MessageTooLargeError: it would be larger than `MAX_BYTES`.
    """
    common = letterhead.common(spliced.subject)
    text, markup = shortest(spliced.text), shortest_markup(spliced.html)
    seal = Seal(letterhead.keys, common, _OWN) if letterhead.keys else None
    size = len(common) + text.size + markup.size + _HEAD_ROOM + (seal.size if seal else 0)
    if size > MAX_BYTES:
        raise MessageTooLargeError(edition=letterhead.edition_id, size=size, limit=MAX_BYTES)
    return PreparedMail(letterhead, common, text, markup, seal)


def prepare_choice(
    letterhead: Letterhead, rendered: RenderedEdition, choice: Choice
) -> tuple[Spliced, PreparedMail]:
    """The mail for a choice of sections, with no more in it than its head and signatures allow.

    Long titles and keys take of the room that `splice` counts on.

    Raises:
        MessageTooLargeError: even with one story it would be larger than `MAX_BYTES`.
    """
    budget = BUDGET
    while True:
        spliced = splice(rendered, choice, budget)
        try:
            return spliced, prepare(letterhead, spliced)
        except MessageTooLargeError as error:
            budget -= max(int(str(error.facts["size"])) - MAX_BYTES, 1)
            if budget < BUDGET // 2:
                raise


def compose_message(
    letterhead: Letterhead, spliced: Spliced, recipient: Recipient, now: datetime
) -> bytes:
    """One reader's whole mail, as it would stand in a file."""
    return prepare(letterhead, spliced).personalise(recipient, now)


def for_test(letterhead: Letterhead) -> Letterhead:
    """The same letterhead for mails that say that they are a test."""
    return replace(letterhead, test=True)


def trial_recipient(email: str, since: str = "") -> Recipient:
    """Somebody outside the accounts, whose links change nothing."""
    return Recipient(delivery_id=0, subscription_id=PREVIEW, email=email, since=since)


def _mailto(address: str) -> str:
    """The URI of an address; what has a meaning in a URI is encoded (RFC 6068 section 2)."""
    return f"mailto:{quote(address, safe='@+!$*')}"


def _sender_id(domain: str) -> str:
    """Who sends, for the receivers' feedback tools: 5 to 15 letters that stay the same."""
    return re.sub(r"[^a-z0-9]", "", domain)[:15].rjust(5, "0")
