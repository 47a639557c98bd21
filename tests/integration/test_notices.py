"""What the desk is told: each matter once, whoever looks, whatever dies, whatever servers say."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from digest.bootstrap import App, utc_now
from digest.config import Algorithm, Desk, Dkim, Feed, Settings, SigningKey, Smtp
from digest.delivery import begin, cancel_edition, pause_edition, resume_edition
from digest.delivery.dkim import make_key, to_pem
from digest.editions.life import GIVEN_UP
from digest.errors import EditionPausedError
from digest.notices import record
from digest.scheduler import bring_out_all
from digest.store.models import Edition, EditionStatus, FeedState, Notice
from digest.worker import Worker, send_until_done, tell_desk
from tests.articles import put
from tests.audience import DAY, address, draft, subscribe
from tests.conftest import NOW
from tests.receiving import is_signed, zone_of
from tests.smtp import ANYONE, Received, SmtpServer
from tests.smtp_session import DROP
from tests.telling import STEPS, killed_at

DESK = "desk@news.example.org"
EDITOR = "editor@news.example.org"


class Clock:
    """A clock that tests move."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def desk(settings: Settings, server: SmtpServer, clock: Clock) -> Iterator[App]:
    """The program with a desk that is to be notified, by `clock`."""
    with closing(notifying(settings, server.port, clock)) as app:
        yield app


def notifying(
    settings: Settings, port: int, clock: Callable[[], datetime], *emails: str, **more
) -> App:
    smtp = Smtp.model_validate({"port": port, "timeout": "5s"})
    changed = {"smtp": smtp, "desk": Desk(notify=emails or (DESK,)), **more}
    return App(settings.model_copy(update=changed), clock)


def tell(app: App) -> None:
    asyncio.run(tell_desk(app, asyncio.Event()))


def notices(app: App) -> list[Notice]:
    with app.store.read() as session:
        return list(session.scalars(select(Notice).order_by(col(Notice.id))))


def paused(app: App, why: str = "the server refuses", **facts) -> int:
    """An edition that an obstacle has paused."""
    edition = draft(app, **facts)
    begin(app.store, app.settings, app.press.render, edition, app.clock())
    pause_edition(app.store, edition, app.clock(), why)
    return edition


def ended(app: App, status: EditionStatus, **fields) -> int:
    edition = draft(app)
    with app.store.write() as session:
        row = session.get_one(Edition, edition)
        row.status, row.completed = status, app.clock()
        for name, value in fields.items():
            setattr(row, name, value)
        session.add(row)
    return edition


def text_of(mail: Received) -> str:
    return mail.part("plain").replace("\r\n", "\n")


def subjects(server: SmtpServer) -> list[str]:
    return [item.message["Subject"] for item in server.received]


def test_an_obstacle_is_told_of_once_with_the_commands_that_help(desk: App, server: SmtpServer):
    subscribe(desk.store, address(1))
    server.script["MAIL", ANYONE] = ["530 5.7.0 Authentication required"]
    edition = draft(desk)
    for _ in range(2):
        with pytest.raises(EditionPausedError):
            asyncio.run(send_until_done(desk, edition, at_once=False, on_progress=None))
    [mail] = server.received
    assert mail.recipient == DESK
    assert mail.message["Subject"] == "Paused: The Morning Courier of 3 March 2026"
    for part in (text_of(mail).replace("\n  | ", " "), mail.part("html")):
        assert "530 5.7.0 Authentication required" in part
        assert f"digest editions resume {edition}" in part


def test_its_head_is_that_of_a_mail_to_one_person(desk: App, server: SmtpServer):
    paused(desk, "x\r\nBcc: all@example.org\r\n\r\nhello")
    tell(desk)
    [mail] = server.received
    assert set(mail.message.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("MIME-Version", "Content-Type"),
    }
    assert mail.message["From"] == "The Morning Courier <morning@news.example.org>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Message-ID"].endswith("@news.example.org>")
    assert mail.sender == "bounces@news.example.org"
    assert "Bcc: all@example.org hello" in text_of(mail)


def test_it_is_signed_as_all_mails_of_its_domain_are(
    settings: Settings, server: SmtpServer, clock: Clock, folder: Path
):
    private = make_key(Algorithm.ED25519)
    file = folder / "dkim.pem"
    file.write_bytes(to_pem(private))
    entry = Dkim(domain="news.example.org", selector="s2026", private_key_file=file)
    with closing(notifying(settings, server.port, clock, dkim=(entry,))) as app:
        paused(app)
        tell(app)
    [mail] = server.received
    key = SigningKey("news.example.org", "s2026", Algorithm.ED25519, private)
    assert is_signed(mail.data, 0, zone_of([key]))


def test_who_is_paused_by_hand_knows_it(desk: App, server: SmtpServer):
    paused(desk, "")
    tell(desk)
    assert (notices(desk), server.connections, server.received) == ([], 0, [])


def test_a_pause_that_comes_again_is_told_again(desk: App, server: SmtpServer, clock: Clock):
    edition = paused(desk)
    tell(desk)
    resume_edition(desk.store, edition, NOW)
    tell(desk)
    assert len(server.received) == 1
    clock.now += timedelta(minutes=1)
    pause_edition(desk.store, edition, clock.now, "the server refuses")
    tell(desk)
    tell(desk)
    assert len(server.received) == 2
    assert len({item.message["Message-ID"] for item in server.received}) == 2


def test_a_pause_that_nobody_could_be_told_of_is_no_news_once_it_is_seen_to(
    settings: Settings, server: SmtpServer, clock: Clock
):
    with closing(notifying(settings, 1, clock)) as app:
        first, second = paused(app), paused(app, date=DAY + timedelta(days=1), number=2)
        tell(app)
        assert [row.status for row in notices(app)] == ["waiting", "waiting"]
        resume_edition(app.store, first, NOW)
        cancel_edition(app.store, second, NOW, journals=app.settings.journal_folder)
    clock.now += timedelta(hours=1)
    with closing(notifying(settings, server.port, clock)) as app:
        tell(app)
        assert notices(app) == []
    assert server.received == []


def test_a_template_that_breaks_an_edition_does_not_break_the_notice_of_it(
    settings: Settings, server: SmtpServer, clock: Clock, tmp_path: Path
):
    own = tmp_path / "own" / "email"
    own.mkdir(parents=True)
    (own / "base.html").write_text("{{ nothing_of_that_name }}")
    site = settings.site.model_copy(update={"templates": tmp_path / "own"})
    with closing(notifying(settings, server.port, clock, site=site)) as app:
        put(app.store, "Ferries sail again", NOW - timedelta(hours=1))
        for _ in range(3):
            assert bring_out_all(app) is False
            tell(app)
    [mail] = server.received
    assert mail.message["Subject"] == "Not brought out: The Morning Courier of 3 March 2026"
    assert "base.html, line 1: 'nothing_of_that_name' is undefined" in " ".join(
        mail.part("plain").replace(" | ", " ").split()
    )


def test_a_mistake_of_ours_is_told_of(
    desk: App, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("digest.scheduler.build", fail)
    assert bring_out_all(desk) is False
    tell(desk)
    assert "ZeroDivisionError()" in server.received[0].part("plain")


def test_a_morning_without_articles_is_told_of(desk: App, server: SmtpServer):
    bring_out_all(desk)
    tell(desk)
    tell(desk)
    assert subjects(server) == ["Skipped: The Morning Courier of 3 March 2026"]
    assert "digest feeds list" in server.received[0].part("plain")


def test_an_edition_that_nobody_began_is_told_of_once_it_is_too_late(
    desk: App, server: SmtpServer, clock: Clock
):
    ended(desk, EditionStatus.SENT)
    clock.now += timedelta(days=1, hours=5, minutes=59)
    desk.desk.look_at_plan()
    assert notices(desk) == []
    clock.now += timedelta(minutes=2)
    for _ in range(2):
        desk.desk.look_at_plan()
        tell(desk)
    assert subjects(server) == ["Skipped: The Morning Courier of 4 March 2026"]
    assert "digest editions build morning --date 2026-03-04" in server.received[0].part("plain")


def test_a_draft_that_was_given_up_is_told_of(desk: App, clock: Clock):
    ended(desk, EditionStatus.SENT)
    late = draft(desk, date=DAY + timedelta(days=1), number=2)
    with desk.store.write() as session:
        row = session.get_one(Edition, late)
        row.status, row.note = EditionStatus.CANCELLED, GIVEN_UP
        session.add(row)
    clock.now += timedelta(days=1, hours=7)
    desk.desk.look_at_plan()
    assert [row.key for row in notices(desk)] == ["skipped morning 2026-03-04"]


def test_of_a_new_newsletter_nothing_was_skipped(desk: App):
    desk.desk.look_at_plan()
    assert notices(desk) == []


def test_what_an_operator_cancelled_is_no_news(desk: App, clock: Clock):
    ended(desk, EditionStatus.CANCELLED)
    clock.now += timedelta(hours=12)
    desk.desk.look_at_plan()
    desk.desk.look_at_editions()
    assert notices(desk) == []


def test_who_did_not_get_an_edition_is_counted(desk: App, server: SmtpServer):
    subscribe(desk.store, *map(address, range(4)))
    server.script["RCPT", address(1)] = ["550 5.1.1 no such user"]
    server.script["BODY", address(2)] = [DROP]
    edition = draft(desk)
    asyncio.run(send_until_done(desk, edition, at_once=False, on_progress=None))
    tell(desk)
    mail = server.received_by(DESK)
    assert mail.message["Subject"] == "Not all got it: The Morning Courier of 3 March 2026"
    text = text_of(mail)
    counts = "  Audience: 4\n  Accepted: 2\n  Refused: 1\n  Uncertain: 1\n"
    assert counts in text
    assert f"digest editions deliveries {edition} --status refused" in text


def test_an_edition_that_all_got_is_no_news(desk: App, server: SmtpServer):
    subscribe(desk.store, address(1))
    asyncio.run(send_until_done(desk, draft(desk), at_once=False, on_progress=None))
    assert [item.recipient for item in server.received] == [address(1)]
    assert notices(desk) == []


def test_feeds_that_fail_for_a_day_are_told_of_together_and_once(
    settings: Settings, server: SmtpServer, clock: Clock
):
    slugs = ("world", "sports", "new")
    feeds = tuple(
        Feed.model_validate({"slug": slug, "url": f"https://news.example.org/{slug}.rss"})
        for slug in slugs
    )
    with closing(notifying(settings, server.port, clock, feeds=feeds)) as app:
        with app.store.write() as session:
            for slug, succeeded, failures in (
                ("world", NOW - timedelta(hours=25), 9),
                ("sports", NOW - timedelta(hours=23), 9),
                ("new", None, 5),
                ("undeclared", None, 9),
            ):
                url = f"https://news.example.org/{slug}.rss"
                session.add(
                    FeedState(
                        slug=slug, url=url, succeeded=succeeded, failures=failures, error="404."
                    )
                )
        for hours in (0, 2, 20):
            clock.now = NOW + timedelta(hours=hours)
            app.desk.look_at_plan()
            tell(app)
    first, second = (text_of(item) for item in server.received)
    assert "  new\n  404.\n  Never read\n" in first
    assert "  world\n  404.\n  Last read on 2 March 2026\n" in first
    assert "undeclared" not in first
    assert "  sports\n" in second
    assert "  world\n" not in second


def test_where_nobody_is_to_be_notified_nothing_is_done(
    settings: Settings, server: SmtpServer, clock: Clock
):
    with closing(notifying(settings, server.port, clock, desk=Desk())) as app:
        paused(app)
        bring_out_all(app)
        app.desk.look_at_plan()
        tell(app)
        assert notices(app) == []
    assert server.received == []


def test_each_address_is_told_by_a_mail_of_its_own_and_newcomers_not_of_the_past(
    settings: Settings, server: SmtpServer, clock: Clock
):
    with closing(notifying(settings, server.port, clock, DESK, "two@news.example.org")) as app:
        paused(app)
        tell(app)
    assert sorted(item.message["To"] for item in server.received) == [DESK, "two@news.example.org"]
    with closing(notifying(settings, server.port, clock, DESK, EDITOR)) as app:
        tell(app)
    assert len(server.received) == 2


def test_of_several_processes_one_tells(
    settings: Settings, server: SmtpServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    apps = [notifying(settings, server.port, clock) for _ in range(3)]
    together = threading.Barrier(len(apps))
    may_leave = record.let_go

    def let_go(*arguments):
        # All have announced the same notice to the server by now.
        together.wait(60)
        return may_leave(*arguments)

    monkeypatch.setattr("digest.notices.record.let_go", let_go)

    def run(app: App) -> None:
        bring_out_all(app)
        tell(app)

    threads = [threading.Thread(target=run, args=[app]) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert subjects(server) == ["Skipped: The Morning Courier of 3 March 2026"]
    assert [row.status for row in notices(apps[0])] == ["accepted"]
    for app in apps:
        app.close()


def test_killed_at_each_step_and_started_again(
    folder: Path, settings: Settings, server: SmtpServer
):
    config = folder / "digest.toml"
    with config.open("a", encoding="utf-8") as file:
        file.write(f'[smtp]\nport = {server.port}\n[desk]\nnotify = ["{DESK}"]\n')
    came: dict[str, int] = {}
    with closing(notifying(settings, server.port, utc_now)) as app:
        for number, step in enumerate(STEPS):
            before = len(server.received)
            paused(app, date=DAY + timedelta(days=number), number=number + 1)
            assert killed_at(config, step) == -signal.SIGKILL, step
            tell(app)
            tell(app)
            came[step] = len(server.received) - before
        statuses = [row.status for row in notices(app)]
    # It was to leave in that moment, and nobody can tell whether it did: not again.
    assert came == dict.fromkeys(STEPS, 1) | {"it may leave": 0}
    assert statuses == ["accepted", "accepted", "uncertain", "uncertain", "accepted"]


@pytest.mark.parametrize(
    ("stage", "reply"),
    [("MAIL", "451 4.3.0 later"), ("RCPT", "450 4.2.0 later"), ("BODY", "451 4.3.0 later")],
)
def test_a_server_that_says_later_is_asked_again(
    desk: App, server: SmtpServer, clock: Clock, stage: str, reply: str
):
    server.script[stage, ANYONE] = [reply]
    paused(desk)
    tell(desk)
    tell(desk)
    assert [entry for entry in server.entries() if entry.taken] == []
    clock.now += timedelta(minutes=1)
    tell(desk)
    tell(desk)
    assert len([entry for entry in server.entries() if entry.taken]) == 1
    assert len({entry.message_id for entry in server.entries()}) == 1
    [row] = notices(desk)
    assert (row.status, row.attempts) == ("accepted", 1)


def test_a_server_that_is_gone_is_tried_for_as_long_as_for_readers(
    settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
):
    with closing(notifying(settings, 1, clock)) as app:
        paused(app)
        for _ in range(20):
            tell(app)
            clock.now += timedelta(hours=5)
        [row] = notices(app)
    assert row.status == "refused"
    assert row.attempts == 9
    assert "cannot be told: paused 1 (The SMTP server 127.0.0.1:1 cannot be reached" in caplog.text


def test_the_next_server_takes_what_the_first_does_not(
    settings: Settings, server: SmtpServer, clock: Clock
):
    other = Smtp.model_validate({"port": server.port})
    with closing(notifying(settings, 1, clock, servers=(other,))) as app:
        paused(app)
        tell(app)
    assert [item.recipient for item in server.received] == [DESK]


def test_an_address_that_is_refused_for_good_is_let_be(
    desk: App, server: SmtpServer, clock: Clock, caplog: pytest.LogCaptureFixture
):
    server.script["RCPT", DESK] = ["550 5.1.1 no such user"]
    paused(desk)
    tell(desk)
    clock.now += timedelta(hours=1)
    tell(desk)
    assert server.entries() == []
    assert [row.status for row in notices(desk)] == ["refused"]
    assert "no such user" in caplog.text


def test_a_notice_whose_answer_was_lost_is_not_sent_again(
    desk: App, server: SmtpServer, clock: Clock, caplog: pytest.LogCaptureFixture
):
    server.script["BODY", DESK] = [DROP]
    paused(desk)
    tell(desk)
    clock.now += timedelta(hours=1)
    tell(desk)
    assert len(server.entries()) == 1
    assert [row.status for row in notices(desk)] == ["uncertain"]
    assert "may not have been told" in caplog.text


async def test_a_worker_tells_and_ends_in_order(
    settings: Settings, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("digest.worker.LOOK_EVERY", 0.01)
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    server.on_message = lambda _: loop.call_soon_threadsafe(told.set)
    with closing(notifying(settings, server.port, utc_now)) as app:
        paused(app)
        worker = Worker(app)
        running = asyncio.create_task(worker.run())
        await asyncio.wait_for(told.wait(), 60)
        worker.stop()
        await running
        assert [row.status for row in notices(app)] == ["accepted"]
    assert len(server.received) == 1


async def test_an_edition_that_cannot_be_sent_on_is_told_of(
    settings: Settings, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("digest.worker.LOOK_EVERY", 0.01)
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    server.on_message = lambda _: loop.call_soon_threadsafe(told.set)

    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("digest.worker.send_edition", fail)
    with closing(notifying(settings, server.port, utc_now)) as app:
        begin(app.store, app.settings, app.press.render, draft(app), app.clock())
        worker = Worker(app)
        running = asyncio.create_task(worker.run())
        await asyncio.wait_for(told.wait(), 60)
        worker.stop()
        await running
    assert subjects(server) == ["Not brought out: The Morning Courier of 3 March 2026"]
