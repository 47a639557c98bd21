"""Brings the catalogs up to date: `python -m tests.messages`, or with the tag of a new language.

It stands with the tests because the program has no use for it, and because a test asks of each
catalog what it asks: is every message there, and no other?
"""

import io
import re
import sys
from collections.abc import Iterator, Sequence
from gettext import c2py
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

from digest.config_types import check_language

ROOT = Path(__file__).parent.parent
CATALOGS = ROOT / "digest" / "rendering" / "locale"
_PLACE = re.compile(r"%\(\w+\)s")
_KEYWORDS = {"_": None, "word": None, "count": (1, 2)}
_SOURCES = {
    "digest/rendering": [("**.py", "python")],
    "templates/email": [("**.html", "jinja2"), ("**.txt", "jinja2")],
    # The preview is the desk's own, in English.
    "templates/web": [("preview*.html", "ignore"), ("**.html", "jinja2")],
}


def messages() -> Catalog:
    """Every message of the code and the templates, with the files that it stands in."""
    found = Catalog(charset="utf-8")
    for folder, methods in _SOURCES.items():
        for name, _, message, _, _ in extract_from_dir(ROOT / folder, methods, keywords=_KEYWORDS):
            found.add(message, locations=[(f"{folder}/{name}", 0)])
    return found


def catalogs() -> list[tuple[str, Path]]:
    """The catalogs that there are, each with its language."""
    return [(path.parts[-3], path) for path in sorted(CATALOGS.glob("*/LC_MESSAGES/digest.po"))]


def read(language: str, path: Path) -> Catalog:
    """A catalog as it is in its file."""
    with path.open("rb") as source:
        return read_po(source, locale=language)


def update(language: str, path: Path) -> None:
    """Add what is new, to be translated; drop what is no more. What was translated stays as it is.

    The messages are English: that catalog is complete by itself.
    """
    catalog = read(language, path)
    # A guess would be there to be overlooked.
    catalog.update(messages(), no_fuzzy_matching=True)
    if language == "en":
        for message in catalog:
            message.string = message.id or message.string
    # Babel's own head would hold times, and names for somebody to fill in.
    head = path.read_bytes().partition(b"\n\n")[0] + b"\n\n"
    body = io.BytesIO()
    write_po(body, catalog, width=100, omit_header=True, ignore_obsolete=True, include_lineno=False)
    path.write_bytes(head + body.getvalue())


def problems(catalog: Catalog) -> Iterator[str]:
    """What keeps a catalog from saying all that the mails say, a line each."""
    wanted, of_form = messages(), forms(catalog)
    for message in wanted:
        if not message.id:
            continue
        there = catalog.get(message.id)
        texts = _texts(there.string or "") if there else ("",)
        if not there or not all(texts):
            yield f"not translated: {message.id}"
            continue
        if there.fuzzy:
            yield f"only guessed: {message.id}"
        if len(texts) != (len(of_form) if message.pluralizable else 1):
            yield f"{len(texts)} forms, not {len(of_form)}: {message.id}"
        for form, text in enumerate(texts):
            # What stands for one number alone may have it as a word: "a story".
            as_word = message.pluralizable and len(of_form.get(form, ())) == 1
            if not _fits(text, _texts(message.id)[-1], as_word=as_word):
                yield f"other placeholders: {text}"
    for message in catalog:
        if message.id and message.id not in wanted:
            yield f"no longer used: {message.id}"


def forms(catalog: Catalog) -> dict[int, set[int]]:
    """The numbers up to a thousand that each plural form stands for."""
    found: dict[int, set[int]] = {form: set() for form in range(catalog.num_plurals)}
    form_of = c2py(catalog.plural_expr)
    for number in range(1001):
        found[form_of(number)].add(number)
    return found


def _texts(text: str | Sequence[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _fits(text: str, original: str, *, as_word: bool) -> bool:
    """Whether a translation has the places of the original, and no other."""
    own, wanted = set(_PLACE.findall(text)), set(_PLACE.findall(original))
    return "%" not in _PLACE.sub("", text) and (own == wanted or (as_word and own < wanted))


def begin(tag: str) -> None:
    """Begin the catalog of a language, unless there is one, with Babel's plural forms for it.

    Raises:
        ValueError: it is no language.
    """
    locale = Locale.parse(check_language(tag).replace("-", "_"))
    path = CATALOGS / str(locale) / "LC_MESSAGES" / "digest.po"
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    head = [
        f"# The furniture of the mail in {locale.get_display_name('en')}.",
        'msgid ""',
        'msgstr ""',
        '"Project-Id-Version: digest\\n"',
        f'"Language: {locale}\\n"',
        '"MIME-Version: 1.0\\n"',
        '"Content-Type: text/plain; charset=utf-8\\n"',
        '"Content-Transfer-Encoding: 8bit\\n"',
        f'"Plural-Forms: {get_plural(locale)}\\n"',
    ]
    path.write_text("\n".join(head) + "\n\n", encoding="utf-8")


def main() -> None:
    """Begin the catalogs of the languages that are named, update all, and say what they lack."""
    try:
        for tag in sys.argv[1:]:
            begin(tag)
    except ValueError as error:
        sys.exit(str(error))
    for language, path in catalogs():
        update(language, path)
        for problem in problems(read(language, path)):
            print(f"{language}: {problem}")  # noqa: T201 - a script for a terminal


if __name__ == "__main__":
    main()
