import pytest

from digest.stories.items import VersionKind
from digest.stories.markers import closing_marker, opening_marker, read_marker

CORRECTION, UPDATE = VersionKind.CORRECTION, VersionKind.UPDATE


@pytest.mark.parametrize(
    ("headline", "text", "kind"),
    [
        ("CORRECTION: Ferry aground", "Ferry aground", CORRECTION),
        ("Corrected - Ferry aground", "Ferry aground", CORRECTION),
        ("CORRECTED-UPDATE 2-Ferry aground", "Ferry aground", CORRECTION),
        ("UPDATE 3-CORRECTED-Ferry aground", "Ferry aground", CORRECTION),
        ("UPDATE 1-Ferry aground", "Ferry aground", UPDATE),
        ("[Update] Ferry aground", "Ferry aground", UPDATE),
        ("Ferry aground (updated)", "Ferry aground", UPDATE),
        ("Ferry aground – CORRECTED", "Ferry aground", CORRECTION),
        ("Fähre auf Grund (Berichtigung)", "Fähre auf Grund", CORRECTION),
        ("Aktualisiert: Fähre auf Grund", "Fähre auf Grund", UPDATE),
        ("Rectificatif : ferry échoué", "ferry échoué", CORRECTION),
        ("Mise à jour - ferry échoué", "ferry échoué", UPDATE),
        ("FE DE ERRATAS: ferri encallado", "ferri encallado", CORRECTION),
        ("ПОПРАВКА: Фериботът заседна", "Фериботът заседна", CORRECTION),
        ("Фериботът заседна (обновена)", "Фериботът заседна", UPDATE),
        ("Διόρθωση: Πλοίο προσάραξε", "Πλοίο προσάραξε", CORRECTION),
        ("GÜNCELLEME: Feribot karaya oturdu", "Feribot karaya oturdu", UPDATE),
        ("تصحيح: جنوح عبارة", "جنوح عبارة", CORRECTION),
        ("תיקון: המעבורת עלתה על שרטון", "המעבורת עלתה על שרטון", CORRECTION),
        ("सुधार: नौका फँसी", "नौका फँसी", CORRECTION),
        ("【更正】渡轮搁浅", "渡轮搁浅", CORRECTION),
        ("お詫びと訂正：フェリー座礁", "フェリー座礁", CORRECTION),
        ("[정정] 여객선 좌초", "여객선 좌초", CORRECTION),
        ("Correction", "", CORRECTION),
    ],
)
def test_a_headline_says_what_it_is(headline, text, kind):
    assert read_marker(headline) == (text, kind)


@pytest.mark.parametrize(
    "headline",
    [
        "Market correction deepens",
        "Correction officers strike",
        "Korrekturbedarf bei der Rente",
        "Update-Welle trifft Millionen Rechner",
        "Updates of the ferry's timetable",
        "Kaliakra: ferry aground",
        "Поправката в закона мина",
        "更新换代加速",
        "",
        ":",
    ],
)
def test_a_word_within_a_headline_is_no_marker(headline):
    assert read_marker(headline) == (headline, None)


def test_a_text_says_so_at_its_beginning_or_its_end():
    assert opening_marker("Correction: there were 212 people on board.") is CORRECTION
    assert opening_marker("The correction: there were 212 people.") is None
    body = "A ferry ran aground.\n\nNobody was hurt.\n\n{}: the number was wrong.\n\nBy our staff"
    assert closing_marker(body.format("Correction, 3 March")) is CORRECTION
    assert closing_marker(body.format("Обновено")) is UPDATE
    assert closing_marker(body.format("Note")) is None
    assert closing_marker("Correction: a text of one paragraph begins with it.") is None
