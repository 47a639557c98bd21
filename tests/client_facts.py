"""Writes what mail clients support: `python -m tests.client_facts FOLDER`, as `make facts` does.

FOLDER is the npm package `caniemail`, unpacked. It stands with the tests because the program has
no use for it: the facts that it writes ship with the lint.
"""

import json
import re
import sys
from pathlib import Path
from textwrap import shorten
from typing import Any

FACTS = Path(__file__).parent.parent / "digest" / "rendering" / "lint" / "facts.json"

CLIENTS = {
    "gmail.desktop-webmail": "Gmail (web)",
    "gmail.android": "Gmail (Android)",
    "gmail.ios": "Gmail (iOS)",
    "apple-mail.macos": "Apple Mail (macOS)",
    "apple-mail.ios": "Apple Mail (iOS)",
    "outlook.windows": "Outlook (Windows)",
    # The new Outlook for Windows shows mails as the web's does; nobody tests it apart.
    "outlook.outlook-com": "Outlook (web, new)",
    "outlook.macos": "Outlook (macOS)",
    "outlook.ios": "Outlook (iOS)",
    "outlook.android": "Outlook (Android)",
    "yahoo.desktop-webmail": "Yahoo (web)",
    "yahoo.android": "Yahoo (Android)",
    "yahoo.ios": "Yahoo (iOS)",
    "samsung-email.android": "Samsung Email",
    "thunderbird.macos": "Thunderbird",
    "protonmail.desktop-webmail": "Proton Mail (web)",
    "protonmail.android": "Proton Mail (Android)",
    "protonmail.ios": "Proton Mail (iOS)",
}
_OF_MAILS = {"css", "html", "image"}
_NOTE = 160


def facts_of(data: dict[str, Any], version: str) -> dict[str, Any]:
    """The part of caniemail's data that the lint needs.

    The last test of each client counts. What works there, and what nobody tested, is left out.
    """
    features = {
        feature["slug"]: _feature(feature)
        for feature in sorted(data["data"], key=lambda each: str(each["slug"]))
        if feature["category"] in _OF_MAILS
    }
    return {
        "source": f"https://www.caniemail.com/ as in the npm package caniemail {version}",
        "licence": "MIT, Copyright (c) 2019 HTeuMeuLeu",
        "updated": data["last_update_date"][:10],
        "clients": CLIENTS,
        "features": features,
    }


def _feature(feature: dict[str, Any]) -> dict[str, Any]:
    no, partly, notes = [], {}, feature.get("notes_by_num") or {}
    for client in CLIENTS:
        family, platform = client.split(".")
        tests = feature["stats"].get(family, {}).get(platform) or {"": "u"}
        verdict, *numbers = list(tests.values())[-1].replace("#", "").split()
        if verdict == "n":
            no.append(client)
        elif verdict == "a":
            told = " ".join(notes.get(number, "") for number in numbers)
            partly[client] = shorten(_plain(told), _NOTE, placeholder="…")
    return {"title": feature["title"].strip(), "no": no, "partly": partly}


def _plain(note: str) -> str:
    """A note without its marks and links."""
    note = re.sub(r"\s*\(See \[[^\]]*\]\([^)]*\)\.?\)", "", note)
    note = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", note)
    return re.sub(r"\b(Partial support|Partial|Buggy)[.:] |`", "", note)


def written(facts: dict[str, Any]) -> str:
    """The facts as JSON with a feature a line, so that a change of them can be read."""
    head = json.dumps({**facts, "features": {}}, ensure_ascii=False, indent=1)
    features = ",\n".join(
        f"  {json.dumps(slug)}: {json.dumps(feature, ensure_ascii=False)}"
        for slug, feature in facts["features"].items()
    )
    return head.replace('"features": {}', f'"features": {{\n{features}\n }}') + "\n"


def main(package: Path) -> None:
    """Write the facts of an unpacked package."""
    data = json.loads((package / "data" / "caniemail.json").read_text(encoding="utf-8"))
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    FACTS.write_text(written(facts_of(data, version)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
