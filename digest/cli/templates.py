"""`digest templates` and `digest lint`: what is wrong with mails, told before they go out."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.common import Json, done_in_part, many, one_command, program, say

if TYPE_CHECKING:
    from digest.rehearsal import Fault, Result
    from digest.rendering.lint import Finding

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Check the templates of mails.",
)
lint = one_command()


@app.callback()
def templates() -> None:
    """Check the templates of mails."""


@app.command()
def check(context: typer.Context, as_json: Json = False) -> None:
    """Render every mail with awkward data and lint it: your templates before ours.

    Ends with 1 if there is an error; warnings alone end with 0.
    """
    from digest.cli.progress import working
    from digest.rehearsal import check_templates

    with working() as tell:
        result = check_templates(program(context).press, tell)
    data = {
        "mails": [rehearsed._asdict() for rehearsed in result.rehearsed],
        "findings": [_fault_data(fault) for fault in result.faults],
        "errors": result.errors,
        "warnings": len(result.faults) - result.errors,
    }
    say(data, _check_lines(result), as_json=as_json)
    done_in_part(complete=not result.errors)


@lint.command()
def lint_files(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Mails (.eml) or pages (.html); - reads."),
    ],
    single: Annotated[
        bool, typer.Option("--single", help="Mails to one person, without the rules of bulk.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Lint mails of your own: what clients do not support, links, images, size, headers.

    Needs no configuration. Ends with 1 if there is an error; warnings alone end with 0.
    """
    from digest.rendering.lint import Severity

    found = [(str(file), _lint(file, bulk=not single)) for file in files]
    everything = [finding for _, findings in found for finding in findings]
    errors = sum(finding.rule.severity is Severity.ERROR for finding in everything)
    data = {
        "files": [
            {"file": file, "findings": [_finding_data(finding) for finding in findings]}
            for file, findings in found
        ],
        "errors": errors,
        "warnings": len(everything) - errors,
    }
    lines = [line for file, findings in found for line in _file_lines(file, findings)]
    say(data, [*lines, _counted(errors, len(everything) - errors)], as_json=as_json)
    done_in_part(complete=not errors)


def _lint(file: Path, *, bulk: bool) -> "Iterable[Finding]":
    from digest.errors import CannotReadError
    from digest.rendering.lint import lint_html, lint_message

    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CannotReadError(path=file, why=error.strerror) from error
    if file.suffix.lower() in {".html", ".htm"}:
        return lint_html(data.decode("utf-8", "replace"))
    return lint_message(data, bulk=bulk)


def _file_lines(file: str, findings: "Iterable[Finding]") -> Iterator[str]:
    for finding in findings:
        yield f"{file}: {finding.rule.severity} {finding.rule.name}: {finding.what}"
        yield from _where(finding)


def _check_lines(result: "Result") -> Iterator[str]:
    for fault in result.faults:
        finding = fault.finding
        also = f" and {many(fault.samples - 1, 'other sample')}" if fault.samples > 1 else ""
        sample = f" ({fault.sample}{also})" if fault.sample else ""
        yield f"{fault.mail}{sample}: {finding.rule.severity} {finding.rule.name}: {finding.what}"
        yield from _where(finding)
    mails = {rehearsed.mail for rehearsed in result.rehearsed}
    yield (
        f"{many(len(mails), 'mail')} with {many(len(result.rehearsed), 'sample')}: "
        f"{_counted(result.errors, len(result.faults) - result.errors)}"
    )


def _where(finding: "Finding") -> Iterator[str]:
    also = f" (and {many(finding.times - 1, 'other place')})" if finding.times > 1 else ""
    yield f"    {finding.place}{also}"
    yield f"    -> {finding.rule.remedy}"


def _counted(errors: int, warnings: int) -> str:
    return f"{many(errors, 'error')}, {many(warnings, 'warning')}"


def _fault_data(fault: "Fault") -> dict[str, Any]:
    about = {"mail": fault.mail, "sample": fault.sample, "samples": fault.samples}
    return about | _finding_data(fault.finding)


def _finding_data(finding: "Finding") -> dict[str, Any]:
    return {
        "rule": finding.rule.name,
        "severity": finding.rule.severity,
        "what": finding.what,
        "place": finding.place,
        "times": finding.times,
        "remedy": finding.rule.remedy,
    }
