"""A notice as a mail: rendered from its folder of templates, with the head of a single mail."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from digest.config import Settings
from digest.delivery import headers
from digest.delivery.addresses import domain_of, mailbox
from digest.delivery.dkim import Seal
from digest.delivery.envelope import Envelope
from digest.delivery.message import bounce_address
from digest.delivery.transfer import BOUNDARY, alternative, shortest
from digest.errors import DigestError, TemplateMissingError
from digest.rendering import SiteFacts, Templates, bounded
from digest.rendering.mail import Mail, render_mail
from digest.store.models import Notice


def write(
    notice: Notice, settings: Settings, templates: Sequence[Templates], now: datetime
) -> tuple[Envelope, bytes]:
    """The envelope and the octets of a notice; but for its signatures the same on each attempt.

    Args:
        notice: what is told, and whom.
        settings: who tells it.
        templates: those that the publisher wants, then any that can stand in for broken ones: a
            template that does not work may be the very matter.
        now: when it is signed.

    Raises:
        UnknownNewsletterError: the newsletter that it comes from is no longer declared.
        ConfigInvalidError: a key that is to sign it is absent or of no use.
        TemplateBrokenError: and its kin, when none of the templates work.
    """
    newsletter = settings.newsletter(notice.newsletter)
    sender, recipient = mailbox(newsletter.from_address).address, mailbox(notice.email)
    domain = domain_of(sender)
    mail = _render(notice, settings, templates)
    head = b"".join(
        (
            headers.phrase("From", settings.site.name, sender),
            headers.field("To", recipient.address.encode("ascii")),
            headers.unstructured("Subject", mail.subject),
            headers.date(notice.made),
            headers.field("Message-ID", f"<{_mark(notice)}@{domain}>".encode("ascii")),
            # RFC 3834 section 5: so no vacation programme answers it.
            headers.field("Auto-Submitted", b"auto-generated"),
            headers.field("MIME-Version", b"1.0"),
            headers.field(
                "Content-Type", f'multipart/alternative; boundary="{BOUNDARY}"'.encode("ascii")
            ),
        )
    )
    body = alternative(shortest((mail.text,)), shortest((mail.html,)), {})
    keys = [key for key in settings.signing_keys() if key.domain == domain]
    signatures = Seal(keys, head, ()).sign(b"", body, int(now.timestamp())) if keys else b""
    data = b"".join((signatures, head, b"\r\n", *body))
    return Envelope(bounce_address(settings, newsletter), recipient, len(data)), data


def _render(notice: Notice, settings: Settings, templates: Sequence[Templates]) -> Mail:
    site = settings.site
    theme = settings.theme_of(settings.newsletter(notice.newsletter))
    broken: DigestError | None = None
    publisher = SiteFacts(site.name, site.base_url, site.postal_address)
    facts = _facts(notice, settings)
    work = partial(
        render_mail,
        name=notice.mail,
        language=site.language,
        site=publisher,
        theme=theme,
        **facts,
    )
    for folders in templates:
        try:
            return bounded(work, folders)
        except DigestError as error:
            broken = broken or error
    raise broken or TemplateMissingError(name=notice.mail, folders="no folder")


def _facts(notice: Notice, settings: Settings) -> dict[str, Any]:
    """What templates see: the stored facts with their dates, and what the settings add."""
    newsletter = settings.newsletter(notice.newsletter)
    return {
        **with_dates(notice.facts, settings.zone(newsletter)),
        "newsletter": newsletter.title,
        "slug": newsletter.slug,
        "email": notice.email,
    }


def with_dates(facts: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Stored facts as templates see them: what JSON holds as text are dates, in a zone."""
    told = dict(facts)
    if "date" in told:
        told["date"] = date.fromisoformat(told["date"])
    if "feeds" in told:
        told["feeds"] = [feed | {"read": _day(feed["read"], zone)} for feed in told["feeds"]]
    return told


def _day(instant: str | None, zone: ZoneInfo) -> date | None:
    return datetime.fromisoformat(instant).astimezone(zone).date() if instant else None


def _mark(notice: Notice) -> str:
    """The same on every attempt, and on no other notice's mail, nor a restored database's."""
    told = f"{notice.key}\n{notice.email}\n{notice.made.isoformat()}"
    return f"notice.{notice.id}.{hashlib.sha256(told.encode()).hexdigest()[:16]}"
