"""How the desk is told: once, whoever looks, whatever dies, whatever servers say."""

import asyncio
import logging
import signal
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from digest.bootstrap import App, utc_now
from digest.config import Settings, Smtp
from digest.delivery import begin
from digest.notices import record
from digest.scheduler import bring_out_all
from digest.worker import Worker
from tests.audience import DAY, draft
from tests.notifying import DESK, Clock, notices, notifying, paused, subjects, tell
from tests.smtp import ANYONE, SmtpServer
from tests.smtp_session import DROP
from tests.telling import STEPS, killed_at


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


def test_what_a_program_left_unsettled_when_it_ended_is_logged_once(
    desk: App, clock: Clock, caplog: pytest.LogCaptureFixture
):
    paused(desk)
    desk.desk.look_at_editions()
    [row] = notices(desk)
    assert record.let_go(desk.store, row)
    caplog.set_level(logging.WARNING)
    for minutes, said in ((9, 0), (11, 1), (12, 1)):
        clock.now = row.due + timedelta(minutes=minutes)
        tell(desk)
        told = "desk@news.example.org may not have been told: paused 1 (the program ended before"
        assert caplog.text.count(told) == said
    assert [row.status for row in notices(desk)] == ["uncertain"]


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
