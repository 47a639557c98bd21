"""Settings: the only reader of `digest.toml` and of the environment."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_args
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from digest.errors import (
    ConfigInvalidError,
    ConfigNotFoundError,
    SecretUnreadableError,
    UnknownNewsletterError,
)
from digest.sections import join_path, section_key, split_path

DEFAULT_FILE = "digest.toml"
_DURATION = re.compile(r"(\d+)\s*([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ADDRESS = re.compile(r"^(?:(?P<name>[^<>\r\n]*)<(?P<inner>[^<>\r\n]+)>|(?P<bare>[^<>\s]+))$")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(
            f'"{name}" is no time zone: use an IANA name such as "Europe/Sofia"'
        ) from error
    return name


def _language(tag: str) -> str:
    try:
        Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError(
            f'"{tag}" is no language: use a tag such as "en", "bg" or "pt-BR"'
        ) from error
    return tag


def _address(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(f'"{text}" is no e-mail address: {error}') from error


def _duration(value: object) -> object:
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        if not match:
            raise ValueError(f'"{value}" is no length of time: write "90s", "30m", "48h" or "7d"')
        return timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if isinstance(value, timedelta):
        return value
    raise ValueError('write a length of time in quotes, such as "30m" or "48h"')


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        raise ValueError(
            f'"{text}" is no web address: write it whole, such as "https://news.example.org"'
        )
    return text.rstrip("/")


def _feed_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s#]*", text):
        raise ValueError(f'"{text}" is no feed address: write it whole, with https://')
    return text


def _section(path: str) -> str:
    parts = split_path(path)
    if not parts:
        raise ValueError('a section needs a name, such as "World" or "World » Ukraine"')
    return join_path(parts)


def _slug(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", text):
        raise ValueError(f'"{text}" is no slug: up to 40 small letters, digits and hyphens')
    return text


Zone = Annotated[str, AfterValidator(_zone)]
Language = Annotated[str, AfterValidator(_language)]
Address = Annotated[str, AfterValidator(_address)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
FeedAddress = Annotated[str, AfterValidator(_feed_address)]
SectionPath = Annotated[str, AfterValidator(_section)]
Slug = Annotated[str, AfterValidator(_slug)]
OneLine = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Site(_Part):
    """[site]: who publishes, and where its readers find it."""

    name: OneLine
    base_url: WebAddress
    timezone: Zone = "UTC"
    language: Language = "en"
    postal_address: OneLine
    secret_key_file: Path = Path("secret.key")
    templates: Path | None = None


class Database(_Part):
    """[database]: where everything that is not configuration lives."""

    url: str = "sqlite:///digest.db"

    @field_validator("url")
    @classmethod
    def _known_kind(cls, url: str) -> str:
        remedy = 'use "sqlite:///digest.db" or "postgresql+psycopg://user@host/name"'
        try:
            kind = make_url(url).drivername
        except ArgumentError as error:
            raise ValueError(f"this is no database address: {remedy}") from error
        if kind not in {"sqlite", "postgresql+psycopg"}:
            raise ValueError(f'"{kind}" is not supported: {remedy}')
        return url


class Security(StrEnum):
    """How the connection to the SMTP server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class Smtp(_Part):
    """[smtp]: the server that takes the mail."""

    host: OneLine = "127.0.0.1"
    port: Port = 2525
    security: Security = Security.NONE
    username: str = ""
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    max_connections: int = Field(default=20, ge=1, le=500)
    timeout: Duration = timedelta(seconds=60)
    verify_certificate: bool = True
    helo_name: OneLine | None = None
    bounce_address: Address | None = None


class Uncertain(StrEnum):
    """What becomes of a delivery whose answer was lost."""

    HOLD = "hold"
    RESEND = "resend"


class Delivery(_Part):
    """[delivery]: how long to go on trying, and what to do when an answer was lost."""

    retry_first: Duration = timedelta(minutes=1)
    retry_for: Duration = timedelta(hours=8)
    uncertain: Uncertain = Uncertain.HOLD
    give_up_after: Duration = timedelta(hours=6)


class Web(_Part):
    """[web]: where the readers' pages and the preview listen."""

    host: OneLine = "127.0.0.1"
    port: Port = 8080


class Ingest(_Part):
    """[ingest]: how feeds are fetched."""

    user_agent: OneLine = "digest/0.1 (+https://pypi.org/project/digest/)"
    timeout: Duration = timedelta(seconds=30)
    max_bytes: int = Field(default=20_000_000, ge=1_000)
    host_pause: Duration = timedelta(seconds=1)
    allow_private_addresses: bool = False


class Section(_Part):
    """[[sections]]: a heading articles are filed under."""

    path: SectionPath
    title: OneLine | None = None
    weight: float = Field(default=1.0, gt=0, le=100)


class Feed(_Part):
    """[[feeds]]: an address that is polled for articles."""

    slug: Slug
    url: FeedAddress
    section: SectionPath | None = None
    every: Duration = timedelta(minutes=15)
    language: Language | None = None


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Newsletter(_Part):
    """[[newsletters]]: what people subscribe to."""

    slug: Slug
    title: OneLine
    sender: str = Field(alias="from")
    reply_to: Address | None = None
    strapline: str = Field(default="", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    sections: tuple[SectionPath, ...] = Field(min_length=1)
    send_at: time
    days: tuple[str, ...] = DAYS
    timezone: str = "site"
    language: Language | None = None
    max_age: Duration = timedelta(hours=48)
    top_stories: int = Field(default=3, ge=0, le=20)
    stories_per_section: int = Field(default=6, ge=1, le=100)
    first_number: int = Field(default=1, ge=1)

    @field_validator("sender")
    @classmethod
    def _sender_is_an_address(cls, text: str) -> str:
        match = _ADDRESS.match(text.strip())
        if not match:
            raise ValueError(f'"{text}" is no sender: write "Name <address@example.org>"')
        _address((match["inner"] or match["bare"]).strip())
        return text.strip()

    @field_validator("send_at", mode="before")
    @classmethod
    def _wall_time(cls, value: object) -> object:
        if isinstance(value, time):
            return value
        if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            return time.fromisoformat(value)
        raise ValueError('write the wall time as "HH:MM", such as "07:00"')

    @field_validator("days")
    @classmethod
    def _weekdays(cls, days: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [day for day in days if day not in DAYS]
        if unknown or not days:
            raise ValueError(f"choose at least one of {', '.join(DAYS)}")
        return days

    @field_validator("timezone")
    @classmethod
    def _named_zone(cls, name: str) -> str:
        return name if name in {"site", "subscriber"} else _zone(name)

    @property
    def from_name(self) -> str:
        """The display name of the sender; the newsletter's title where none is given."""
        match = _ADDRESS.match(self.sender)
        return ((match and match["name"]) or "").strip().strip('"') or self.title

    @property
    def from_address(self) -> str:
        """The sender's bare address, normalised."""
        match = _ADDRESS.match(self.sender)
        return _address(((match and (match["inner"] or match["bare"])) or "").strip())

    @property
    def section_keys(self) -> tuple[str, ...]:
        """The keys of this newsletter's sections, in its order."""
        return tuple(section_key(path) for path in self.sections)


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
    database: Database = Database()
    smtp: Smtp = Smtp()
    delivery: Delivery = Delivery()
    web: Web = Web()
    ingest: Ingest = Ingest()
    sections: tuple[Section, ...] = ()
    feeds: tuple[Feed, ...] = ()
    newsletters: tuple[Newsletter, ...] = ()
    folder: Annotated[Path, Field(exclude=True)] = Path()

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

    def within(self, path: Path) -> Path:
        """A path of the configuration, which is relative to the file that names it."""
        return path if path.is_absolute() else self.folder / path

    @property
    def database_url(self) -> str:
        """The database's address; a relative SQLite file lies beside the configuration."""
        url = make_url(self.database.url)
        if url.drivername == "sqlite" and url.database and url.database != ":memory:":
            url = url.set(database=str(self.within(Path(url.database))))
        return url.render_as_string(hide_password=False)

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
        key = _read_secret(path, "site.secret_key_file").encode()
        if len(key) < MINIMUM_KEY_LENGTH:
            why = f"it holds fewer than {MINIMUM_KEY_LENGTH} characters"
            raise SecretUnreadableError(key="site.secret_key_file", path=path, why=why)
        return key

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
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigNotFoundError(path=path) from error
    except OSError as error:
        raise SecretUnreadableError(key="--config", path=path, why=error.strerror) from error
    except UnicodeDecodeError as error:
        raise ConfigInvalidError(
            problems=f"{path}: this is not UTF-8: save the file as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalidError(problems=f"{path}: this is not TOML: {error}") from error
    problems = [*_repetitions(data)]
    folder = path.resolve().parent
    settings: Settings | None = None
    try:
        settings = Settings(**{**data, "folder": folder})
    except ValidationError as error:
        problems += [_problem(detail) for detail in error.errors()]
    else:
        try:
            settings = _with_secrets(settings)
        except SecretUnreadableError as error:
            problems.append(str(error))
    if problems or settings is None:
        raise ConfigInvalidError(problems="\n".join(f"{path}: {problem}" for problem in problems))
    return settings


def _with_secrets(settings: Settings) -> Settings:
    if settings.smtp.password_file is None:
        return settings
    secret = _read_secret(settings.within(settings.smtp.password_file), "smtp.password_file")
    smtp = settings.smtp.model_copy(update={"password": SecretStr(secret)})
    return settings.model_copy(update={"smtp": smtp})


def _read_secret(path: Path, key: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SecretUnreadableError(key=key, path=path, why=error.strerror) from error
    except UnicodeDecodeError as error:
        raise SecretUnreadableError(key=key, path=path, why="it is not text") from error


def _repetitions(data: Mapping[str, Any]) -> Iterator[str]:
    """What is said twice: checked on the raw file, to be reported beside everything else."""
    identities = {"newsletters": "slug", "feeds": "slug", "sections": "path"}
    for table, field in identities.items():
        seen: set[str] = set()
        rows = data.get(table)
        for row in rows if isinstance(rows, list) else []:
            value = row.get(field) if isinstance(row, dict) else None
            if not isinstance(value, str):
                continue
            key = section_key(value) if field == "path" else value
            if key in seen:
                yield f'{table}: {field} "{value}" stands twice: remove one, or rename it'
            seen.add(key)


def _problem(detail: ErrorDetails) -> str:
    """One line for one problem: the key, what is wrong, and the remedy."""
    where = detail["loc"]
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in where)
    kind, message = detail["type"], detail["msg"]
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(where[-1]), _fields_at(where[:-1]), n=1)
        hint = f'did you mean "{near[0]}"?' if near else "remove it"
        message = f"unknown key: {hint}"
    elif kind == "missing":
        message = "missing: add it (config.example.toml shows how)"
    elif kind == "value_error":
        message = message.removeprefix("Value error, ")
    elif kind == "string_pattern_mismatch":
        message = "must be a single line without control characters"
    else:
        message = message[:1].lower() + message[1:]
    return f"{key.removeprefix('.')}: {message}"


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
