"""The check: every mail that the program sends, rendered with awkward data and linted."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NamedTuple

from digest.config import Settings, WhenTemplatesFail
from digest.delivery.proof import NOBODY, Press, proof_of_document
from digest.errors import DigestError, UsageError
from digest.ingest.logo import look_at_logo
from digest.notices.letter import write
from digest.rehearsal.editions import Masthead, sample_editions
from digest.rehearsal.notices import NOTICES
from digest.rendering import languages
from digest.rendering.lint import RULES, Finding, Severity, lint_message
from digest.store.models import Notice

EDITION = "edition"


class Rehearsed(NamedTuple):
    """A mail that was rehearsed: the folder of its templates, with which data, how large."""

    mail: str
    sample: str
    size: int


class Fault(NamedTuple):
    """What was found in a mail; `samples` counts those with the same, `sample` is the first."""

    mail: str
    sample: str
    finding: Finding
    samples: int


@dataclass
class Result:
    """What a check came to."""

    rehearsed: list[Rehearsed] = field(default_factory=list)
    _faults: dict[tuple[str, str, str], Fault] = field(default_factory=dict)

    def add(self, mail: str, sample: str, finding: Finding) -> None:
        """Note what was found; the same in other samples of the mail is one fault."""
        key = (mail, finding.rule.name, finding.what)
        first = self._faults.get(key)
        self._faults[key] = (
            first._replace(samples=first.samples + 1) if first else Fault(mail, sample, finding, 1)
        )

    @property
    def faults(self) -> list[Fault]:
        """All that was found, errors first."""
        return sorted(self._faults.values(), key=lambda fault: not self._is_error(fault))

    @property
    def errors(self) -> int:
        """How many of the faults are errors."""
        return sum(map(self._is_error, self._faults.values()))

    @staticmethod
    def _is_error(fault: Fault) -> bool:
        return fault.finding.rule.severity is Severity.ERROR


def check_templates(press: Press) -> Result:
    """Rehearse every mail with the publisher's templates, theme and newsletters.

    A template that is broken is a fault as any other, and ends the rehearsal of its mail alone.

    Raises:
        UsageError: there is no newsletter.
        ConfigInvalidError: a key that is to sign the mails is absent or of no use.
    """
    if not press.settings.newsletters:
        raise UsageError(detail="no newsletter is declared: add a [[newsletters]] to rehearse with")
    press, result = _strict(press), Result()
    for mail in sorted(mail_folders(press)):
        if mail == EDITION:
            mails = _editions(press)
        elif mail in NOTICES:
            mails = _notices(press, mail)
        else:
            finding = Finding(RULES["mail-unknown"], f"email/{mail}", f"email/{mail}/subject.txt")
            result.add(mail, "", finding)
            continue
        _rehearse(result, mail, mails)
    _look_at_logos(result, press)
    return result


def _look_at_logos(result: Result, press: Press) -> None:
    settings = press.settings
    logos = {settings.theme_of(newsletter).logo for newsletter in settings.newsletters}
    for logo in filter(None, logos):
        try:
            look_at_logo(logo, settings.ingest, press.clock())
        except DigestError as error:
            finding = Finding(RULES["logo-unusable"], str(error), "[theme.logo] url")
            result.add(EDITION, "", finding)


def _strict(press: Press) -> Press:
    """The same, but that broken templates are never stood in for by ours."""
    settings = press.settings
    site = settings.site.model_copy(update={"when_templates_fail": WhenTemplatesFail.STOP})
    return replace(press, settings=settings.model_copy(update={"site": site}))


def mail_folders(press: Press) -> set[str]:
    """The folders of templates that make a mail."""
    return {
        path.parent.name
        for folder in press.templates.folders
        for path in folder.glob("email/*/subject.txt")
    }


class _Take(NamedTuple):
    """One mail made with one sample, or why it cannot be made."""

    sample: str
    data: bytes
    broken: DigestError | None = None


def _rehearse(result: Result, mail: str, takes: Iterator[_Take]) -> None:
    for take in takes:
        if take.broken:
            finding = Finding(RULES["template-broken"], str(take.broken), f"email/{mail}")
            result.add(mail, take.sample, finding)
            return
        result.rehearsed.append(Rehearsed(mail, take.sample, len(take.data)))
        for finding in lint_message(take.data, bulk=mail == EDITION):
            result.add(mail, take.sample, finding)


def _editions(press: Press) -> Iterator[_Take]:
    """The edition of each newsletter that looks its own way, with every sample."""
    for masthead in _mastheads(press.settings):
        for sample in sample_editions(masthead, languages()):
            try:
                proof = proof_of_document(press, sample.document, sample.choice)
                yield _Take(sample.name, proof.message)
            except DigestError as error:
                yield _Take(sample.name, b"", error)


def _mastheads(settings: Settings) -> Iterator[Masthead]:
    themes = []
    for newsletter in settings.newsletters:
        theme = settings.theme_of(newsletter)
        if theme not in themes:
            themes.append(theme)
            zone, language = str(settings.zone(newsletter)), settings.language(newsletter)
            yield Masthead(newsletter.slug, newsletter.title, zone, language)


def _notices(press: Press, mail: str) -> Iterator[_Take]:
    """A mail to the desk, in each language."""
    settings, now = press.settings, press.clock()
    for language in languages():
        site = settings.site.model_copy(update={"language": language})
        spoken = settings.model_copy(update={"site": site})
        for number, facts in enumerate(NOTICES[mail], 1):
            notice = Notice(
                id=number,
                key=f"{mail} {number}",
                email=NOBODY,
                mail=mail,
                newsletter=settings.newsletters[0].slug,
                facts=facts,
                made=now - timedelta(minutes=1),
                due=now,
            )
            sample = f"facts {number} in {language}"
            try:
                _, data = write(notice, spoken, [press.templates], now)
                yield _Take(sample, data)
            except DigestError as error:
                yield _Take(sample, b"", error)
