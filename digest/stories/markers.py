"""What publishers write on a piece that corrects or updates another, in many languages."""

import re
from functools import cache
from typing import NamedTuple

from digest.stories.items import VersionKind
from digest.stories.words import terms

_CORRECTION = """
correction, corrections, corrected, clarification, clarified, erratum, errata, refile
rectificatif, corrigé, précision, précisions
Berichtigung, berichtigt, Korrektur, korrigiert, Richtigstellung, richtiggestellt, Klarstellung
corrección, corregido, corrige, rectificación, aclaración, fe de errores, fe de erratas
correção, corrigido, retificação, esclarecimento
correzione, corretto, rettifica, errata corrige
correctie, gecorrigeerd, rectificatie
поправка, корекция, уточнение, исправление, исправлено, исправлена
виправлення, виправлено, уточнення
исправка, ispravka, ispravak, popravek, sprostowanie, korekta, oprava, opraveno
helyesbítés, helyreigazítás, corectare, corecție, rectificare, erată
διόρθωση, διευκρίνιση, επανόρθωση
düzeltme, düzeltildi
rättelse, rettelse, retting, oikaisu, korjaus, parandus
تصحيح, تصويب, توضيح, اصلاحیه
תיקון, הבהרה
सुधार, भूल सुधार, शुद्धिपत्र
更正, 勘误, 勘誤, 訂正, お詫びと訂正, 정정, 정정보도, 바로잡습니다
đính chính, ralat, koreksi
"""
_UPDATE = """
update, updates, updated
mise à jour, actualisé, actualisation
aktualisiert, Aktualisierung
actualización, actualizado, actualizada, actualiza
atualização, atualizado, atualizada
aggiornamento, aggiornato
bijgewerkt
обновена, обновено, допълнена, обновление, обновлено, дополнено
оновлено, оновлення
ažurirano, ажурирано, posodobljeno, aktualizacja, aktualizace, aktualizováno
frissítve, frissítés, actualizare, actualizat
ενημερώθηκε, επικαιροποίηση, ανανεώθηκε
güncelleme, güncellendi
uppdatering, uppdaterad, opdatering, opdateret, oppdatering, oppdatert, päivitys, päivitetty
تحديث, به‌روزرسانی
עדכון
अपडेट
更新, 업데이트
cập nhật, pembaruan
"""

_OPENING = r"[\s(\[【〔（«\"*]*"
_END = r":：|.．!！/,，)\]】〕）»*\-‐-―"
_AT_BEGINNING = re.compile(rf"{_OPENING}([^{_END}\n]{{2,40}})(?:[{_END}\s]+|\Z)")
_AT_END = re.compile(
    r"(?:[(\[【〔（]([^()\[\]【】〔〕（）]{2,40})[)\]】〕）]|\s[-–—|]\s+(\S{2,40}))\s*\Z"
)
_PARTED = re.compile(rf"[{_END}(\[【〔（|]")
# No headline has more markers at either end.
_MOST = 4
_COUNT = re.compile(r"\s*\d+\Z")
_COMPOUND = re.compile(r"[-‐‑](?=\w)")


class Marked(NamedTuple):
    """A text without the markers it began or ended with, and the kind of the weightiest."""

    text: str
    kind: VersionKind | None


def read_marker(headline: str) -> Marked:
    """What a headline says of itself: "CORRECTED-UPDATE 2-…", "… (Berichtigung)", "更正：…".

    The word has to be parted from the headline by punctuation, so that "Market correction
    deepens" and "Korrekturbedarf" are no markers.
    """
    text, kinds = headline.strip(), set()
    for _ in range(_MOST):
        if not (match := _AT_BEGINNING.match(text)) or not (kind := _kind(match, text)):
            break
        kinds.add(kind)
        text = text[match.end() :]
    for _ in range(_MOST):
        if not (match := _AT_END.search(text)) or not (kind := _named(match[1] or match[2])):
            break
        kinds.add(kind)
        text = text[: match.start()]
    return Marked(text.strip(), _weightiest(kinds))


def unmarked(headline: str) -> str:
    """A headline without its markers, unless it is nothing else: what it is about."""
    # Most have no punctuation that could part one.
    return (_PARTED.search(headline) and read_marker(headline).text) or headline


def opening_marker(body: str) -> VersionKind | None:
    """The marker that a text begins with."""
    match = _AT_BEGINNING.match(body)
    return _kind(match, body) if match else None


def closing_marker(body: str) -> VersionKind | None:
    """The marker with which one of a text's last two paragraphs begins."""
    paragraphs = body.rstrip().rsplit("\n", 4)[1:]
    kinds = {opening_marker(paragraph) for paragraph in paragraphs if paragraph.strip()}
    return _weightiest(kinds - {None})


def _kind(match: re.Match[str], text: str) -> VersionKind | None:
    word = match[1].strip()
    # "Update-Welle" is a word of its own, "UPDATE 2-Wave" and "CORRECTED-Wave" are wires' style.
    if _COMPOUND.match(text, match.end(1)) and not (word.isupper() or _COUNT.search(word)):
        return None
    return _named(word)


def _named(word: str) -> VersionKind | None:
    return _table().get(tuple(terms(_COUNT.sub("", word))))


def _weightiest(kinds: set[VersionKind | None] | set[VersionKind]) -> VersionKind | None:
    if VersionKind.CORRECTION in kinds:
        return VersionKind.CORRECTION
    return VersionKind.UPDATE if kinds else None


@cache
def _table() -> dict[tuple[str, ...], VersionKind]:
    words = {VersionKind.UPDATE: _UPDATE, VersionKind.CORRECTION: _CORRECTION}
    return {
        tuple(terms(word)): kind
        for kind, listed in words.items()
        for word in re.split("[,\n]", listed.strip())
    }
