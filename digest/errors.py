"""The error tree: a class's docstring is its message, with the remedy; its facts fill the gaps."""

import inspect
from collections.abc import Callable
from functools import partial


class DigestError(Exception):
    """Something went wrong: {detail}."""

    exit_status = 1

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(inspect.cleandoc(type(self).__doc__ or "").format(**facts))

    def __reduce__(self) -> tuple[Callable[..., "DigestError"], tuple[()]]:
        # So that it can be handed from one process to another: what caused it may not be.
        facts = {
            name: str(fact) if isinstance(fact, Exception) else fact
            for name, fact in self.facts.items()
        }
        return partial(type(self), **facts), ()


class UsageError(DigestError):
    """{detail}."""

    exit_status = 2


class ConfigNotFoundError(UsageError):
    """There is no configuration at {path}: run `digest init`, or name one with --config."""


class ConfigInvalidError(UsageError):
    """{problems}"""  # noqa: D415 - the problems are whole sentences, one a line


class SecretUnreadableError(UsageError):
    """{key}: the file {path} cannot be read ({why}): {remedy}."""


class UnknownNewsletterError(UsageError):
    """No newsletter is called "{slug}": the configuration has {known}."""


class UnknownSectionError(UsageError):
    """The newsletter "{newsletter}" has no section "{section}": choose from {known}."""


class StoreError(DigestError):
    """The database failed: {detail}."""


class StoreUnreachableError(StoreError):
    """The database {url} cannot be opened ({why}): check its address, and its folder or server."""


class StoreBusyError(StoreUnreachableError):
    """The database {url} is held by others ({why}): end what holds it, or try again."""


class StoreFullError(StoreUnreachableError):
    """The disk of {url} is full ({why}): make room; what was not written can be tried again."""


class StoreReadOnlyError(StoreError):
    """The database {url} cannot be written: check the rights on the file and its folder."""


class StoreMissingError(StoreError):
    """The database {url} has no tables yet: run `digest init`."""


class StoreAbsentError(StoreMissingError):
    """There is no database {url}: run `digest init`; if there was one, put its file back first."""


class StoreOutdatedError(StoreError):
    """The database {url} is at revision {found}, this program needs {needed}: run `digest init`."""


class StoreNewerError(StoreError):
    """The database {url} was made by a newer digest (revision {found}): upgrade this program."""


class NoSuchEditionError(UsageError):
    """There is no edition {edition}: `digest editions list` shows those there are."""


class NoSuchSubscriberError(UsageError):
    """Nobody is subscribed as {email}: `digest subscribers list` shows who is."""


class CannotWriteError(DigestError):
    """The file {path} cannot be written ({why}): check the rights on its folder."""


class OutputLostError(DigestError):
    """Standard output cannot be written ({why}): make room there, or send it elsewhere."""


class NoSuchSectionError(UsageError):
    """There is no section "{section}": choose from {known}."""


class CannotReadError(UsageError):
    """The file {path} cannot be read ({why}): check the path and its rights."""


class BadTokenError(DigestError):
    """This link is not complete: copy it whole from the mail, or open it in the mail itself."""


class ExpiredTokenError(BadTokenError):
    """This link was good for {days} days and is too old: sign up again to get a new one."""


class EditionNotDraftError(DigestError):
    """Edition {edition} is {status}: only a draft can be composed anew; {remedy}."""


class NoEditionThatDayError(UsageError):
    """The date {day} does not exist in {zone}, where clocks skipped it: choose another."""


class NoSuchArticleError(UsageError):
    """There is no article {article}: `digest articles list` shows those there are."""


class AmbiguousArticleError(UsageError):
    """Several articles have the id {article}: name the one you mean by its number ({numbers})."""


class SameArticleError(UsageError):
    """{articles}: name two different articles or more."""


class ContradictionError(UsageError):
    """{one} and {two} cannot be kept {kind} while {others}: {remedy}."""


class NothingKeptError(UsageError):
    """Nothing is kept about {articles}: `digest stories constraints` shows what is."""


class NotMarkedError(UsageError):
    """{article} is not {mark} {where}: `digest articles list --marked` shows what is."""


class TemplateMissingError(UsageError):
    """There is no template {name} in {folders}: add it, or put back the one that ships."""


class TemplateBrokenError(UsageError):
    """{place}: {why}: correct it, or remove your copy to use the one that ships."""


class InlineError(UsageError):
    """The styles cannot be inlined ({why}): mark style elements with data-premailer="ignore"."""


class NoSuchPageError(UsageError):
    """There is no such page: look in the archive."""


class PreviewForbiddenError(DigestError):
    """The preview shows drafts: open it on the machine it runs on, without a proxy between."""


class ForeignFormError(DigestError):
    """The form is not of this page, or of an earlier run: load the preview again, and send then."""


class NothingToSendError(UsageError):
    """There is no story in this mail, so nobody would get it: choose another day or reader."""


class InvalidAddressError(UsageError):
    """{why}: write it like name@example.org."""


class AddressTakenError(UsageError):
    """Somebody else is subscribed as {email}: `digest subscribers show {email}` shows who."""


class SuppressedAddressError(UsageError):
    """{email} is never mailed ({reason}): `digest suppressions remove {email}` lifts that."""


class NoSuchSubscriptionError(UsageError):
    """{email} has no subscription to "{newsletter}", only to {known}."""


class NewsletterNeededError(UsageError):
    """Say which newsletter with --newsletter: the configuration has {known}."""


class LeftBeforeError(UsageError):
    """{email} unsubscribed from "{newsletter}" on {date:%Y-%m-%d}: they must sign up again."""


class CsvUnreadableError(UsageError):
    """{path} cannot be imported: {why}."""


class NoSuchSuppressionError(UsageError):
    """{email} is not suppressed: `digest suppressions list` shows who is."""


class ServerUnreachableError(DigestError):
    """The SMTP server {server} cannot be reached ({why}): check that it runs, and its settings."""


class ServerRefusesError(DigestError):
    """The server {server} refuses ({why}): correct [smtp] or [[servers]], restart `digest run`."""


class JournalError(DigestError):
    """{path} cannot be written ({why}): make room, or set another folder in [delivery] journals."""


class EditionPausedError(DigestError):
    """Edition {edition} is paused{note}: `digest editions resume {edition}` lets it go on."""


class EditionEndedError(DigestError):
    """Edition {edition} is {status}: there is nothing to {wanted}."""


class NobodySubscribesError(UsageError):
    """The newsletter "{newsletter}" has no active subscribers, {pending} are pending: {remedy}."""


class AccountMismatchError(DigestError):
    """Edition {edition} is {status}, {account}: pause it, copy the database, compare a backup."""


class NotUncertainError(UsageError):
    """{email} is not uncertain in edition {edition} ({said}): see `digest editions deliveries`."""


class MessageTooLargeError(DigestError):
    """A mail of edition {edition} takes {size} bytes, {limit} are allowed: shorten templates."""


class BadRecipientError(UsageError):
    """The address {email} cannot be mailed: {why}."""


class TrialLinkError(DigestError):
    """This link stands in a preview or a test mail: it acts for nobody."""


class GoneReaderError(DigestError):
    """You get no mail from us any more: there is nothing to change."""


class PortTakenError(DigestError):
    """Nothing can listen on {host}:{port} ({why}): stop what uses it, or choose another port."""


class FolderInUseError(DigestError):
    """The folder {folder} holds something else: name another with --folder."""


class NoDemoError(UsageError):
    """The folder {folder} holds no demonstration: run `digest demo --folder {folder}` first."""


class DemoFailedError(DigestError):
    """The demonstration did not come to its end: {why}."""


class FeedUnreadableError(DigestError):
    """The feed {source} cannot be read: {why}."""


class OpmlUnreadableError(UsageError):
    """The list of feeds {source} cannot be read: {why}."""


class FetchError(DigestError):
    """{url} cannot be fetched: {why}."""


class PanelUnusableError(DigestError):
    """{source} holds no panel: {why}."""


class LogoUnusableError(DigestError):
    """The logo {url} is of no use ({why}): put a PNG there, twice as wide as it is shown."""


class NoSuchFeedError(UsageError):
    """No feed is called "{slug}": the configuration has {known}."""
