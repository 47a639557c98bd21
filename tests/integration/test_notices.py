"""What the desk is told: each matter once, with what helps."""

import asyncio
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from digest.bootstrap import App
from digest.config import Algorithm, Desk, Dkim, Feed, Settings, SigningKey
from digest.delivery import begin, cancel_edition, pause_edition, resume_edition
from digest.delivery.dkim import make_key, to_pem
from digest.editions.life import GIVEN_UP
from digest.errors import EditionPausedError
from digest.rendering import RenderedEdition
from digest.scheduler import bring_out_all
from digest.store.document import EditionDocument
from digest.store.models import Edition, EditionStatus, FeedState
from digest.worker import send_until_done
from tests.articles import put
from tests.audience import DAY, address, draft, subscribe
from tests.conftest import NOW
from tests.notifying import (
    DESK,
    EDITOR,
    Clock,
    notices,
    notifying,
    paused,
    subjects,
    tell,
    text_of,
)
from tests.receiving import is_signed, zone_of
from tests.smtp import ANYONE, SmtpServer
from tests.smtp_session import DROP


def ended(app: App, status: EditionStatus, **fields) -> int:
    edition = draft(app)
    with app.store.write() as session:
        row = session.get_one(Edition, edition)
        row.status, row.completed = status, app.clock()
        for name, value in fields.items():
            setattr(row, name, value)
        session.add(row)
    return edition


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


def test_that_our_templates_stood_in_is_told_of_once_also_for_one_language(
    settings: Settings, server: SmtpServer, clock: Clock
):
    why = "own/email/edition/body.html, line 3: 'x' is undefined: correct it"
    with closing(notifying(settings, server.port, clock)) as app:
        subscribe(app.store, address(1), language="de")
        edition = draft(app)

        def render(document: EditionDocument, language: str | None) -> RenderedEdition:
            rendered = app.press.render(document, language)
            return rendered.model_copy(update={"instead": why if language == "de" else ""})

        tell(app)
        assert notices(app) == []
        begin(app.store, app.settings, render, edition, clock())
        tell(app)
    with closing(notifying(settings, server.port, clock)) as app:
        tell(app)
    assert subjects(server) == ["Not in your design: The Morning Courier of 3 March 2026"]
    [mail] = server.received
    assert why in " ".join(mail.part("plain").replace(" | ", " ").split())
    assert f"digest editions render {edition} -o edition.html" in text_of(mail)


def test_an_edition_in_the_publishers_own_design_is_no_news(desk: App, server: SmtpServer):
    begin(desk.store, desk.settings, desk.press.render, draft(desk), desk.clock())
    tell(desk)
    assert notices(desk) == []


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
