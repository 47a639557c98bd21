"""The same edition with harmless words, and what there is to see of a text."""

import unicodedata

from digest.rendering.viewer import plain_line
from digest.store.document import EditionDocument

HARMLESS = "Harmless words"


def squashed(text: str) -> str:
    """What there is to see of a text: without spaces, invisible characters, and marks on letters.

    Marks are left out, for a text may lose those that pile up.
    """
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    return "".join(letter for letter in text if unicodedata.category(letter)[0] in "LNPS")


def harmless(document: EditionDocument) -> EditionDocument:
    """The same edition with harmless words wherever there are any."""

    def words(text: str) -> str:
        return HARMLESS if plain_line(text, 300) else ""

    stories = tuple(
        story.model_copy(
            update={
                "headline": words(story.headline),
                "teaser": words(story.teaser),
                "section": words(story.section),
                "correction": words(story.correction),
                "image": story.image
                and story.image.model_copy(
                    update={"alt": words(story.image.alt), "caption": words(story.image.caption)}
                ),
                "related": tuple(
                    one.model_copy(
                        update={"title": words(one.title), "correction": words(one.correction)}
                    )
                    for one in story.related
                ),
            }
        )
        for story in document.stories
    )
    panels = tuple(
        panel.model_copy(
            update={
                "title": words(panel.title),
                "figures": tuple(
                    figure.model_copy(
                        update={"label": words(figure.label), "value": words(figure.value)}
                    )
                    for figure in panel.figures
                ),
            }
        )
        for panel in document.panels
    )
    headings = tuple(
        heading.model_copy(update={"title": words(heading.title)}) for heading in document.headings
    )
    update = {
        "title": words(document.title),
        "strapline": words(document.strapline),
        "panels": panels,
        "headings": headings,
        "stories": stories,
    }
    return document.model_copy(update=update)
