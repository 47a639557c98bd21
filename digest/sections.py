"""Section paths: `World » Ukraine` is a place in a tree, matched without regard to case."""

import unicodedata
from collections.abc import Sequence

SEPARATOR = " » "


def split_path(path: str | Sequence[str]) -> tuple[str, ...]:
    """The parts of a section path, outermost first, each trimmed; `()` for an empty path.

    Takes `"World » Ukraine"` or a sequence of parts.
    """
    parts = path.split("»") if isinstance(path, str) else path
    cleaned = (" ".join(part.split()) for part in parts)
    return tuple(part for part in cleaned if part)


def join_path(parts: Sequence[str]) -> str:
    """The written form of a path: `World » Ukraine`."""
    return SEPARATOR.join(parts)


def section_key(path: str | Sequence[str]) -> str:
    """What two spellings of one section share: normalised (NFKC) and case-folded."""
    folded = unicodedata.normalize("NFKC", join_path(split_path(path))).casefold()
    # Split once more: normalising can bring spaces to light.
    return join_path(split_path(unicodedata.normalize("NFKC", folded)))


def is_within(key: str, ancestor: str) -> bool:
    """Whether the section with `key` is `ancestor` or lies below it (both are keys)."""
    return key == ancestor or key.startswith(ancestor + SEPARATOR)


def ancestors(key: str) -> list[str]:
    """The key itself and the keys of the sections above it, deepest first."""
    parts = split_path(key)
    return [join_path(parts[:depth]) for depth in range(len(parts), 0, -1)]
