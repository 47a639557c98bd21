"""Strings that were written to do harm, out of a folder of corpora."""

import ast
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

CORPORA = ("injection-strings", "naughty-strings", "html-sanitise")
# Where a corpus tells more than the string itself, the string stands under one of these names.
_NAMES = ("payload", "value", "url")
_RUST = re.compile(r'r#"(.*?)"#|"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ORDER = 2026


class Hostile(NamedTuple):
    """A string and where it comes from."""

    corpus: str
    place: str
    text: str


def read_strings(folder: Path) -> list[Hostile]:
    """Every string of the corpora below the folder, each once, in an order of chance.

    Neighbours in a corpus are variants of each other, and would be one story in a newspaper: apart,
    each is a story of its own.

    Raises:
        SystemExit: one of the corpora is not there.
    """
    found: dict[str, Hostile] = {}
    for corpus in CORPORA:
        below = folder / corpus
        if not below.is_dir():
            raise SystemExit(f"{folder} has no folder {corpus}: unpack the corpora there")
        for path in sorted(file for file in below.rglob("*") if file.is_file()):
            place = str(path.relative_to(below))
            for number, text in enumerate(strings_of(path)):
                found.setdefault(text, Hostile(corpus, f"{place}#{number}", text))
    strings = list(found.values())
    random.Random(_ORDER).shuffle(strings)
    return strings


def strings_of(path: Path) -> Iterator[str]:
    """The strings of one file, as far as files of its kind hold any."""
    match path.suffix:
        case ".json":
            yield from _of_json(json.loads(path.read_text(encoding="utf-8")))
        case ".test":  # what goes in, a line of dashes, and what is to come out
            yield path.read_text(encoding="utf-8").partition("\n--")[0]
        case ".xml":
            yield from _of_feed(path.read_bytes())
        case ".py":
            tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            values = (node.value for node in tree if isinstance(node, ast.Constant))
            yield from (value for value in values if isinstance(value, str))
        case ".rs":
            code = path.read_text(encoding="utf-8")
            yield from (raw or plain for raw, plain in _RUST.findall(code))


def _of_json(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _of_json(item)
        case dict():
            named = [value[name] for name in _NAMES if name in value]
            yield from _of_json(named or list(value.values()))


def _of_feed(data: bytes) -> Iterator[str]:
    """What the elements of a feed hold: text, and markup within."""
    try:
        root = ET.fromstring(data)  # noqa: S314 - files of a corpus that is known
    except ET.ParseError:
        return  # it goes in as a feed, all the same
    for element in root.iter():
        text = (element.text or "").strip()
        if text:
            yield text
        if len(element) and all(not len(child) for child in element):
            yield "".join(ET.tostring(child, encoding="unicode") for child in element)
