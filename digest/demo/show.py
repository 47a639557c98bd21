"""The demonstration: one morning of an invented publisher, from its articles to its readers."""

import asyncio
import contextlib
import shlex
import shutil
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import select
from starlette.staticfiles import StaticFiles

from digest.bootstrap import App
from digest.config import load_settings
from digest.delivery import send_edition
from digest.delivery.proof import proof_of_edition
from digest.demo.catcher import LOOPBACK, Catcher, catching
from digest.demo.sample import ARTICLE_FILES, EDITION_DATE, MORNING, unpack
from digest.editions.life import load_document
from digest.errors import (
    CannotWriteError,
    DemoFailedError,
    FolderInUseError,
    NoDemoError,
    PortTakenError,
)
from digest.ingest.importing import import_files
from digest.running import Site, listen, run_parts
from digest.scheduler import bring_out, plan
from digest.store import Store
from digest.store.models import Edition, Exclusion
from digest.store.rows import row_id
from digest.subscribers.csv_reading import SubscribersCsv
from digest.subscribers.importing import SubscriberImport
from digest.web.app import create_app

MARK = ".digest-demo"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Demo:
    """The running demonstration: the program at seven in the morning, and where its mails go."""

    app: App
    folder: Path
    catcher: Catcher
    say: Say
    site: Site


def demonstrate(folder: Path, say: Say, *, wait: bool) -> None:
    """Run the demonstration in `folder`; with `wait`, serve its pages until Ctrl-C.

    Raises:
        FolderInUseError: the folder holds something else than an earlier demonstration.
        DemoFailedError: not every mail arrived.
    """
    began = time.perf_counter()
    with _prepared(folder, say) as demo:
        _collect(demo)
        _invite(demo)
        edition = _compose(demo)
        _deliver(demo, edition)
        _point(demo, edition, time.perf_counter() - began, stays=wait)
        if wait:
            say(f"\nThe preview stays open until Ctrl-C; later on: {_again(folder)}")
            asyncio.run(run_parts(demo.app, site=demo.site))
        demo.app.close()


def show_again(folder: Path, say: Say) -> None:
    """Serve the pages and pictures of an earlier demonstration, and catch its mails, until Ctrl-C.

    Raises:
        NoDemoError: there is none in the folder.
        PortTakenError: another program has a port that its pictures or mails name.
    """
    if not (folder / MARK).exists():
        raise NoDemoError(folder=folder)
    settings = load_settings(folder / "digest.toml")
    with (
        catching(folder / "mails", settings.smtp.port),
        listen(LOOPBACK, settings.web.port) as listening,
        contextlib.closing(App(settings, clock=_from_morning())) as app,
    ):
        app.store.check()
        say(f"preview at {_preview_page(app)} (Ctrl-C ends it)")
        asyncio.run(run_parts(app, site=_site(app, folder, listening)))


@contextlib.contextmanager
def _prepared(folder: Path, say: Say) -> Iterator[Demo]:
    """A fresh folder with configuration, key and database, a mail catcher and a web address."""
    try:
        _unpack_anew(folder)
    except OSError as error:
        raise CannotWriteError(path=folder, why=error.strerror) from error
    with catching(folder / "mails") as (catcher, smtp_port), _listening() as listening:
        web_port = listening.getsockname()[1]
        _write_ports(folder, web_port, smtp_port)
        settings = load_settings(folder / "digest.toml")
        Store(settings.database_url).upgrade()
        app = App(settings, clock=_from_morning())
        yield Demo(app, folder, catcher, say, _site(app, folder, listening))


def _site(app: App, folder: Path, listening: socket.socket) -> Site:
    """The program's pages, and the pictures of the invented news: those of real news are online."""
    web = create_app(app)
    web.mount("/demo-images", StaticFiles(directory=folder / "images"))
    return Site(web, listening)


def _preview_page(app: App) -> str:
    return f"{app.settings.site.base_url}/preview?newsletter=morning&date={EDITION_DATE}"


def _unpack_anew(folder: Path) -> None:
    if folder.exists():
        if any(folder.iterdir()) and not (folder / MARK).exists():
            raise FolderInUseError(folder=folder)
        shutil.rmtree(folder)
    unpack(folder)
    (folder / MARK).touch()
    (folder / "secret.key").touch(mode=0o600)
    (folder / "secret.key").write_text("this key signs nothing but the demonstration's links\n")


def _listening() -> socket.socket:
    """The port that the sample names, or any free one."""
    try:
        return listen(LOOPBACK, 8080)
    except PortTakenError:
        return listen(LOOPBACK, 0)


def _write_ports(folder: Path, web_port: int, smtp_port: int) -> None:
    """Put the ports that were free into the configuration and into the pictures' addresses."""
    for name in ("digest.toml", "articles.jsonl"):
        path = folder / name
        text = path.read_text(encoding="utf-8").replace(":8080", f":{web_port}")
        text = text.replace("port = 2525", f"port = {smtp_port}")
        path.write_text(text, encoding="utf-8")
    with (folder / "digest.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[web]\nport = {web_port}\n")


def _from_morning() -> Callable[[], datetime]:
    """A clock that showed seven in Sofia when the demonstration began."""
    began = datetime.now(UTC)

    def clock() -> datetime:
        return MORNING + timedelta(seconds=1) + (datetime.now(UTC) - began)

    return clock


def _collect(demo: Demo) -> None:
    app, say = demo.app, demo.say
    say("Collecting the day's articles")
    for name, section in ARTICLE_FILES.items():
        report = import_files(
            app.store, app.settings, [str(demo.folder / name)], app.clock(), section=section
        )
        say(f"  {name:<16} {report.added:>3} articles")
        for rejection in report.rejected:
            say(f"    {rejection.source} line {rejection.line}: {rejection.reason}")


def _invite(demo: Demo) -> None:
    app = demo.app
    rows = SubscribersCsv(demo.folder / "subscribers.csv", None)
    importing = SubscriberImport(
        app.store, app.settings, app.clock(), consent="invented for the demonstration"
    )
    report = importing.run(rows, lambda _: None)
    demo.say(f"  {'subscribers.csv':<16} {report.added:>3} subscribers")


def _compose(demo: Demo) -> Edition:
    app, say = demo.app, demo.say
    now = app.clock()
    (planned,) = plan(app, now)
    edition = bring_out(app, planned, now)
    if edition is None:
        raise DemoFailedError(why="the edition has no articles")
    document = load_document(edition)
    told = [story for story in document.stories if story.related]
    articles = sum(len(story.members) for story in document.stories)
    say(f"\nGrouping {articles} articles: {len(document.stories)} stories, the larger ones are")
    for story in sorted(told, key=lambda story: -len(story.members))[:8]:
        say(f"  {len(story.members)} articles  {story.headline}")
    with app.store.read() as session:
        left = session.exec(select(Exclusion.reason).where(Exclusion.edition_id == edition.id))
        for reason, number in Counter(left).items():
            say(f"  left out: {number}, {reason}")
    counts = Counter(story.heading for story in document.stories)
    sections = ", ".join(f"{h.title} {counts[h.key]}" for h in document.headings)
    say(f"\nComposing {document.title}, No. {document.number:,}, {document.date:%A %d %B %Y}")
    say(f"  {sections}")
    proof = proof_of_edition(app.press, edition)
    say(f"  rendered once: {proof.size:,} bytes with all sections, of 100,000 allowed")
    return edition


def _deliver(demo: Demo, edition: Edition) -> None:
    app, say = demo.app, demo.say
    smtp = app.settings.smtp
    say(f"\nDelivering over SMTP to {smtp.host}:{smtp.port}")
    account = asyncio.run(send_edition(app.store, app.press, row_id(edition)))
    say(f"  {account.said()}")
    caught = len(demo.catcher.caught)
    say(f"  the server kept {caught} mails")
    if caught != account.accepted or account.accepted == 0 or account.open:
        raise DemoFailedError(why=f"{account.accepted} were accepted, {caught} arrived")


def _point(demo: Demo, edition: Edition, seconds: float, *, stays: bool) -> None:
    app, say, folder = demo.app, demo.say, demo.folder
    say(f"\nDone in {seconds:.1f} s. Where to look:")
    say(f"  mails     {folder / 'mails'}/*.eml")
    say(f"  preview   {_preview_page(app) if stays else _again(folder)}")
    config = shlex.quote(str(folder / "digest.toml"))
    say(f"  account   {_program()} --config {config} editions show {edition.id}")


def _again(folder: Path) -> str:
    """The command that shows a demonstration once it has ended: its pictures are served by it."""
    return f"{_program()} demo --folder {shlex.quote(str(folder))} --show"


def _program() -> str:
    """How this program is called here: `make demo` does not put it on the path."""
    return "digest" if shutil.which("digest") else sys.argv[0]
