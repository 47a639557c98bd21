"""Readers' pages: in their language, with the newsletter's face, whatever templates do."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import html5lib
import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from digest.bootstrap import App
from digest.config import Logo, Settings, Theme
from digest.rendering import bounds
from digest.rendering.page import render_page
from digest.store.models import Subscriber
from digest.store.rows import row_id
from digest.subscribers.people import find_subscription
from digest.web.app import create_app
from tests.audience import subscribe
from tests.conftest import NOW
from tests.template_reference import page_variables

EMAIL = "reader@readers.example.org"

# What a page says does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def facing(settings: Settings, *languages: str, **newsletter: object) -> Settings:
    """The same site with a newsletter in each language, the first of them "morning"."""
    first = settings.newsletters[0].model_copy(update={"language": languages[0], **newsletter})
    others = [
        first.model_copy(update={"slug": f"in-{language}", "language": language, "title": title})
        for language, title in zip(languages[1:], ("Утро", "الصباح"), strict=False)
    ]
    return settings.model_copy(update={"newsletters": (first, *others)})


def browser(app: App, **headers: str) -> TestClient:
    return TestClient(
        create_app(app),
        base_url="http://127.0.0.1:8080",
        headers=headers,
        raise_server_exceptions=False,
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    with closing(App(facing(settings, "en"), lambda: NOW)) as app:
        subscribe(app.store, EMAIL)
        yield app


def token(app: App, language: str | None) -> str:
    """Of a reader with a language."""
    with app.store.write() as session:
        person = session.exec(select(Subscriber).where(col(Subscriber.email) == EMAIL)).one()
        person.language = language
        session.add(person)
    with app.store.read() as session:
        return app.tokens.reader(row_id(find_subscription(session, "morning", EMAIL)), 1)


def shell(html: str) -> tuple[str | None, str | None]:
    """What a page says of its language and direction."""
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    return page.get("lang"), page.get("dir")


@pytest.mark.parametrize(
    ("language", "spoken", "asked", "gone"),
    [
        (None, ("en", "ltr"), "Unsubscribe?", "You are unsubscribed"),
        ("bg", ("bg", "ltr"), "Да ви отпишем ли?", "Отписахте се"),
        ("de-AT", ("de", "ltr"), "Newsletter abbestellen?", "Sie haben den Newsletter abbestellt"),
        ("fr", ("fr", "ltr"), "Se désabonner\xa0?", "Votre désabonnement est effectif"),
        ("es", ("es", "ltr"), "¿Darse de baja?", "Se ha dado de baja"),
        ("el", ("el", "ltr"), "Διακοπή της συνδρομής;", "Η συνδρομή σας διακόπηκε"),
        ("tr", ("tr", "ltr"), "Abonelikten çıkılsın mı?", "Abonelikten çıktınız"),
        ("ar", ("ar", "rtl"), "هل تريد إلغاء الاشتراك؟", "أُلغي اشتراكك"),
        # No catalog has its words.
        ("ka", ("en", "ltr"), "Unsubscribe?", "You are unsubscribed"),
    ],
)
def test_who_leaves_is_spoken_to_in_their_language(app: App, language, spoken, asked, gone):
    # The reader's own goes before what the browser asks for: it may be a borrowed one.
    client, link = browser(app, **{"Accept-Language": "el"}), token(app, language)
    shown = client.get(f"/unsubscribe/{link}")
    assert shell(shown.text) == spoken
    assert asked in shown.text
    assert gone in client.post(f"/unsubscribe/{link}").text


def test_choosing_is_in_the_readers_language_and_sections_in_the_newsletters(app: App):
    client, link = browser(app), token(app, "ar")
    page = client.get(f"/preferences/{link}").text
    assert shell(page) == ("ar", "rtl")
    assert '<span lang="en" dir="ltr">World</span></label>' in page
    assert '<p class="nameplate" lang="en" dir="ltr">' in page
    assert "حُفظ اختيارك" in client.post(f"/preferences/{link}", data={"section": "World"}).text
    assert "اختر قسمًا واحدًا" in client.post(f"/preferences/{link}").text
    assert "تغيّرت الأقسام" in client.post(f"/preferences/{link}", data={"section": "X"}).text


def test_the_archive_is_in_the_newsletters_language(settings: Settings):
    with closing(App(facing(settings, "ar"), lambda: NOW)) as app:
        page = browser(app, **{"Accept-Language": "de"}).get("/archive/morning").text
        assert shell(page) == ("ar", "rtl")
        assert "لم يصدر أي عدد بعد" in page


@pytest.mark.parametrize(
    ("header", "language", "said"),
    [
        ("", "en", "Newsletters"),
        ("de-DE,de;q=0.9", "en", "Newsletters"),
        ("de, bg;q=0.8, en;q=0.7", "bg", "Бюлетини"),
        ("en;q=0.2, ar-EG;q=0.9", "ar", "النشرات"),
        ("bg;q=0, *", "en", "Newsletters"),
        ("bg;q=nonsense;;,\x7f,en-GB", "en", "Newsletters"),
        ("BG" + ",xx" * 10_000, "bg", "Бюлетини"),
    ],
)
def test_a_shared_page_is_in_the_language_in_use_that_is_asked_for(
    settings: Settings, header: str, language: str, said: str
):
    with closing(App(facing(settings, "en", "bg", "ar"), lambda: NOW)) as app:
        client = browser(app, **{"Accept-Language": header})
        page = client.get("/").text
        assert shell(page)[0] == language
        assert f"<h1>{said}</h1>" in page
        marked = '<li><a href="/archive/in-bg">' if language == "bg" else '<li lang="bg"'
        assert marked in page
        missing = client.get("/nowhere")
        assert missing.status_code == 404
        assert shell(missing.text)[0] == language


def test_a_page_has_the_newsletters_face(settings: Settings):
    logo = Logo(url="https://news.example.org/l.png?a=1&b=2", width=240)
    face = Theme.model_validate(
        {
            "light": {"accent": "#0b5d3b", "ground": "#eef1f0"},
            "dark": {"accent": "#7fd6a8"},
            "headline_fonts": ["Palatino Linotype", "serif"],
            "width": 560,
        }
    ).model_copy(update={"logo": logo})
    with closing(App(facing(settings, "en", theme=face), lambda: NOW)) as app:
        client = browser(app)
        page = client.get("/archive/morning").text
        for value in ("#0b5d3b", "#eef1f0", "#7fd6a8", "'Palatino Linotype',serif", "560px"):
            assert value in page
        html5lib.HTMLParser(strict=True).parse(page)
        shown = html5lib.parse(page, namespaceHTMLElements=False).find(".//img")
        assert shown is not None
        assert shown.get("src") == str(logo.url)
        assert shown.get("alt") == app.settings.newsletters[0].title
        home = client.get("/").text
        assert "#0b5d3b" not in home
        assert "<img" not in home


def test_each_page_is_given_what_its_reference_says(app: App, monkeypatch: pytest.MonkeyPatch):
    given: dict[str, set[str]] = {}

    def remember(name: str, *common: Any, **facts: Any) -> str:
        given.setdefault(f"web/{name}", set()).update(facts.keys() - {"templates"})
        return render_page(name, *common, **facts)

    monkeypatch.setattr("digest.web.pages.render_page", remember)
    client, link = browser(app), token(app, None)
    for page in ("", "nowhere", "archive/morning", f"unsubscribe/{link}", f"preferences/{link}"):
        client.get(f"/{page}")
    assert given == page_variables()


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Iterator[tuple[App, Path]]:
    """A publisher with a folder of templates for pages of their own."""
    folder = tmp_path / "own" / "web"
    folder.mkdir(parents=True)
    site = settings.site.model_copy(update={"templates": folder.parent})
    with closing(App(settings.model_copy(update={"site": site}), lambda: NOW)) as app:
        subscribe(app.store, EMAIL)
        yield app, folder


def test_a_publishers_own_page_is_shown_and_a_broken_one_stood_in_for(
    own: tuple[App, Path], caplog: pytest.LogCaptureFixture
):
    app, folder = own
    client, link = browser(app), token(app, "de")
    page = folder / "unsubscribe.html"
    page.write_text("<p>{{ _('Unsubscribe?') }} {{ newsletter.title }}")
    assert client.get(f"/unsubscribe/{link}").text.startswith("<p>Newsletter abbestellen?")
    page.write_text("\n{{ newsletter.titel }}")
    for _ in range(2):
        answer = client.get(f"/unsubscribe/{link}")
        assert answer.status_code == 200
        assert '<form method="post"' in answer.text
    # Once for each change of a template, not once for each reader.
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert f"{page}, line 2: 'newsletter' has no 'titel': correct it" in said
    assert "Sie haben den Newsletter abbestellt" in client.post(f"/unsubscribe/{link}").text
    page.write_text("<p>mended")
    assert client.get(f"/unsubscribe/{link}").text == "<p>mended"


def test_a_page_that_would_never_end_ends_before_anybody_waits_for_it_twice(
    own: tuple[App, Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(bounds, "PAGE_SECONDS", 1)
    app, folder = own
    (folder / "base.html").write_text(
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    )
    client = browser(app)
    pages = [client.get("/").text for _ in range(2)]
    assert all("<h1>Newsletters</h1>" in page for page in pages)
    assert caplog.text.count("it takes more than 1 seconds") == 1


def test_a_page_that_fails_with_one_readers_data_is_stood_in_for_to_them_alone(
    own: tuple[App, Path], caplog: pytest.LogCaptureFixture
):
    app, folder = own
    (folder / "message.html").write_text('{% if said == "gone" %}{{ x }}{% endif %}own')
    client = browser(app)
    gone = app.tokens.reader(999, 1)
    for _ in range(2):
        assert client.get("/nowhere").text == "own"
        answer = client.get(f"/unsubscribe/{gone}")
        assert answer.status_code == 200
        assert "nothing to change" in answer.text
    assert caplog.text.count("'x' is undefined") == 1


def test_a_page_that_would_not_end_with_one_readers_data_ends_too(
    own: tuple[App, Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bounds, "PAGE_SECONDS", 0.5)
    app, folder = own
    page = folder / "message.html"
    loop = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    page.write_text('{% if said == "gone" %}' + loop + "{% endif %}own")
    client = browser(app)
    assert client.get("/nowhere").text == "own"
    gone = app.tokens.reader(999, 1)
    assert "nothing to change" in client.get(f"/unsubscribe/{gone}").text
    # From then on it is ours, until theirs is changed: also to a file that is older.
    assert client.get("/nowhere").text != "own"
    page.write_text("mended")
    os.utime(page, (0, 0))
    assert client.get("/nowhere").text == "mended"


def test_a_mistake_of_ours_is_a_page_too(app: App, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("digest.web.archive.shared_page", fail)
    answer = browser(app, **{"Accept-Language": "el"}).get("/")
    assert answer.status_code == 500
    assert "try again in a few minutes" in answer.text
    assert "ZeroDivision" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
