"""What the pictures of the gallery show: which mail, how wide, in which colours and language."""

from dataclasses import dataclass
from typing import NamedTuple

LIGHT, DARK, INVERTED = "light", "dark", "inverted"


@dataclass(frozen=True)
class Shot:
    """A picture of a mail: its first lines, or with `end` its last ones."""

    says: str
    mail: str
    width: int
    look: str = LIGHT
    language: str = "en"
    images: bool = True
    end: bool = False

    @property
    def name(self) -> str:
        """The picture's file, without its ending."""
        parts = [self.mail, self.language, str(self.width), self.look]
        return "-".join(parts + ["end"] * self.end + ["images-off"] * (not self.images))


class Group(NamedTuple):
    """Pictures that belong together."""

    title: str
    shots: tuple[Shot, ...]


GROUPS = (
    Group(
        "An ordinary day",
        (
            Shot("Thirty stories in the width that it was drawn for", "edition", 600),
            Shot("How it ends", "edition", 600, end=True),
            Shot("A wide window: the paper keeps its width", "edition", 1200),
            Shot("A phone", "edition", 375),
            Shot("A small phone, or a large one at 200 %", "edition", 320),
        ),
    ),
    Group(
        "In the dark",
        (
            Shot("Our own dark colours, where the mail program honours them", "edition", 375, DARK),
            Shot("The same in a window", "edition", 600, DARK),
            Shot("A wide window", "edition", 1200, DARK),
            Shot("Turned over by a program that knows no dark of ours", "edition", 375, INVERTED),
            Shot("Turned over, its end", "edition", 600, INVERTED, end=True),
        ),
    ),
    Group(
        "Without pictures",
        (
            Shot("Alternative texts in their places", "edition", 375, images=False),
            Shot("In the dark", "edition", 600, DARK, images=False),
            Shot("From right to left", "edition", 375, language="ar", images=False),
        ),
    ),
    Group(
        "Languages",
        (
            Shot("Bulgarian", "edition", 375, language="bg"),
            Shot("Bulgarian in the dark", "edition", 600, DARK, "bg"),
            Shot("German, with its long words", "edition", 320, language="de"),
            Shot("Arabic, with one story in English", "edition", 375, language="ar"),
            Shot("Arabic in the dark", "edition", 600, DARK, "ar"),
            Shot("Arabic, turned over", "edition", 320, INVERTED, "ar"),
            Shot("Greek", "edition", 375, language="el"),
            Shot("Turkish in the dark", "edition", 375, DARK, "tr"),
            Shot("French", "edition", 600, language="fr"),
            Shot("Spanish in the dark", "edition", 320, DARK, "es"),
            Shot("Chinese, for which there is no furniture yet", "edition", 375, language="zh"),
            Shot("English news for a reader of Bulgarian", "foreign-furniture", 375, language="bg"),
            Shot("English news for a reader of Arabic", "foreign-furniture", 375, language="ar"),
        ),
    ),
    Group(
        "Awkward days",
        (
            Shot("A reader of one section", "one-section", 600),
            Shot("One story", "one-story", 600),
            Shot("A quiet day: four headlines", "quiet-day", 375),
            Shot("No teasers and no pictures", "bare", 600),
            Shot("Words longer than a line", "long-words", 320, language="de"),
            Shot("More than a mail holds: how it ends", "shortened", 600, end=True),
        ),
    ),
    Group(
        "A publisher's own face",
        (
            Shot("Colours, fonts, width and logo of their own", "meridian", 600),
            Shot("Its dark, on a phone", "meridian", 375, DARK),
            Shot("Turned over, without pictures", "meridian", 375, INVERTED, images=False),
        ),
    ),
    Group(
        "Mails to the desk",
        (
            Shot("An edition was sent, and not all got it", "account", 600),
            Shot("An edition was paused", "paused", 375, DARK, "bg"),
            Shot("An edition could not be brought out", "failed", 320),
            Shot("Feeds that fail", "feeds", 375, language="ar"),
            Shot("An edition was skipped", "skipped", 600, INVERTED, "de"),
            Shot("Our templates stood in for broken ones", "replaced", 375, language="fr"),
        ),
    ),
)
