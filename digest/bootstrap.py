"""The one place that wires: settings in, the program's parts out, each made when first used."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from digest.config import Settings, config_path, load_settings
from digest.delivery.proof import Press
from digest.notices import Notifier
from digest.rendering import Templates, Tried
from digest.store import Store
from digest.subscribers.tokens import Tokens

Clock = Callable[[], datetime]

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The present instant, aware."""
    return datetime.now(UTC)


class App:
    """The program's parts on one configuration; `path` is the file of it, where there is one."""

    def __init__(
        self, settings: Settings, clock: Clock = utc_now, path: Path | None = None
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.path = path

    @classmethod
    def from_file(cls, path: Path | None = None) -> "App":
        """The program as a configuration file describes it.

        Raises:
            UsageError: there is no such file, or it has problems.
        """
        return cls(load_settings(path), path=config_path(path).absolute())

    def renewed(self) -> "App":
        """The program on its file as it is now; the database stays open if it is the same.

        Raises:
            UsageError: the file has problems.
            StoreError: another database is named, and is of no use.
        """
        fresh = type(self)(load_settings(self.path), self.clock, self.path)
        if fresh.settings.database_url == self.settings.database_url:
            fresh.store = self.store
        _ = fresh.store, fresh.press  # told now, not when the first page is asked for
        return fresh

    @cached_property
    def store(self) -> Store:
        """The database, known to fit this program.

        Raises:
            StoreError: it is absent, outdated, newer or out of reach.
        """
        store = Store(self.settings.database_url)
        store.check()
        return store

    @cached_property
    def templates(self) -> Templates:
        """The publisher's own templates before ours."""
        own = self.settings.site.templates
        folders = [self.settings.within(own)] if own else []
        return Templates([*folders, shipped("templates")])

    @cached_property
    def pages(self) -> Tried:
        """The same templates, for the readers' pages on the web."""
        return Tried(self.templates)

    @cached_property
    def tokens(self) -> Tokens:
        """What signs the links in every mail.

        Raises:
            SecretUnreadableError: the key is absent, unreadable or too short.
        """
        return Tokens(self.settings.secret_key())

    @cached_property
    def press(self) -> Press:
        """What turns a document into mails.

        Raises:
            SecretUnreadableError: the key of the links is absent, unreadable or too short.
            ConfigInvalidError: a key that is to sign mails is absent or of no use.
        """
        self.settings.signing_keys()  # told now, not when the first mail is due
        for problem in self.settings.exposed_secrets():
            _log.warning("%s", problem)
        return Press(self.settings, self.templates, self.tokens, self.clock)

    @cached_property
    def desk(self) -> Notifier:
        """What tells the desk of what went wrong, be the publisher's own templates what did.

        Raises:
            StoreError: the database is absent, outdated, newer or out of reach.
        """
        ours = Templates([shipped("templates")])
        return Notifier(self.store, self.settings, (self.templates, ours), self.clock)

    def close(self) -> None:
        """Give back what was opened."""
        if "store" in self.__dict__:
            self.store.close()


def shipped(name: str) -> Path:
    """A file or folder that ships with the program: in the package, or in the checkout."""
    package = Path(__file__).parent
    installed = package / ("_templates" if name == "templates" else name)
    return installed if installed.exists() else package.parent / name


def example_configuration() -> str:
    """The text of `config.example.toml`, which documents every setting."""
    return shipped("config.example.toml").read_text(encoding="utf-8")
