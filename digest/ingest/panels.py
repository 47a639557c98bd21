"""Panels: small blocks under the masthead, whose data others keep up to date as JSON.

An edition never waits long for them and never fails on them: a panel that has nothing good to show
is left out, with a warning.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from digest.config import Newsletter, Settings
from digest.config import Panel as Declared
from digest.errors import DigestError, PanelUnusableError
from digest.ingest.fetch import fetch
from digest.ingest.identity import without_credentials
from digest.store.document import Figure, Panel
from digest.text import one_line

_AT_ONCE = 8

_log = logging.getLogger(__name__)

# What all panels of an edition may have. They are in every mail, and nothing of them is shed.
_FIGURES = 24
_CHARACTERS = 4_000


def _seen(text: str) -> str:
    if not one_line(text):
        raise PydanticCustomError("string_too_short", "it is empty")
    return text


_Words = StringConstraints(strip_whitespace=True)


class _FigureData(BaseModel):
    label: Annotated[str, _Words, Field(max_length=40), AfterValidator(_seen)]
    value: Annotated[str, _Words, Field(max_length=60), AfterValidator(_seen)]
    url: Annotated[str, Field(max_length=300, pattern="^(https?://|$)")] = ""


class PanelData(BaseModel):
    """What a panel's source holds, until when; see docs/reference/panels.md."""

    expires: Annotated[AwareDatetime, Field(strict=True)]
    figures: tuple[_FigureData, ...] = Field(min_length=1, max_length=12)


def read_panels(settings: Settings, newsletter: Newsletter, now: datetime) -> tuple[Panel, ...]:
    """The panels of a newsletter as they are now; one that is of no use is left out.

    So is one that there is no room for beside those declared before it.
    """
    declared = settings.panels_of(newsletter)
    if not declared:
        return ()
    with ThreadPoolExecutor(min(len(declared), _AT_ONCE)) as pool:
        read = list(pool.map(lambda panel: _read_or_warn(panel, settings, now), declared))
    kept: list[Panel] = []
    for panel in filter(None, read):
        figures = [figure for one in (*kept, panel) for figure in one.figures]
        told = sum(len(part) for figure in figures for part in figure.model_dump().values())
        if len(figures) <= _FIGURES and told <= _CHARACTERS:
            kept.append(panel)
            continue
        _log.warning(
            'the panel "%s" is left out: the panels of an edition may have %d figures and %s '
            "characters in all (see docs/reference/panels.md)",
            panel.name,
            _FIGURES,
            f"{_CHARACTERS:,}",
        )
    return tuple(kept)


def _read_or_warn(panel: Declared, settings: Settings, now: datetime) -> Panel | None:
    try:
        return read_panel(panel, settings, now)
    except DigestError as error:
        _log.warning('the panel "%s" is left out: %s', panel.name, error)
        return None


def read_panel(panel: Declared, settings: Settings, now: datetime) -> Panel:
    """A panel as it is now.

    Raises:
        FetchError: its address does not give it.
        PanelUnusableError: its file does not, or what there is has another form or is too old.
    """
    source, data = _source(panel, settings, now)
    try:
        told = PanelData.model_validate_json(data)
    except ValidationError as error:
        raise PanelUnusableError(source=source, why=_in_words(error)) from error
    if told.expires <= now:
        raise PanelUnusableError(source=source, why=f"it was good until {told.expires.isoformat()}")
    return Panel(
        name=panel.name,
        title=panel.title or "",
        figures=tuple(Figure(**figure.model_dump()) for figure in told.figures),
    )


def _source(panel: Declared, settings: Settings, now: datetime) -> tuple[str, bytes]:
    """Where a panel's data come from, fit to be shown, and the data."""
    if panel.file is None:
        bounds = {"timeout": panel.timeout, "max_bytes": panel.max_bytes}
        bounded = settings.ingest.model_copy(update=bounds)
        fetched = fetch(panel.source, bounded, now=now, table="[[panels]]")
        return without_credentials(panel.source), fetched.data or b""
    path = settings.within(panel.file)
    return str(path), _bounded(path, panel.max_bytes)


def _bounded(path: Path, limit: int) -> bytes:
    try:
        # What is no file (a pipe, a terminal) could keep its reader waiting for ever.
        if not path.is_file():
            raise PanelUnusableError(source=path, why="there is no such file")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise PanelUnusableError(source=path, why=error.strerror) from error
    if len(data) > limit:
        why = f"it is larger than {limit:,} bytes: see [[panels]] max_bytes"
        raise PanelUnusableError(source=path, why=why)
    return data


_INSTANT = "write it like 2026-03-03T09:00:00+02:00"
# By the first words of pydantic's name for the mistake.
_MISTAKES = {
    "json": "it is no JSON ({error})",
    "missing": "it is missing",
    "timezone": f"it has no offset: {_INSTANT}",
    "date": f"it is no instant: {_INSTANT}",
    "string_type": 'write it as text, in quotes: "4°"',
    "string_too_short": "it is empty",
    "string_too_long": "it is longer than {max_length} characters",
    "string_pattern": "write a web address that begins with https://",
    "string_unicode": "it holds half a character",
    "tuple": "write a list: [ … ]",
    "too_short": "it is empty: write one or more",
    "too_long": "it has more than {max_length} entries",
    "model": "write an object: {{ … }}",
}


def _in_words(error: ValidationError) -> str:
    """The first thing that is wrong, with its place."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = "".join(
        f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in first["loc"]
    )
    fitting = (text for kind, text in _MISTAKES.items() if first["type"].startswith(kind))
    said = next(fitting, "{msg}").format(**first.get("ctx", {}), msg=first["msg"])
    if place:
        said = f"{place.removeprefix('.')}: {said}"
    return f"{one_line(said, 200)} (see docs/reference/panels.md)"
