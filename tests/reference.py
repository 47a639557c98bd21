"""Writes the reference of commands, settings, replies and the lint: `python -m tests.reference`.

It stands with the tests because the program has no use for it, and because a test compares what
it writes with the pages in docs/reference.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.main import get_command

from digest.bootstrap import example_configuration
from digest.cli import COMMANDS, app
from digest.config import Settings
from tests.lint_page import lint_page
from tests.replies import replies_page

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"

_COMMANDS_HEAD = """\
# Commands

<!-- Written by `make docs` from the program itself: change the code, not this page. -->

`digest [--config PATH] COMMAND`. Results go to standard output, logs and progress to standard
error. With `--json` a command prints one JSON document and nothing else there. Exit status: 0 done;
1 done in part or failed, said in words; 2 wrong usage or configuration.
"""

_SETTINGS_HEAD = """\
# Settings

<!-- Written by `make docs` from the program and config.example.toml: change those. -->

Settings stand in `digest.toml` in the working directory, in the file that `--config` names, or in
the one that `$DIGEST_CONFIG` names. A variable such as `DIGEST_SMTP__PORT` sets `port` in `[smtp]`
and wins over the file. Lengths of time are written "90s", "15m", "48h" or "7d"; paths are relative
to the configuration file. Every unknown key and every bad value is reported, each on a line of its
own, with exit status 2.
"""


def commands_page() -> str:
    """docs/reference/commands.md."""
    # Typer carries click within itself and does not export its types: hence `Any`.
    root: Any = get_command(app)
    context = typer.Context(root, info_name="digest")
    lines = [_COMMANDS_HEAD, "| command | does |", "|---|---|"]
    lines += [f"| [`{name}`](#digest-{name}) | {what} |" for name, (_, what) in COMMANDS.items()]
    lines += ["", "Options of `digest` itself, which stand before the command:", ""]
    lines += _parameters(root, context)
    for name in COMMANDS:
        lines += _command(root.get_command(context, name), name, context)
    return "\n".join(lines).rstrip() + "\n"


def _command(command: Any, name: str, parent: typer.Context) -> Iterator[str]:
    context = typer.Context(command, info_name=name, parent=parent)
    depth = "##" if parent.parent is None else "###"
    yield from ("", f"{depth} {context.command_path}")
    if command.help:
        yield from ("", _paragraphs(command.help))
    nested = list(command.list_commands(context)) if hasattr(command, "list_commands") else []
    if not nested:
        usage = " ".join(command.get_usage(context).removeprefix("Usage: ").split())
        yield from ("", f"    {usage}", "")
        yield from _parameters(command, context)
    for inner in nested:
        yield from _command(command.get_command(context, inner), inner, context)


def _paragraphs(help_text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in help_text.split("\n\n"))


def _parameters(command: Any, context: typer.Context) -> Iterator[str]:
    yield from ("| argument or option | meaning |", "|---|---|")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and record[0] != "--help":
            name, meaning = (" ".join(text.split()).replace("|", "\\|") for text in record)
            yield f"| `{name}` | {meaning} |"


def settings_page() -> str:
    """docs/reference/settings.md."""
    meanings, examples = _comments(), tomllib.loads(_uncommented())
    lines = [_SETTINGS_HEAD.rstrip()]
    told: dict[type[BaseModel], str] = {}
    for table, field in Settings.model_fields.items():
        model, many = _model(field)
        title = f"[[{table}]]" if many else f"[{table}]"
        if model in told:
            lines += [
                "",
                f"## {title}",
                "",
                f"Others beside {told[model]}, with the same settings.",
            ]
            continue
        told[model] = f"`{title}`"
        example = examples[table][0] if many else examples[table]
        lines += _table(title, model, example, table, meanings, told)
    return "\n".join(lines) + "\n"


def _table(
    title: str,
    model: type[BaseModel],
    example: dict[str, Any],
    table: str,
    meanings: dict[tuple[str, str], str],
    told: dict[type[BaseModel], str],
) -> Iterator[str]:
    about = " ".join((model.__doc__ or "").split()).partition(": ")[2].partition("; [[")[0]
    about = about.rstrip(".") + "."
    yield from ("", f"## {title}", "", f"{about[:1].upper()}{about[1:]}", "")
    yield from ("| key | unless set | for example | meaning |", "|---|---|---|---|")
    inner: list[str] = []
    for name, setting in model.model_fields.items():
        key = setting.alias or name
        if isinstance(example[key], dict):
            part, named = _model(setting)[0], f"{table}.{name}"
            if part in told:
                inner += ["", f"## [{named}]", "", f"As {told[part]}, in place of what it says."]
            else:
                told[part] = f"`[{named}]`"
                inner += _table(f"[{named}]", part, example[key], named, meanings, told)
        else:
            shown = _cell(example[key])
            yield f"| `{key}` | {_default(setting)} | {shown} | {meanings[table, key]} |"
    yield from inner


def _model(field: FieldInfo) -> tuple[type[BaseModel], bool]:
    """The model of a table, and whether the table may stand there several times."""
    inner = get_args(field.annotation)
    model: type[BaseModel] = inner[0] if inner else field.annotation  # type: ignore[assignment] # every field of Settings is a table
    return model, bool(inner)


def _uncommented() -> str:
    """The example configuration with its commented-out settings switched on."""
    return re.sub(r"(?m)^# (\w+ = |\[)", r"\1", example_configuration())


def _comments() -> dict[tuple[str, str], str]:
    """What the example configuration says of each setting, by table and key."""
    said: dict[tuple[str, str], str] = {}
    table, key = "", ""
    for line in _uncommented().splitlines():
        if heading := re.match(r"\[+([\w.]+)\]+", line):
            table, key = heading[1], ""
        elif setting := re.match(r"""(\w+) = (?:"[^"]*"|[^"#])+?\s*(?:#\s*(.*))?$""", line):
            key = setting[1]
            said[table, key] = setting[2] or ""
        elif key and (more := re.match(r"\s+#\s*(.*)", line)):
            said[table, key] += f" {more[1]}"
    return {place: text.replace("|", "\\|") for place, text in said.items()}


def _default(setting: FieldInfo) -> str:
    return "*required*" if setting.is_required() else _cell(setting.default)


def _cell(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return "–" if text in {"null", '""'} else f"`{text}`"


def _plain(value: object) -> str:
    return _length(value) if isinstance(value, timedelta) else str(value)


def _length(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


PAGES = {
    "commands.md": commands_page,
    "lint.md": lint_page,
    "replies.md": replies_page,
    "settings.md": settings_page,
}


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
