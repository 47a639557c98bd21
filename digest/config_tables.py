"""The tables of `digest.toml`, each checked by itself."""

import re
from datetime import date, time, timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from digest.config_face import Theme
from digest.config_types import (
    ADDRESS_LINE,
    Address,
    BounceAddress,
    Duration,
    FeedAddress,
    Language,
    MailDomain,
    OneLine,
    Port,
    PositiveDuration,
    SectionPath,
    Selector,
    Slug,
    Table,
    WebAddress,
    Zone,
    check_domain,
    check_own_address,
    check_zone,
)
from digest.logs import LogFormat, LogLevel
from digest.sections import section_key
from digest.text import one_line


class WhenTemplatesFail(StrEnum):
    """What becomes of an edition that the publisher's own templates cannot make a mail of."""

    STOP = "stop"
    OURS = "ours"


class Site(Table):
    """[site]: who publishes, and where its readers find it."""

    name: OneLine
    base_url: WebAddress
    timezone: Zone = "UTC"
    language: Language = "en"
    postal_address: OneLine
    secret_key_file: Path = Path("secret.key")
    templates: Path | None = None
    when_templates_fail: WhenTemplatesFail = WhenTemplatesFail.STOP


class Desk(Table):
    """[desk]: who is told when an edition failed, was skipped or did not reach everybody."""

    notify: tuple[Address, ...] = ()

    @field_validator("notify")
    @classmethod
    def _each_address_once(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        keys = [address.casefold() for address in addresses]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                raise ValueError(f"{addresses[place]} stands twice: remove one")
        return addresses


class Database(Table):
    """[database]: where everything that is not configuration lives."""

    url: str = "sqlite:///digest.db"

    @field_validator("url")
    @classmethod
    def _known_kind(cls, url: str) -> str:
        remedy = 'use "sqlite:///digest.db" or "postgresql+psycopg://user@host/name"'
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError) as error:  # ValueError: its port is no number
            raise ValueError(f"this is no database address: {remedy}") from error
        if parsed.drivername not in {"sqlite", "postgresql+psycopg"}:
            raise ValueError(f'"{parsed.drivername}" is not supported: {remedy}')
        if parsed.database in {None, "", ":memory:"}:
            raise ValueError(f"this names no database that lasts: {remedy}")
        return url


class Security(StrEnum):
    """How the connection to the SMTP server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class WarmUp(Table):
    """[smtp.warm_up]: so many messages a day, of UTC, until receivers know a new server."""

    start: date
    first_day: int = Field(default=500, ge=1)
    growth: float = Field(default=1.5, ge=1, le=10)

    def allowance(self, day: date) -> int:
        """Messages that may leave on a day; before the start as many as on the first one."""
        # Any number is too much for a float in the end, and no limit long before.
        days = min(max((day - self.start).days, 0), 100)
        return int(min(self.first_day * self.growth**days, 1e9))


class Smtp(Table):
    """[smtp]: the server that takes the mail; [[servers]]: others beside it."""

    host: OneLine = "127.0.0.1"
    port: Port = 2525
    security: Security = Security.NONE
    username: str = ""
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    max_connections: int = Field(default=20, ge=1, le=500)
    timeout: PositiveDuration = timedelta(seconds=60)
    verify_certificate: bool = True
    helo_name: OneLine | None = None
    bounce_address: BounceAddress | None = None
    per_second: float | None = Field(default=None, gt=0, le=100_000)
    weight: float = Field(default=1.0, gt=0, le=1000)
    warm_up: WarmUp | None = None

    @property
    def name(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


class Destination(Table):
    """[[destinations]]: a domain whose servers want their mail slowly."""

    domain: MailDomain
    per_second: float | None = Field(default=None, gt=0, le=100_000)
    max_connections: int | None = Field(default=None, ge=1, le=500)


class Uncertain(StrEnum):
    """What becomes of a delivery whose answer was lost."""

    HOLD = "hold"
    RESEND = "resend"


class Delivery(Table):
    """[delivery]: how long to go on trying, and what to do when an answer was lost."""

    retry_first: PositiveDuration = timedelta(minutes=1)
    retry_for: PositiveDuration = timedelta(hours=8)
    uncertain: Uncertain = Uncertain.HOLD
    give_up_after: PositiveDuration = timedelta(hours=6)
    journals: Path = Path("journals")


class Dkim(Table):
    """[[dkim]]: a key that signs the mails of the newsletters of one domain."""

    domain: MailDomain
    selector: Selector
    private_key_file: Path


class Web(Table):
    """[web]: where the readers' pages and the preview listen."""

    host: OneLine = "127.0.0.1"
    port: Port = 8080


class Logging(Table):
    """[logging]: what the commands that send or stay say on standard error."""

    format: LogFormat = LogFormat.TEXT
    level: LogLevel = LogLevel.INFO


class Ingest(Table):
    """[ingest]: how feeds are fetched."""

    user_agent: OneLine = "digest/0.1"
    timeout: PositiveDuration = timedelta(seconds=30)
    max_bytes: int = Field(default=20_000_000, ge=1_000)
    host_pause: Duration = timedelta(seconds=1)
    allow_private_addresses: bool = False


class Section(Table):
    """[[sections]]: a heading articles are filed under."""

    path: SectionPath
    title: OneLine | None = None
    weight: float = Field(default=1.0, gt=0, le=100)


class Tag(Table):
    """[[tags]]: a tag whose stories matter more, or less."""

    name: OneLine
    weight: float = Field(gt=0, le=100)


class Feed(Table):
    """[[feeds]]: an address that is polled for articles."""

    slug: Slug
    url: FeedAddress
    section: SectionPath | None = None
    every: PositiveDuration = timedelta(minutes=15)
    language: Language | None = None


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Newsletter(Table):
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
    max_age: PositiveDuration = timedelta(hours=48)
    top_stories: int = Field(default=3, ge=0, le=20)
    stories_per_section: int = Field(default=6, ge=1, le=100)
    first_number: int = Field(default=1, ge=1)
    theme: Theme | None = None

    @field_validator("sender")
    @classmethod
    def _sender_is_an_address(cls, text: str) -> str:
        match = ADDRESS_LINE.match(text.strip())
        if not match:
            raise ValueError(
                f'"{one_line(text, 100)}" is no sender: write "Name <address@example.org>"'
            )
        check_own_address((match["inner"] or match["bare"]).strip())
        return text.strip()

    @field_validator("sections")
    @classmethod
    def _each_section_once(cls, sections: tuple[str, ...]) -> tuple[str, ...]:
        keys = [section_key(path) for path in sections]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                raise ValueError(f'"{sections[place]}" stands twice: remove one')
        return sections

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
        return name if name in {"site", "subscriber"} else check_zone(name)

    @property
    def from_name(self) -> str:
        """The display name of the sender; the newsletter's title where none is given."""
        match = ADDRESS_LINE.match(self.sender)
        return ((match and match["name"]) or "").strip().strip('"') or self.title

    @property
    def from_address(self) -> str:
        """The sender's bare address, normalised."""
        match = ADDRESS_LINE.match(self.sender)
        return check_own_address(((match and (match["inner"] or match["bare"])) or "").strip())

    @property
    def from_domain(self) -> str:
        """The sender's domain, as A-labels, in small letters."""
        return check_domain(self.from_address.rpartition("@")[2])

    @property
    def section_keys(self) -> tuple[str, ...]:
        """The keys of this newsletter's sections, in its order."""
        return tuple(section_key(path) for path in self.sections)
