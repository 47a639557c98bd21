"""Settings: the only reader of `digest.toml` and of the environment."""

import difflib
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, PrivateAttr, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from sqlalchemy.engine import make_url

from digest.config_face import Logo, Panel, Theme
from digest.config_keys import Algorithm, SigningKey, read_signing_keys
from digest.config_tables import (
    DAYS,
    Database,
    Delivery,
    Desk,
    Destination,
    Dkim,
    Feed,
    Ingest,
    Logging,
    Newsletter,
    Section,
    Security,
    Site,
    Smtp,
    Tag,
    Uncertain,
    WarmUp,
    Web,
    WhenTemplatesFail,
)
from digest.errors import (
    CannotReadError,
    ConfigInvalidError,
    ConfigNotFoundError,
    SecretUnreadableError,
    UnknownNewsletterError,
)
from digest.sections import section_key
from digest.text import one_line, tag_key

__all__ = [
    "DAYS",
    "Algorithm",
    "Database",
    "Delivery",
    "Desk",
    "Destination",
    "Dkim",
    "Feed",
    "Ingest",
    "Logging",
    "Logo",
    "Newsletter",
    "Panel",
    "Section",
    "Security",
    "Settings",
    "SigningKey",
    "Site",
    "Smtp",
    "Tag",
    "Theme",
    "Uncertain",
    "WarmUp",
    "Web",
    "WhenTemplatesFail",
    "config_path",
    "load_settings",
]

DEFAULT_FILE = "digest.toml"


class Settings(BaseSettings):
    """Everything an operator sets, checked; unknown keys are refused."""

    model_config = SettingsConfigDict(
        env_prefix="DIGEST_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    site: Site
    desk: Desk = Desk()
    database: Database = Database()
    smtp: Smtp = Smtp()
    servers: tuple[Smtp, ...] = ()
    destinations: tuple[Destination, ...] = ()
    delivery: Delivery = Delivery()
    dkim: tuple[Dkim, ...] = ()
    web: Web = Web()
    logging: Logging = Logging()
    ingest: Ingest = Ingest()
    sections: tuple[Section, ...] = ()
    tags: tuple[Tag, ...] = ()
    feeds: tuple[Feed, ...] = ()
    theme: Theme = Theme()
    panels: tuple[Panel, ...] = ()
    newsletters: tuple[Newsletter, ...] = ()
    _folder: Path = PrivateAttr(default=Path())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings passes it
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, whose content comes as arguments."""
        return env_settings, init_settings

    @classmethod
    def from_data(cls, data: Mapping[str, Any], folder: Path) -> "Settings":
        """The settings of a parsed file that lies in `folder`, with the secrets it points to.

        Raises:
            ValidationError: with every problem.
            SecretUnreadableError: `smtp.password_file` cannot be read.
        """
        settings = cls(**data)
        settings._folder = folder
        smtp = settings._with_password(settings.smtp, "smtp")
        servers = [settings._with_password(server, "servers") for server in settings.servers]
        return settings.model_copy(update={"smtp": smtp, "servers": tuple(servers)})

    def _with_password(self, server: Smtp, key: str) -> Smtp:
        if server.password_file is None:
            return server
        remedy = "write the password into it, or name another file"
        secret = _read_secret(self.within(server.password_file), f"{key}.password_file", remedy)
        return server.model_copy(update={"password": SecretStr(secret)})

    def within(self, path: Path) -> Path:
        """A path of the configuration, which is relative to the file that names it."""
        return path if path.is_absolute() else self._folder / path

    @property
    def database_url(self) -> str:
        """The database's address; a relative SQLite file lies beside the configuration."""
        url = make_url(self.database.url)
        if url.drivername == "sqlite" and url.database and url.database != ":memory:":
            url = url.set(database=str(self.within(Path(url.database))))
        return url.render_as_string(hide_password=False)

    @property
    def journal_folder(self) -> Path:
        """Where senders keep their journals while they send."""
        return self.within(self.delivery.journals)

    @property
    def secret_key_path(self) -> Path:
        """Where the key lies that signs every link."""
        return self.within(self.site.secret_key_file)

    def secret_key(self) -> bytes:
        """The key that signs every link; at least 32 bytes.

        Raises:
            SecretUnreadableError: the file is absent, unreadable or too short to be a key.
        """
        path = self.secret_key_path
        key = _read_secret(path, "site.secret_key_file", _KEY_REMEDY).encode()
        if len(key) < MINIMUM_KEY_LENGTH:
            why = f"it holds fewer than {MINIMUM_KEY_LENGTH} characters"
            raise SecretUnreadableError(
                key="site.secret_key_file", path=path, why=why, remedy=_KEY_REMEDY
            )
        return key

    def signing_keys(self) -> tuple[SigningKey, ...]:
        """The keys that sign mails, of all domains.

        Raises:
            ConfigInvalidError: with one line for each that is absent or of no use.
        """
        senders = {newsletter.from_domain for newsletter in self.newsletters}
        return read_signing_keys(self.dkim, self.within, senders)

    def exposed_secrets(self) -> list[str]:
        """A line with its remedy for each secret file that every user of this machine may read."""
        servers, keys = enumerate(self.servers, 1), enumerate(self.dkim, 1)
        files = {
            "site.secret_key_file": self.site.secret_key_file,
            "smtp.password_file": self.smtp.password_file,
            **{f"servers[{n}].password_file": server.password_file for n, server in servers},
            **{f"dkim[{n}].private_key_file": key.private_key_file for n, key in keys},
        }
        paths = {key: self.within(file) for key, file in files.items() if file}
        return [
            f"{key}: every user of this machine may read {path}: chmod o= {path}"
            for key, path in paths.items()
            if _is_public(path)
        ]

    def newsletter(self, slug: str) -> Newsletter:
        """The newsletter called `slug`.

        Raises:
            UnknownNewsletterError: none is; the message names those there are.
        """
        for newsletter in self.newsletters:
            if newsletter.slug == slug:
                return newsletter
        known = ", ".join(newsletter.slug for newsletter in self.newsletters) or "none"
        raise UnknownNewsletterError(slug=slug, known=known)

    def zone(self, newsletter: Newsletter) -> ZoneInfo:
        """The zone whose wall clock a newsletter follows; the site's where each reader's own is."""
        own = newsletter.timezone
        return ZoneInfo(self.site.timezone if own in {"site", "subscriber"} else own)

    def language(self, newsletter: Newsletter) -> str:
        """The language of a newsletter's furniture."""
        return newsletter.language or self.site.language

    def theme_of(self, newsletter: Newsletter) -> Theme:
        """How a newsletter looks: what it says itself, over what is said for all."""
        return newsletter.theme.over(self.theme) if newsletter.theme else self.theme

    def panels_of(self, newsletter: Newsletter) -> list[Panel]:
        """The panels of a newsletter, in their order."""
        slug = newsletter.slug
        return [panel for panel in self.panels if slug in (panel.newsletters or {slug})]

    def section_weights(self) -> dict[str, float]:
        """How much the stories of each declared section count, by its key."""
        return {key: section.weight for key, section in self.declared_sections().items()}

    def tag_weights(self) -> dict[str, float]:
        """How much stories with a tag count, by its key."""
        return {tag_key(tag.name): tag.weight for tag in self.tags}

    def declared_sections(self) -> dict[str, Section]:
        """Each declared section by its key: declared by itself, or by a newsletter or feed."""
        declared = {section_key(section.path): section for section in self.sections}
        named = [path for newsletter in self.newsletters for path in newsletter.sections]
        named += [feed.section for feed in self.feeds if feed.section]
        for path in named:
            declared.setdefault(section_key(path), Section(path=path))
        return declared


MINIMUM_KEY_LENGTH = 32


def config_path(given: Path | None = None) -> Path:
    """Where the configuration is: as given, or `$DIGEST_CONFIG`, or `digest.toml` right here."""
    return given or Path(os.environ.get("DIGEST_CONFIG") or DEFAULT_FILE)


def load_settings(given: Path | None = None) -> Settings:
    """The settings of a file, overridden by the environment.

    Raises:
        ConfigNotFoundError: there is no such file.
        ConfigInvalidError: with one line for each problem, all of them at once.
    """
    path = config_path(given)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigNotFoundError(path=path) from error
    except OSError as error:
        raise CannotReadError(path=path, why=error.strerror) from error
    except UnicodeDecodeError as error:
        raise ConfigInvalidError(
            problems=f"{path}: this is not UTF-8: save the file as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalidError(problems=f"{path}: this is not TOML: {error}") from error
    problems = [f"{path}: {problem}" for problem in _repetitions(data)]
    problems += _misspelt_variables(os.environ)
    settings: Settings | None = None
    try:
        settings = Settings.from_data(data, path.resolve().parent)
    except SettingsError as error:
        raise ConfigInvalidError(
            problems=f"the environment: {error}: set one key a variable, such as DIGEST_SMTP__PORT"
        ) from error
    except ValidationError as error:
        problems += [_problem(detail, path) for detail in error.errors()]
    except SecretUnreadableError as error:
        problems.append(f"{path}: {error}")
    if settings is not None:
        told = (
            *_folder_problems(settings),
            *_server_problems(settings),
            *_face_problems(settings),
        )
        problems += [f"{path}: {problem}" for problem in told]
    if problems or settings is None:
        raise ConfigInvalidError(problems="\n".join(problems))
    return settings


def _is_public(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:  # it is told where the secret is needed
        return False


_KEY_REMEDY = "put it back from a copy: links sent need it; or let `digest init` make a new one"


def _read_secret(path: Path, key: str, remedy: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        why = error.strerror
        raise SecretUnreadableError(key=key, path=path, why=why, remedy=remedy) from error
    except UnicodeDecodeError as error:
        why = "it is not text"
        raise SecretUnreadableError(key=key, path=path, why=why, remedy=remedy) from error


def _folder_problems(settings: Settings) -> Iterator[str]:
    """What no path can say by itself."""
    if settings.site.templates is None:
        return
    folder = settings.within(settings.site.templates)
    try:
        next(folder.iterdir(), None)
    except (OSError, ValueError):
        yield f"site.templates: {folder} is no folder that can be read: make it, or name another"


def _server_problems(settings: Settings) -> Iterator[str]:
    """What no server can say by itself."""
    seen = {settings.smtp.name}
    for number, server in enumerate(settings.servers, 1):
        if "host" not in server.model_fields_set:
            yield f"servers[{number}].host: missing: add it"
        elif server.name in seen:
            yield f"servers: {server.name} stands twice, or in [smtp] too: remove one"
        if server.bounce_address:
            yield "servers.bounce_address: bounces have one address: set it in [smtp] alone"
        seen.add(server.name)


def _face_problems(settings: Settings) -> Iterator[str]:
    """What no theme and no panel can say by itself."""
    everywhere = list(settings.theme.problems())
    yield from (f"theme.{problem}" for problem in everywhere)
    for number, newsletter in enumerate(settings.newsletters, 1):
        for problem in settings.theme_of(newsletter).problems():
            if problem not in everywhere:
                yield f"newsletters[{number}].theme.{problem}"
    known = [newsletter.slug for newsletter in settings.newsletters]
    for number, panel in enumerate(settings.panels, 1):
        for slug in panel.newsletters:
            if slug not in known:
                choose = f"choose from {', '.join(known) or 'none'}"
                yield f'panels[{number}].newsletters: no newsletter is called "{slug}": {choose}'


def _repetitions(data: Mapping[str, Any]) -> Iterator[str]:
    """What is said twice: checked on the raw file, to be reported beside everything else."""
    identities = {"newsletters": "slug", "feeds": "slug", "sections": "path", "tags": "name"}
    identities |= {"destinations": "domain", "panels": "name"}
    same = {"sections": section_key, "tags": tag_key}
    for table, field in identities.items():
        seen: set[str] = set()
        rows = data.get(table)
        for row in rows if isinstance(rows, list) else []:
            value = row.get(field) if isinstance(row, dict) else None
            if not isinstance(value, str):
                continue
            key = same.get(table, str)(value)
            if key in seen:
                yield f'{table}: {field} "{value}" stands twice: remove one, or rename it'
            seen.add(key)


def _misspelt_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Variables that say a table and a key with one underscore between, and would do nothing."""
    for variable in environment:
        name = variable.upper().removeprefix("DIGEST_")
        table, _, key = name.partition("_")
        known = table.lower() in Settings.model_fields and not key.startswith("_")
        if name != variable.upper() and key and known:
            yield f"{variable}: unknown: write DIGEST_{table}__{key}, with two underscores"


# pydantic's kinds of problems whose own words would puzzle somebody who writes TOML.
_REMEDIES = {
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        "must be a date, such as 2026-12-01",
    ),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    "missing": "missing: add it (config.example.toml shows how)",
    "model_type": "must be a table: config.example.toml shows it",
    "path_type": "must be a path in quotes",
    "string_pattern_mismatch": "must be a single line without control characters",
    "string_too_short": "must not be empty",
    "string_type": "must be text in quotes",
    "too_short": "needs at least one",
    "tuple_type": 'must be a list in square brackets, such as ["World"]',
}


def _problem(detail: ErrorDetails, path: Path) -> str:
    """One line for one problem: where, the key, what is wrong, and the remedy."""
    where = detail["loc"]
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in where)
    key = one_line(key.removeprefix("."), 100)
    kind, message = detail["type"], detail["msg"]
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(where[-1]), _fields_at(where[:-1]), n=1)
        hint = f'did you mean "{near[0]}"?' if near else "remove it"
        message = f"unknown key: {hint}"
    elif kind == "value_error":
        message = message.removeprefix("Value error, ")
    else:
        message = _REMEDIES.get(kind, message.replace("Input should be", "must be"))
    variable = "DIGEST_" + "__".join(str(part) for part in where).upper()
    return f"{variable if variable in os.environ else path}: {key}: {message}"


def _fields_at(where: tuple[int | str, ...]) -> list[str]:
    """The names of the keys that are known at a place of the file."""
    model: type[BaseModel] = Settings
    for part in where:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = [] if field is None else [field.annotation, *get_args(field.annotation)]
        models = [kind for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not models:
            return []
        model = models[0]
    names = [field.alias or name for name, field in model.model_fields.items() if not field.exclude]
    return sorted(names)
