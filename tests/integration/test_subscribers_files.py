"""Subscribers in files, on both databases: import, its refusals, and the way round by export."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from digest.config import Settings, load_settings
from digest.errors import CsvUnreadableError
from digest.feedback.suppressions import SuppressionReason, suppress
from digest.store import Store
from digest.store.models import Subscriber, Subscription, SubscriptionStatus
from digest.store.rows import row_id
from digest.subscribers import find_subscription, people
from digest.subscribers.addresses import read_address
from digest.subscribers.choices import Profile
from digest.subscribers.csv_reading import SubscribersCsv
from digest.subscribers.exporting import export_csv
from digest.subscribers.importing import BATCH, ImportReport, SubscriberImport, _Plan
from digest.subscribers.subscribing import subscribe, unsubscribe

NOW = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(days=30)
EVENING = """
[[newsletters]]
slug = "evening"
title = "The Evening Courier"
from = "evening@news.example.org"
sections = ["World", "Culture"]
send_at = "18:00"
"""


@pytest.fixture
def two(folder: Path) -> Settings:
    """Settings with a second newsletter."""
    path = folder / "digest.toml"
    path.write_text(path.read_text(encoding="utf-8") + EVENING, encoding="utf-8")
    return load_settings(path)


@pytest.fixture
def take(store: Store, two: Settings, tmp_path: Path):
    def taken(*lines: str, consent: str = "old site", now: datetime = NOW) -> ImportReport:
        path = tmp_path / "in.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        importing = SubscriberImport(store, two, now, newsletters=["morning"], consent=consent)
        return importing.run(SubscribersCsv(path), lambda _: None)

    return taken


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    parts = (report.added, report.updated, report.unchanged, len(report.rejected))
    assert report.read == sum(parts)
    return parts


def everything(store: Store) -> list[tuple[object, ...]]:
    person = (Subscriber.email, Subscriber.name, Subscriber.timezone, Subscriber.language)
    with store.read() as session:
        query = (
            select(*map(col, person))
            .add_columns(
                col(Subscription.newsletter), col(Subscription.status), col(Subscription.sections)
            )
            .join(Subscription, col(Subscription.subscriber_id) == col(Subscriber.id))
            .order_by(col(Subscriber.email), col(Subscription.newsletter))
        )
        return [tuple(row) for row in session.execute(query)]


HEADER = "email,name,newsletters,sections,timezone,language"


def test_lines_become_subscribers(store: Store, take):
    report = take(
        HEADER,
        "Ana@Example.org,Ана Петрова,morning;evening,World;Sports,Europe/Sofia,bg",
        "bob@example.org,,,,,",
    )
    assert counts(report) == (2, 0, 0, 0)
    ana = ("Ana@example.org", "Ана Петрова", "Europe/Sofia", "bg")
    assert everything(store) == [
        (*ana, "evening", "active", ["World"]),
        (*ana, "morning", "active", ["World", "Sports"]),
        ("bob@example.org", "", None, None, "morning", "active", None),
    ]
    with store.read() as session:
        tie = find_subscription(session, "evening", "ana@example.org")
    assert (tie.consent, tie.confirmed, tie.created) == ("old site", NOW, NOW)


def test_the_same_file_again_changes_nothing(store: Store, take):
    lines = (HEADER, "a@b.org,Ana,morning,World,Europe/Sofia,bg", "c@d.org,,,,,")
    take(*lines, now=BEFORE)
    before = everything(store)
    assert counts(take(*lines)) == (0, 0, 2, 0)
    assert everything(store) == before
    with store.read() as session:
        assert find_subscription(session, "morning", "a@b.org").confirmed == BEFORE


def test_what_is_new_is_an_update_and_empty_cells_clear_nothing(store: Store, take):
    take(HEADER, "a@b.org,Ana,morning,World,Europe/Sofia,bg", "c@d.org,Cy,,,,")
    report = take(HEADER, "a@b.org,,,Sports,,en", "C@D.org,,evening,,,")
    assert counts(report) == (0, 2, 0, 0)
    cy = ("c@d.org", "Cy", None, None)
    assert everything(store) == [
        ("a@b.org", "Ana", "Europe/Sofia", "en", "morning", "active", ["Sports"]),
        (*cy, "evening", "active", None),
        (*cy, "morning", "active", None),
    ]


def test_without_consent_they_are_pending_and_consent_makes_them_active(store: Store, take):
    take("email", "a@b.org", consent="")
    assert everything(store)[0][5] == "pending"
    assert counts(take("email", "a@b.org", consent="")) == (0, 0, 1, 0)
    assert counts(take("email", "a@b.org")) == (0, 1, 0, 0)
    assert counts(take("email", "a@b.org", consent="")) == (0, 0, 1, 0)
    assert everything(store)[0][5] == "active"


def test_an_address_twice_in_a_file_is_one_person(store: Store, take):
    report = take(
        "email,name,newsletters", "a@b.org,,", "A@b.org,,", "a@B.ORG,Ana,evening", "a@b.org,,"
    )
    assert counts(report) == (1, 1, 2, 0)
    assert [(row[0], row[1], row[4]) for row in everything(store)] == [
        ("a@b.org", "Ana", "evening"),
        ("a@b.org", "Ana", "morning"),
    ]


def test_each_bad_line_has_its_reason_and_the_others_go_in(store: Store, take):
    report = take(
        HEADER,
        "a@b.org,,,,,",
        "nobody,,,,,",
        '"a@b.org\r\nBcc: c@d.org",,,,,',
        "c@d.org,,noon,,,",
        "c@d.org,,,Cooking,,",
        "c@d.org,,,,Mars/Phobos,",
        "c@d.org,,,,,klingon",
        "c@d.org,one,cell,too,many,here,now",
        'c@d.org,"unclosed,,,,',
        ",Nobody,,,,",
        "z@b.org,,,,,",
    )
    assert counts(report) == (2, 0, 0, 9)
    assert [row[0] for row in everything(store)] == ["a@b.org", "z@b.org"]
    told = {bad.line: bad.reason for bad in report.rejected}
    assert list(told) == [3, 4, 6, 7, 8, 9, 10, 11, 12]
    assert "must have an @-sign" in told[3]
    assert "invalid characters" in told[4]
    assert told[6] == 'No newsletter is called "noon": the configuration has morning, evening.'
    assert told[7].startswith('The newsletter "morning" has no section "Cooking": choose from')
    assert told[8].startswith('"Mars/Phobos" is no time zone')
    assert told[9].startswith('"klingon" is no language')
    assert told[10].startswith("it has 7 cells")
    assert told[11] == "a quote is not closed"
    assert "must have an @-sign" in told[12]
    assert {bad.line: bad.email for bad in report.rejected}[4] == "a@b.org Bcc: c@d.org"


def test_a_reason_is_one_line_whatever_it_quotes(take):
    report = take("email,newsletters", 'a@example.org,"x\ny\x1b[2J"')
    assert [bad.reason[:32] for bad in report.rejected] == ['No newsletter is called "x y[2J"']


def test_a_file_without_lines_is_refused_before_it_fills_the_memory(tmp_path: Path):
    path = tmp_path / "in.csv"
    path.write_bytes(b"email\n" + b"a," * 1_000_000)
    with pytest.raises(CsvUnreadableError, match="line 2 is longer than 1,000,000 bytes"):
        SubscribersCsv(path)


def test_who_left_and_who_is_suppressed_stay_out(store: Store, take):
    take("email,newsletters", "left@b.org,morning;evening", "kept@b.org,morning", now=BEFORE)
    with store.write() as session:
        tie = find_subscription(session, "evening", "left@b.org")
        unsubscribe(session, row_id(tie), BEFORE)
        suppress(session, read_address("never@b.org"), SuppressionReason.BOUNCE, "", NOW)
    before = everything(store)
    report = take("email,name,newsletters", "left@b.org,L,morning;evening", "Never@b.org,,")
    left, never = report.rejected
    assert (left.line, never.line) == (2, 3)
    assert left.reason == (
        'left@b.org unsubscribed from "evening" on 2026-02-01: they must sign up again.'
    )
    assert never.reason.startswith("Never@b.org is never mailed (bounce): `digest suppressions")
    assert everything(store) == before
    # The newsletter that they did not leave is still theirs to change.
    assert counts(take("email,name,newsletters", "left@b.org,L,morning")) == (0, 1, 0, 0)


def test_batches_are_counted_together(store: Store, two: Settings, tmp_path: Path):
    path = tmp_path / "in.csv"
    lines = [f"r{number}@b.org" for number in range(2 * BATCH + 1)]
    path.write_text("\n".join(["email", *lines, "r1@b.org", "bad"]), encoding="utf-8")
    heard: list[int] = []
    importing = SubscriberImport(store, two, NOW, newsletters=["morning"])
    report = importing.run(SubscribersCsv(path), heard.append)
    assert counts(report) == (2 * BATCH + 1, 0, 1, 1)
    assert heard == [BATCH, 2 * BATCH, 2 * BATCH + 3]
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(Subscription)).one() == 2 * BATCH + 1


def test_a_batch_is_planned_again_when_somebody_signs_up_meanwhile(
    store: Store, take, monkeypatch: pytest.MonkeyPatch
):
    planned = _Plan.write
    attempts = []

    def beaten_once(plan: _Plan) -> None:
        attempts.append(plan)
        if len(attempts) == 1:
            # What the database says when another process inserted the address first.
            plan._session.rollback()
            with Session(store.engine) as other:
                subscribe(
                    other, read_address("a@b.org"), {"morning": None}, NOW, profile=Profile("Web")
                )
                other.commit()
            raise IntegrityError("INSERT", {}, Exception("duplicate key"))
        planned(plan)

    monkeypatch.setattr(_Plan, "write", beaten_once)
    assert counts(take("email", "a@b.org", "c@d.org")) == (1, 1, 0, 0)
    assert [(row[0], row[1], row[5]) for row in everything(store)] == [
        ("a@b.org", "Web", "active"),
        ("c@d.org", "", "active"),
    ]


def test_an_export_comes_back_as_it_was(store: Store, take, two: Settings, tmp_path: Path):
    take(
        HEADER,
        'a@b.org,"Petrova, ""Ana""",morning;evening,World,Europe/Sofia,bg',
        "a@b.org,,evening,Culture,,",
        "'=cmd@b.org,'=1+1,,,,pt-BR",
        "'+49@b.org,@ana,,,,",
        "用户@例子.广告,用户,,,,",
        "plain@b.org,,,,,",
    )
    before = everything(store)
    assert ("=cmd@b.org", "=1+1", None, "pt-BR", "morning", "active", None) in before
    text = "".join(export_csv(store, status=SubscriptionStatus.ACTIVE))
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    with store.write() as session:
        for person in session.exec(select(Subscriber)).all():
            people.erase(session, person, NOW)
    (tmp_path / "out.csv").write_text(text, encoding="utf-8", newline="")
    importing = SubscriberImport(store, two, NOW, consent="export")
    report = importing.run(SubscribersCsv(tmp_path / "out.csv"), lambda _: None)
    # Ana chose other sections in the evening than in the morning: two lines.
    assert counts(report) == (5, 1, 0, 0)
    assert everything(store) == before


def test_an_export_has_who_was_asked_for(store: Store, take):
    take("email,newsletters", "a@b.org,morning", "b@b.org,morning;evening")
    take("email,newsletters", "c@b.org,evening", consent="")

    def exported(status: SubscriptionStatus, newsletter: str | None = None) -> list[str]:
        text = "".join(export_csv(store, newsletter=newsletter, status=status))
        return [f"{row['email'][0]} {row['newsletters']}" for row in rows(text)]

    def rows(text: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(text)))

    assert exported(SubscriptionStatus.ACTIVE) == ["a morning", "b morning;evening"]
    assert exported(SubscriptionStatus.ACTIVE, "evening") == ["b evening"]
    assert exported(SubscriptionStatus.PENDING) == ["c evening"]
    assert exported(SubscriptionStatus.UNSUBSCRIBED) == []


def test_an_export_goes_page_by_page(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("digest.subscribers.exporting._PAGE", 3)
    with store.write() as session:
        made = [
            {"email": f"{number}@b.org", "key": f"{number}@b.org", "name": "", "created": NOW}
            for number in range(8)
        ]
        session.execute(insert(Subscriber), made)
        ties = [
            {
                "subscriber_id": number,
                "newsletter": "morning",
                "status": "active",
                "consent": "",
                "created": NOW,
            }
            for number in session.exec(select(col(Subscriber.id)))
        ]
        session.execute(insert(Subscription), ties)
    pieces = list(export_csv(store, status=SubscriptionStatus.ACTIVE))
    assert [len(piece.splitlines()) for piece in pieces] == [1, 3, 3, 2]
