"""The check: every mail that the program sends, rendered with awkward data and linted."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from digest.config import Settings, WhenTemplatesFail
from digest.delivery.proof import NOBODY, Press, proof_of_document
from digest.errors import DigestError, TemplateBrokenError, UsageError
from digest.ingest.logo import look_at_logo
from digest.notices.letter import write
from digest.rehearsal.editions import RIGHT_TO_LEFT, Masthead, Sample, sample_editions
from digest.rehearsal.notices import NOTICES
from digest.rehearsal.strays import strays
from digest.rendering import Templates, languages
from digest.rendering.bounds import KeptApart
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


Tell = Callable[[str], object]
"""Is told the mail and the sample that are rehearsed next."""


def check_templates(press: Press, tell: Tell = lambda _: None) -> Result:
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
            jobs = _editions(press)
        elif mail in NOTICES:
            jobs = _notices(press, mail)
        else:
            finding = Finding(RULES["mail-unknown"], f"email/{mail}", f"email/{mail}/subject.txt")
            result.add(mail, "", finding)
            continue
        _rehearse(result, mail, jobs, press.templates, tell)
    _look_for_strays(result, press.templates)
    _look_at_logos(result, press)
    return result


def _look_for_strays(result: Result, templates: Templates) -> None:
    told = {fault.mail for fault in result.faults if fault.finding.rule is RULES["mail-unknown"]}
    for file, name, nearest in strays(templates):
        if name.parent.name not in told:
            hint = f": did you mean {nearest}?" if nearest else ""
            what = f"{name} replaces none of ours, and no template of yours names it{hint}"
            finding = Finding(RULES["template-stray"], what, str(file))
            result.add(name.parent.name or "templates", "", finding)


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


class _Job(NamedTuple):
    """A mail to be made with one sample."""

    sample: str
    make: Callable[[Templates], bytes]


def _rehearse(
    result: Result, mail: str, jobs: Iterable[_Job], templates: Templates, tell: Tell
) -> None:
    """Make and lint a mail with every sample, all of them in one child with its limits."""
    with KeptApart(templates) as apart:
        for job in jobs:
            tell(f"{mail}: {job.sample}")
            try:
                data = job.make(apart)
            except DigestError as error:
                finding = Finding(RULES["template-broken"], _what(error), f"email/{mail}")
                result.add(mail, job.sample, finding)
                return
            result.rehearsed.append(Rehearsed(mail, job.sample, len(data)))
            for finding in lint_message(data, bulk=mail == EDITION):
                result.add(mail, job.sample, finding)


def _what(error: DigestError) -> str:
    """What is wrong, without the remedy where that is the rule's own."""
    if isinstance(error, TemplateBrokenError):
        return f"{error.facts['place']}: {error.facts['why']}"
    return str(error)


def _editions(press: Press) -> Iterator[_Job]:
    """The edition of each newsletter that looks its own way, with every sample."""
    for masthead in _mastheads(press.settings):
        for sample in sample_editions(masthead, languages()):
            yield _Job(sample.name, partial(_edition, press, sample))


def _edition(press: Press, sample: Sample, templates: Templates) -> bytes:
    press = replace(press, templates=templates)
    return proof_of_document(press, sample.document, sample.choice).message


def _mastheads(settings: Settings) -> Iterator[Masthead]:
    themes = []
    for newsletter in settings.newsletters:
        theme = settings.theme_of(newsletter)
        if theme not in themes:
            themes.append(theme)
            zone, language = str(settings.zone(newsletter)), settings.language(newsletter)
            yield Masthead(newsletter.slug, newsletter.title, zone, language)


def _notices(press: Press, mail: str) -> Iterator[_Job]:
    """A mail to the desk, in its language and one that is written the other way."""
    settings, now = press.settings, press.clock()
    for language in dict.fromkeys((settings.site.language, RIGHT_TO_LEFT)):
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
            make = partial(_notice, notice, spoken, now)
            yield _Job(f"facts {number} in {language}", make)


def _notice(notice: Notice, settings: Settings, now: datetime, templates: Templates) -> bytes:
    return write(notice, settings, [templates], now)[1]
