"""A publisher's own face: the tables of `digest.toml` for theme, logo and panels."""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from math import floor
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from digest.config_types import Link, OneLine, PositiveDuration, Slug, Table, check_link
from digest.contrast import LEGIBLE, contrast, legible_shade
from digest.text import one_line

# What Windows has: Outlook's Word engine shows Times New Roman for a list with none of these.
_ON_WINDOWS = {
    *("Arial", "Calibri", "Cambria", "Constantia", "Courier New", "Garamond", "Georgia"),
    *("Palatino Linotype", "Segoe UI", "Tahoma", "Times New Roman", "Trebuchet MS", "Verdana"),
}
_GENERIC = {"serif", "sans-serif", "monospace"}
_MARGINS = 48
"""Pixels of the paper's width that are no column: 24 at each side."""


def _colour(text: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise ValueError(
            f'"{one_line(text, 40)}" is no colour: write "#" and six hexadecimal digits, "#9a1f2b"'
        )
    return text.lower()


def _fonts(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9-]+( [A-Za-z0-9-]+)*", name):
            raise ValueError(
                f'"{one_line(name, 40)}" is no name of a font: write letters, digits, hyphens and '
                "single spaces"
            )
    if names[-1] not in _GENERIC:
        raise ValueError(f"the last must be one of {', '.join(sorted(_GENERIC))}: add it")
    if not _ON_WINDOWS & set(names):
        known = ", ".join(sorted(_ON_WINDOWS))
        raise ValueError(f"Outlook for Windows has none of these: add one of {known}")
    return names


Colour = Annotated[str, AfterValidator(_colour)]
Fonts = Annotated[tuple[str, ...], Field(min_length=1, max_length=10), AfterValidator(_fonts)]


class Palette(Table):
    """The colours of one scheme."""

    ground: Colour
    paper: Colour
    ink: Colour
    soft: Colour
    rule: Colour
    wash: Colour
    accent: Colour

    def faint(self) -> Iterator[str]:
        """A line for each colour of text that is hard to read on the paper or on a wash."""
        for name in ("ink", "soft", "accent"):
            colour: str = getattr(self, name)
            ratio, under, ground = min(
                (contrast(colour, ground), under, ground)
                for under, ground in (("paper", self.paper), ("wash", self.wash))
            )
            if ratio < LEGIBLE:
                # Cut, not rounded: 4.499 is not 4.5.
                measured = floor(ratio * 100) / 100
                yield (
                    f"{name}: text of {colour} on the {under} {ground} has a contrast of "
                    f"{measured:.2f}:1 and needs {LEGIBLE}:1 (WCAG 2.2): write "
                    f'"{legible_shade(colour, ground)}", or change the {under}'
                )


class Light(Palette):
    """[theme.light]: the colours by day, and wherever a mail program knows no dark."""

    ground: Colour = "#f3f1ec"
    paper: Colour = "#fffdf9"
    ink: Colour = "#1b1a18"
    soft: Colour = "#5d5a54"
    rule: Colour = "#d9d4c9"
    wash: Colour = "#f6f2ea"
    accent: Colour = "#9a1f2b"


class Dark(Palette):
    """[theme.dark]: the colours where the reader's mail program is dark."""

    ground: Colour = "#111214"
    paper: Colour = "#1a1b1e"
    ink: Colour = "#ecebe8"
    soft: Colour = "#a9a6a0"
    rule: Colour = "#34353a"
    wash: Colour = "#212226"
    accent: Colour = "#ff8f8a"


class Logo(Table):
    """[theme.logo]: a picture that stands for the title on the masthead."""

    url: Link
    width: int = Field(ge=40)
    alt: str = Field(default="", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")


class Theme(Table):
    """[theme]: how mails look, of all newsletters or of one."""

    width: int = Field(default=640, ge=480, le=720)
    headline_fonts: Fonts = ("Georgia", "serif")
    text_fonts: Fonts = ("-apple-system", "Segoe UI", "Arial", "sans-serif")
    light: Light = Light()
    dark: Dark = Dark()
    logo: Logo | None = None

    @property
    def column(self) -> int:
        """Pixels between the margins of the paper, where text and pictures stand."""
        return self.width - _MARGINS

    @property
    def headline_stack(self) -> str:
        """The fonts of headlines, as CSS has them."""
        return _stack(self.headline_fonts)

    @property
    def text_stack(self) -> str:
        """The fonts of everything else, as CSS has them."""
        return _stack(self.text_fonts)

    @property
    def headline_stack_on_windows(self) -> str:
        """As `headline_stack`, for an engine that takes the first name to be there."""
        return _stack(_on_windows(self.headline_fonts))

    @property
    def text_stack_on_windows(self) -> str:
        """As `text_stack`, for an engine that takes the first name to be there."""
        return _stack(_on_windows(self.text_fonts))

    def over(self, other: "Theme") -> "Theme":
        """The other theme, with what this one says itself in place of it."""
        return Theme.model_validate(
            _laid_over(self.model_dump(exclude_unset=True), other.model_dump(exclude_unset=True))
        )

    def problems(self) -> Iterator[str]:
        """What no value can say by itself, a line each, begun with the setting's place."""
        for scheme, palette in (("light", self.light), ("dark", self.dark)):
            for problem in palette.faint():
                yield f"{scheme}.{problem}"
        if self.logo and self.logo.width > self.column:
            yield f"logo.width: the masthead is {self.column} pixels wide: write so many or less"


def _stack(names: Iterable[str]) -> str:
    # Quoted, the words that stand for no font but for a kind of them would mean a font.
    bare = re.compile(r"-?[A-Za-z]+(-[A-Za-z]+)*")
    return ",".join(name if bare.fullmatch(name) else f"'{name}'" for name in names)


def _on_windows(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name in _ON_WINDOWS | _GENERIC)


def _laid_over(own: dict[str, object], under: dict[str, object]) -> dict[str, object]:
    merged = under | own
    for name in own.keys() & under.keys():
        upper, lower = own[name], under[name]
        if isinstance(upper, dict) and isinstance(lower, dict):
            merged[name] = _laid_over(upper, lower)
    return merged


def _source(text: str) -> str:
    if "://" in text:
        return check_link(text)
    if not text.strip() or "\0" in text:
        raise ValueError("this names neither a file nor a web address")
    return text


class Panel(Table):
    """[[panels]]: small blocks under the masthead, such as weather and rates."""

    name: Slug
    source: Annotated[str, AfterValidator(_source)]
    title: OneLine | None = None
    newsletters: tuple[Slug, ...] = ()
    timeout: PositiveDuration = timedelta(seconds=10)
    max_bytes: int = Field(default=100_000, ge=100, le=10_000_000)

    @property
    def file(self) -> Path | None:
        """The file that it comes from; None where that is a web address."""
        return None if "://" in self.source else Path(self.source)
