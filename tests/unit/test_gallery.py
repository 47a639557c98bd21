"""The gallery shows what it says: every mail, in all the ways that readers meet it."""

from digest.rehearsal.check import EDITION
from digest.rehearsal.notices import NOTICES
from digest.rendering import languages
from tests.gallery.__main__ import GALLERY, listing
from tests.gallery.shots import DARK, GROUPS, INVERTED, LIGHT

SHOTS = [shot for group in GROUPS for shot in group.shots]


def test_its_page_and_its_pictures_are_those_that_would_be_taken():
    assert (GALLERY / "README.md").read_text(encoding="utf-8") == listing(GROUPS)
    pictures = {path.stem for path in GALLERY.glob("*.png")}
    assert pictures == {shot.name for shot in SHOTS}
    assert len(pictures) == len(SHOTS)


def test_every_mail_width_look_and_language_is_in_it():
    assert {shot.mail for shot in SHOTS} >= {EDITION, *NOTICES}
    assert {shot.width for shot in SHOTS} == {320, 375, 600, 1200}
    assert {shot.look for shot in SHOTS} == {LIGHT, DARK, INVERTED}
    assert {shot.language for shot in SHOTS if shot.mail == EDITION} >= set(languages())
    assert {shot.images for shot in SHOTS} == {True, False}
