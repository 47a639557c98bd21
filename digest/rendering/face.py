"""What templates see of a theme: plain values.

A setting is an object of pydantic's, whose methods read files and unpickle. Jinja2's sandbox lets
templates call what has no underscore before its name, so no such object goes to one.
"""

from dataclasses import dataclass

from digest.config import Theme


@dataclass(frozen=True)
class PaletteView:
    """The colours of one scheme, as `#rrggbb`."""

    ground: str
    paper: str
    ink: str
    soft: str
    rule: str
    wash: str
    accent: str


@dataclass(frozen=True)
class LogoView:
    """The picture that stands for a newsletter's title; `width` in pixels."""

    url: str
    width: int
    alt: str


@dataclass(frozen=True)
class ThemeView:
    """A theme. Widths are in pixels, fonts as CSS has them."""

    width: int
    column: int
    headline_stack: str
    text_stack: str
    headline_stack_on_windows: str
    text_stack_on_windows: str
    light: PaletteView
    dark: PaletteView
    logo: LogoView | None


def face(theme: Theme) -> ThemeView:
    """A theme as templates see it."""
    logo = theme.logo
    return ThemeView(
        width=theme.width,
        column=theme.column,
        headline_stack=theme.headline_stack,
        text_stack=theme.text_stack,
        headline_stack_on_windows=theme.headline_stack_on_windows,
        text_stack_on_windows=theme.text_stack_on_windows,
        light=PaletteView(**theme.light.model_dump()),
        dark=PaletteView(**theme.dark.model_dump()),
        logo=LogoView(logo.url, logo.width, logo.alt) if logo else None,
    )
