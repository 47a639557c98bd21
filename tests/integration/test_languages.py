"""A newsletter in one language, read by people of several: each gets its furniture in their own."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from digest.bootstrap import App, utc_now
from digest.delivery import Tally, begin
from digest.delivery.proof import page_of_edition, proof_for_subscriber
from digest.rendering import RenderedEdition
from digest.store.document import EditionDocument
from digest.store.models import Edition, Subscriber, Subscription
from digest.subscribers.people import find_subscription
from digest.web.app import create_app
from tests.audience import DAY, draft, send, stored, subscribe
from tests.smtp import SmtpServer

SAID = {
    "en@readers.example.org": "3 articles in 3 stories",
    "none@readers.example.org": "3 articles in 3 stories",
    "ar@readers.example.org": "3 مقالات في 3 موضوعات",
    "de-at@readers.example.org": "3 Artikel zu 3 Themen",
    "fr@readers.example.org": "3 articles, 3 sujets",
    # No catalog has its words: the newsletter's language it is.
    "ka@readers.example.org": "3 articles in 3 stories",
}
SINCE = {
    "ar@readers.example.org": "يناير",
    "de-at@readers.example.org": "Januar",
    "fr@readers.example.org": "janvier",
    "none@readers.example.org": "January",
}


def audience(app: App) -> None:
    """A reader of each language, subscribed in a January."""
    for email in SAID:
        tag = email.partition("@")[0]
        subscribe(app.store, email, language=None if tag == "none" else tag)
    with app.store.write() as session:
        for tie in session.exec(select(Subscription)):
            tie.confirmed = utc_now().replace(month=1, day=12)
            session.add(tie)


class Rendering:
    """Renders as the program does, and remembers for whom."""

    def __init__(self, app: App) -> None:
        self.languages: list[str] = []
        self._press = app.press

    def __call__(self, document: EditionDocument, language: str | None = None) -> RenderedEdition:
        rendered = self._press.render(document, language)
        self.languages.append(rendered.language)
        return rendered


def test_each_reader_gets_their_own_language(mailer: App, server: SmtpServer):
    audience(mailer)
    assert send(mailer, draft(mailer)) == Tally(audience=len(SAID), accepted=len(SAID))
    for email, said in SAID.items():
        for part in ("plain", "html"):
            assert said in server.received_by(email).part(part)
        assert SINCE.get(email, "") in server.received_by(email).part("html")
    html = server.received_by("ar@readers.example.org").part("html")
    assert '<html lang="ar" dir="rtl"' in html
    # What the newsletter itself says, and its stories, stay in its language.
    assert html.count('<h1 lang="en" dir="ltr"') == 1
    assert html.count('lang="en" dir="ltr"') > html.count('lang="ar" dir="rtl"') > 1


def test_an_edition_is_rendered_once_for_each_language_in_use(mailer: App):
    audience(mailer)
    with mailer.store.write() as session:
        gone = session.exec(select(Subscriber).where(col(Subscriber.email).startswith("fr@"))).one()
        tie = session.exec(select(Subscription).where(col(Subscription.subscriber_id) == gone.id))
        tie.one().status = "unsubscribed"
    number, render = draft(mailer), Rendering(mailer)
    for _ in range(2):
        begin(mailer.store, mailer.settings, render, number, utc_now())
    assert sorted(render.languages) == ["ar", "de", "en"]


def test_an_edition_that_an_earlier_release_froze_is_sent_on(mailer: App, server: SmtpServer):
    audience(mailer)
    number = draft(mailer)
    begin(mailer.store, mailer.settings, mailer.press.render, number, utc_now())
    with mailer.store.write() as session:
        edition = session.get_one(Edition, number)
        edition.rendered = {
            key: value for key, value in (edition.rendered or {}).items() if key != "translations"
        }
    assert send(mailer, number).accepted == len(SAID)
    assert "3 articles in 3 stories" in server.received_by("ar@readers.example.org").part("plain")


def test_who_changes_language_after_it_was_frozen_gets_what_there_is(
    mailer: App, server: SmtpServer
):
    audience(mailer)
    number = draft(mailer)
    begin(mailer.store, mailer.settings, mailer.press.render, number, utc_now())
    with mailer.store.write() as session:
        for person in session.exec(select(Subscriber)):
            person.language = {"fr": "ar", "ar": "el"}.get(person.language or "", "en")
            session.add(person)
    assert send(mailer, number).accepted == len(SAID)
    assert "3 مقالات" in server.received_by("fr@readers.example.org").part("plain")
    assert "3 articles in" in server.received_by("ar@readers.example.org").part("plain")


@pytest.fixture
def client(mailer: App) -> Iterator[TestClient]:
    with TestClient(
        create_app(mailer), base_url="http://127.0.0.1:8080", client=("127.0.0.1", 50000)
    ) as client:
        yield client


@pytest.mark.parametrize("frozen", [False, True], ids=["draft", "frozen"])
def test_a_preview_is_in_the_readers_language_and_the_archive_in_the_newsletters(
    mailer: App, client: TestClient, frozen
):
    audience(mailer)
    number = draft(mailer)
    if frozen:
        begin(mailer.store, mailer.settings, mailer.press.render, number, utc_now())
    edition = stored(mailer, number)
    with mailer.store.read() as session:
        for email, said in SAID.items():
            tie = find_subscription(session, "morning", email)
            proof = proof_for_subscriber(session, mailer.press, edition, tie)
            asked = {"newsletter": "morning", "date": str(DAY), "subscriber": email}
            view = client.get(f"/view/{mailer.tokens.reader(tie.id or 0, number)}")
            for shown in (
                proof.text,
                proof.html,
                client.get("/preview/mail.txt", params=asked).text,
                view.text,
            ):
                assert said in shown
    assert "3 articles in 3 stories" in page_of_edition(mailer.press, edition)
