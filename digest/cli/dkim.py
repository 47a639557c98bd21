"""`digest dkim`: the keys that sign mails, and what DNS has to say of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from digest.cli.common import Invocation, Json, note, program, say

if TYPE_CHECKING:
    from digest.config import SigningKey

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Keys that sign mails, and their DNS records.",
)


@app.command("make-key")
def make_key(
    context: typer.Context,
    selector: Annotated[str, typer.Argument(help="The key's name in DNS, such as s2026.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="Where the private key goes.")
    ],
    domain: Annotated[
        str | None,
        typer.Option(help="What mails are from; the newsletters' domain where they have one."),
    ] = None,
    algorithm: Annotated[Literal["rsa", "ed25519"], typer.Option(help="What kind of key.")] = "rsa",
    as_json: Json = False,
) -> None:
    """Make a private key in a new file; print its DNS record and the lines for digest.toml."""
    from digest.config import Algorithm, SigningKey, config_path
    from digest.config_types import check_domain, check_selector
    from digest.delivery import dkim

    kind = Algorithm(algorithm)
    name = _checked(check_selector, selector, "SELECTOR")
    place = _checked(check_domain, domain, "--domain") if domain else _only_domain(context)
    private = dkim.make_key(kind)
    _write_new(output, dkim.to_pem(private))
    folder = config_path(context.ensure_object(Invocation).config).resolve().parent
    path = output.resolve()
    within = path.relative_to(folder) if path.is_relative_to(folder) else path
    result = _described(SigningKey(place, name, kind, private))
    toml = [
        "[[dkim]]",
        f'domain = "{place}"',
        f'selector = "{name}"',
        # A string of TOML is one of JSON.
        f"private_key_file = {json.dumps(str(within), ensure_ascii=False)}",
    ]
    lines = [
        f"wrote {output}: it is secret, and no other copy of it exists",
        "",
        f"into the DNS of {place}:",
        result["zone"],
        "",
        "into digest.toml, once the record is there:",
        *toml,
    ]
    say({"file": str(output), **result, "toml": "\n".join(toml)}, lines, as_json=as_json)


@app.command()
def show(context: typer.Context, as_json: Json = False) -> None:
    """Show the records to put into DNS for the keys of digest.toml; DNS itself is not asked."""
    settings = program(context).settings
    keys = [_described(key) for key in settings.signing_keys()]
    for problem in settings.exposed_secrets():
        note(f"digest: {problem}")
    lines = [key["zone"] for key in keys]
    say({"keys": keys}, lines or ["no keys: mails go out unsigned"], as_json=as_json)


def _described(key: "SigningKey") -> dict[str, Any]:
    from digest.delivery import dkim

    record = dkim.record(key)
    return {
        "domain": key.domain,
        "selector": key.selector,
        "algorithm": key.algorithm,
        "name": dkim.record_name(key),
        "record": record,
        "strings": dkim.strings(record),
        "zone": dkim.zone_line(key),
    }


def _checked(check: Callable[[str], str], text: str, named: str) -> str:
    try:
        return check(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=named) from error


def _only_domain(context: typer.Context) -> str:
    from digest.errors import UsageError

    domains = sorted({each.from_domain for each in program(context).settings.newsletters})
    if len(domains) == 1:
        return domains[0]
    known = ", ".join(domains) or "none"
    raise UsageError(detail=f"say which with --domain: the newsletters' domains are {known}")


def _write_new(path: Path, data: bytes) -> None:
    """Write a file that nobody else may read, from its first moment on."""
    from digest.errors import CannotWriteError, UsageError

    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(data)
    except FileExistsError as error:
        raise UsageError(detail=f"{path} is there already: name another file with -o") from error
    except OSError as error:
        raise CannotWriteError(path=path, why=error.strerror) from error
