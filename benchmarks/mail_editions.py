"""Editions as newsrooms have them, made up: five typical ones, and one of 500 long stories."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from benchmarks.mail_newsroom import Masthead
from digest.sections import section_key
from digest.store.document import (
    EditionDocument,
    Figure,
    Heading,
    Image,
    Panel,
    Placement,
    RelatedArticle,
    StoryEntry,
)

_CUTOFF = datetime(2026, 3, 3, 3, tzinfo=UTC)
_TOP = 3

# Typographic quotation marks and dashes are what a newsroom's English has beyond ASCII.
_WORDS = {
    "en": "council harbour bridge winter ferry “at night” budget school teacher river museum "
    "railway minister’s vote after a long debate – the first in of and for to with on hospital "
    "parliament court islands trains growers prices record crowd lorries clinic votes children "
    "festival storm crossing timetable wages energy forest north south a the of in to and on as by "
    "at is was it that his her new two",
    "bg": "съвет пристанище мост зима ферибот „през нощта“ бюджет училище учител река музей "
    "железница министърът гласува след дълъг дебат – първият в от и за на с болница парламент",
    "ar": "مجلس ميناء جسر شتاء عبّارة «ليلا» ميزانية مدرسة معلّم نهر متحف قطار الوزير يصوّت بعد "
    "نقاش طويل – الأول في من و إلى على مع مستشفى برلمان",
    "zh": "議会 港 橋 冬 渡し船 「夜」 予算 学校 教師 川 博物館 鉄道 病院",
    "emoji": "🗞️ 🌉 ⛴️ 🏫 🏛️ 🚆 🏥",
}
_SLUG = ("council", "harbour", "bridge", "winter", "ferry", "budget", "school")
_MASTHEADS = {
    "en": Masthead(
        "The Morning Courier",
        "en",
        "1 Example Street, Sofia",
        ("Politics", "Business", "World", "Society", "Sports"),
    ),
    "bg": Masthead(
        "Утринен куриер",
        "bg",
        "ул. „Примерна“ 1, София",
        ("Политика", "Икономика", "Свят", "Общество", "Спорт"),
    ),
    "ar": Masthead(
        "بريد الصباح", "ar", "شارع المثال 1، بيروت", ("سياسة", "اقتصاد", "العالم", "مجتمع", "رياضة")
    ),
}
_PANELS = {
    "en": {
        "Weather": ("Sofia", "Plovdiv", "Varna", "Burgas"),
        "Rates": ("Euro", "Dollar", "Pound"),
    },
    "bg": {
        "Времето": ("София", "Пловдив", "Варна", "Бургас"),
        "Курсове": ("Евро", "Долар", "Паунд"),
    },
    "ar": {"الطقس": ("بيروت", "طرابلس", "صيدا", "صور"), "العملات": ("يورو", "دولار", "جنيه")},
}


class Kind(NamedTuple):
    """What an edition is like: the words of a teaser, and the articles under a top story."""

    stories: int
    teaser: int = 20
    related: int = 3
    pictures: bool = True


class Typical(NamedTuple):
    """An edition and the newsletter that it is of."""

    name: str
    masthead: Masthead
    document: EditionDocument


def typical_editions() -> list[Typical]:
    """What local papers, agencies and weekend editions send. The same each time."""
    kinds = {
        "a local daily": ("en", Kind(12, related=2)),
        "an agency's morning": ("en", Kind(30)),
        "a weekend edition": ("en", Kind(60, teaser=60)),
        "a morning in Bulgarian": ("bg", Kind(30)),
        "a morning in Arabic": ("ar", Kind(30)),
    }
    return [
        Typical(f"{name}, {kind.stories} stories", _MASTHEADS[language], _edition(language, kind))
        for name, (language, kind) in kinds.items()
    ]


LONG_SECTIONS = ("Politics", "Business", "World", "World » Asia", "Society", "Culture", "Science")
_LONG = Kind(500)
LONG_MASTHEAD = _MASTHEADS["en"]._replace(sections=LONG_SECTIONS)


def long_edition() -> EditionDocument:
    """Stories as long as a mail lets them be, in five scripts, each of three sections."""
    chance = random.Random(7)
    scripts = tuple(_WORDS)
    stories = [_long_story(n, scripts[n % len(scripts)], chance) for n in range(_LONG.stories)]
    return _document(LONG_MASTHEAD, stories)


def _long_story(number: int, script: str, chance: random.Random) -> StoryEntry:
    paths = chance.sample(LONG_SECTIONS, 3)
    entry = _story(number, script, _LONG, paths[0], chance)
    alt, caption = _text(script, 40, chance), _text(script, 40, chance)
    return entry.model_copy(
        update={
            "headline": _text(script, 40, chance),
            "teaser": _text(script, 130, chance),
            "sections": tuple(map(section_key, paths)),
            "correction": _text(script, 80, chance) if number % 9 == 0 else "",
            "updated": _CUTOFF,
            "image": Image(url=_picture(number), alt=alt, caption=caption),
            "related": tuple(_related(script, paths[1], chance, words=30) for _ in range(8)),
            "placement": (Placement.STORY, Placement.STORY, Placement.BRIEF)[number % 3]
            if number >= _TOP
            else Placement.TOP,
        }
    )


def _edition(language: str, kind: Kind) -> EditionDocument:
    chance = random.Random(7)
    masthead = _MASTHEADS[language]
    sections = masthead.sections
    stories = [
        _story(n, language, kind, sections[n % len(sections)], chance) for n in range(kind.stories)
    ]
    return _document(masthead, stories)


def _document(masthead: Masthead, stories: Sequence[StoryEntry]) -> EditionDocument:
    panels = tuple(
        Panel(
            name=title,
            title=title,
            figures=tuple(
                Figure(label=label, value=f"{n}.9{n}8 ▲") for n, label in enumerate(labels)
            ),
        )
        for title, labels in _PANELS[masthead.language].items()
    )
    return EditionDocument(
        newsletter="morning",
        title=masthead.title,
        strapline=_text(masthead.language, 6, random.Random(1)),
        date=date(2026, 3, 3),
        number=4602,
        language=masthead.language,
        timezone="Europe/Sofia",
        send_at="07:00",
        cutoff=_CUTOFF,
        panels=panels,
        headings=tuple(
            Heading(key=section_key(path), path=path, title=path) for path in masthead.sections
        ),
        stories=tuple(stories),
    )


def _story(
    number: int, language: str, kind: Kind, section: str, chance: random.Random
) -> StoryEntry:
    """A top story, one with a teaser, or, in the last fifth, a brief."""
    placement = Placement.TOP if number < _TOP else Placement.STORY
    if number >= kind.stories * 4 // 5:
        placement = Placement.BRIEF
    top, brief = placement is Placement.TOP, placement is Placement.BRIEF
    words = kind.teaser * 3 // 2 if top else kind.teaser
    others = 0 if brief else kind.related if top else chance.choice((0, 0, 0, 0, 1, 2))
    return StoryEntry(
        position=number + 1,
        headline=_text(language, 9, chance),
        lead=number,
        url=_url(language, chance),
        teaser="" if brief else _text(language, words, chance),
        section=section,
        heading=section_key(section),
        sections=(section_key(section),),
        placement=placement,
        published=_CUTOFF - timedelta(minutes=37 * number),
        updated=_CUTOFF - timedelta(minutes=9) if number % 8 == 1 else None,
        image=Image(url=_picture(number), alt=_text(language, 6, chance))
        if kind.pictures and not brief and (top or number % 2)
        else None,
        related=tuple(_related(language, section, chance) for _ in range(others)),
    )


def _related(language: str, section: str, chance: random.Random, words: int = 9) -> RelatedArticle:
    return RelatedArticle(
        article=chance.randrange(10**6),
        title=_text(language, words, chance),
        url=_url(language, chance),
        section=section,
        published=_CUTOFF - timedelta(hours=2),
    )


def _text(language: str, words: int, chance: random.Random) -> str:
    text = " ".join(chance.choices(_WORDS[language].split(), k=words))
    return text[:1].upper() + text[1:]


def _url(language: str, chance: random.Random) -> str:
    """As content systems make them: of the headline's words and a number, or of the number."""
    number = chance.randrange(10**7)
    if language == "ar":
        return f"https://www.example.org/news/2026/3/3/{number}"
    words = "-".join(chance.choices(_SLUG, k=7))
    return f"https://www.example.org/2026/03/03/{words}-{number}"


def _picture(number: int) -> str:
    return (
        f"https://images.example.org/2026/03/03/{number:07}/crop-16x9/width-640/harbour-bridge.jpg"
    )
