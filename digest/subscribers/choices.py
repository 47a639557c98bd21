"""What a subscriber may choose, checked against the newsletters that there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from digest.config import Newsletter, Settings
from digest.config_types import check_language, check_zone
from digest.errors import NewsletterNeededError, UnknownSectionError, UsageError
from digest.sections import is_within, join_path, section_key, split_path
from digest.text import one_line

Choices = Mapping[str, list[str] | None]
"""For each newsletter's slug the section paths chosen in it; None where nothing was said."""

_LONGEST_NAME = 200


@dataclass(frozen=True)
class Profile:
    """What is said of a person: None leaves what is known, an empty string clears it."""

    name: str | None = None
    timezone: str | None = None
    language: str | None = None

    def __bool__(self) -> bool:
        return self != Profile()


def read_profile(
    name: str | None = None, timezone: str | None = None, language: str | None = None
) -> Profile:
    """A profile whose name is a clean line and whose zone and language exist.

    Raises:
        UsageError: one does not, with a name that would do.
    """
    try:
        return Profile(
            name=None if name is None else one_line(name, _LONGEST_NAME),
            timezone=check_zone(timezone) if timezone else timezone,
            language=check_language(language) if language else language,
        )
    except ValueError as error:
        raise UsageError(detail=str(error)) from error


def several(text: str) -> list[str]:
    """The values that semicolons part in `text`, trimmed, without the empty ones."""
    return [value for part in text.split(";") if (value := part.strip())]


def read_choices(
    settings: Settings, newsletters: Sequence[str], sections: Iterable[str] = ()
) -> Choices:
    """The named newsletters, or the only one there is; in each the sections chosen that fit it.

    A section fits a newsletter when it is one of the newsletter's, or lies below or above one.

    Raises:
        NewsletterNeededError: none is named, and there is not exactly one.
        UnknownNewsletterError: there is no newsletter of that name.
        UnknownSectionError: a section fits no newsletter named, or none fits one of them.
    """
    chosen = _named(settings, newsletters)
    paths = [join_path(split_path(path)) for text in sections for path in several(text)]
    if not paths:
        return {newsletter.slug: None for newsletter in chosen}
    choices = {newsletter.slug: _fitting(newsletter, paths) for newsletter in chosen}
    fitting = {section_key(path) for found in choices.values() for path in found}
    strange = [path for path in paths if section_key(path) not in fitting]
    for newsletter in chosen:
        if strange or not choices[newsletter.slug]:
            raise UnknownSectionError(
                newsletter=newsletter.slug,
                section="; ".join(strange or paths),
                known=", ".join(newsletter.sections),
            )
    return choices


def _named(settings: Settings, slugs: Sequence[str]) -> list[Newsletter]:
    if slugs:
        return [settings.newsletter(slug) for slug in dict.fromkeys(slugs)]
    if len(settings.newsletters) != 1:
        known = ", ".join(newsletter.slug for newsletter in settings.newsletters) or "none"
        raise NewsletterNeededError(known=known)
    return list(settings.newsletters)


def _fitting(newsletter: Newsletter, paths: Iterable[str]) -> list[str]:
    """Those paths that fit, each once, spelt as the newsletter spells them."""
    spelling = dict(zip(newsletter.section_keys, newsletter.sections, strict=True))
    found = {}
    for path in paths:
        key = section_key(path)
        if any(is_within(key, own) or is_within(own, key) for own in spelling):
            found[key] = spelling.get(key, path)
    return list(found.values())
