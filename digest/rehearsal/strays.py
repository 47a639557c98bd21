"""Files in a publisher's folder that take the place of none of ours: by a slip, often."""

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from digest.rendering import Templates

_ENDINGS = {".htm", ".html", ".txt"}
"""Of templates; a folder may also hold what keeps its history, or was left by an editor."""


class Stray(NamedTuple):
    """A file that no mail and no page is made of; `nearest` is one of ours, where one is near."""

    file: Path
    name: Path
    nearest: str


def strays(templates: Templates) -> Iterator[Stray]:
    """The publisher's files that replace none of ours, and that no other file of theirs names.

    A name that a template puts together while it runs is not seen.
    """
    ours = {file.relative_to(templates.folders[-1]) for file in _files(templates.folders[-1])}
    own = [(file, file.relative_to(folder)) for folder in templates.own for file in _files(folder)]
    texts = {file: _text(file) for file, _ in own}
    for file, name in own:
        others = (text for other, text in texts.items() if other != file)
        if name not in ours and not _is_named(name, others):
            yield Stray(file, name, _nearest(name, ours))


def _files(folder: Path) -> list[Path]:
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in _ENDINGS
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        and file.is_file()
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:  # told where it is used
        return ""


def _is_named(name: Path, texts: Iterable[str]) -> bool:
    """Whether it is written as whatever includes, imports or extends it writes it."""
    quoted = (f'"{name.as_posix()}"', f"'{name.as_posix()}'")
    return any(each in text for text in texts for each in quoted)


def _nearest(name: Path, ours: Iterable[Path]) -> str:
    """By the name alone in a folder that we have as well, elsewhere by the whole path."""
    beside = [path.name for path in ours if path.parent == name.parent]
    known, written = (beside, name.name) if beside else ([p.as_posix() for p in ours], str(name))
    return next(iter(difflib.get_close_matches(written, known, n=1)), "")
