"""The documentation is true of the program: its reference is written from it, its links lead."""

import re
import tomllib
from pathlib import Path

import pytest

from digest.bootstrap import example_configuration
from digest.config import Settings, load_settings
from tests.reference import PAGES, REFERENCE, commands_page, settings_page

ROOT = Path(__file__).parents[2]
PROSE = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_what_the_code_says(name: str):
    written = (REFERENCE / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), f"{name} is out of date: run `make docs`"


def test_the_example_configuration_loads(tmp_path: Path):
    path = tmp_path / "digest.toml"
    path.write_text(example_configuration(), encoding="utf-8")
    assert load_settings(path).newsletters[0].slug == "morning"


def test_the_example_configuration_explains_every_setting():
    rows = re.findall(r"^\| `(\w+)` .* \|(.*)\|$", settings_page(), flags=re.MULTILINE)
    assert len(rows) > len(Settings.model_fields)
    assert [key for key, meaning in rows if not meaning.strip()] == []


def test_the_example_configuration_holds_the_defaults(tmp_path: Path):
    example = tomllib.loads(example_configuration())
    needed = {table: example[table] for table in ("site", "newsletters")}
    bare, whole = Settings.from_data(needed, tmp_path), Settings.from_data(example, tmp_path)
    for table in ("database", "smtp", "delivery", "web", "logging", "ingest"):
        assert getattr(bare, table) == getattr(whole, table)


@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_documentation_lead_somewhere(page: Path):
    text = re.sub(r"(?s)```.*?```", "", page.read_text(encoding="utf-8"))
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_every_page_is_in_the_index():
    index = ROOT / "docs" / "README.md"
    linked = re.findall(r"\]\((\S+\.md)\)", index.read_text(encoding="utf-8"))
    pages = [str(page.relative_to(index.parent)) for page in index.parent.rglob("*.md")]
    assert sorted([*linked, "README.md"]) == sorted(pages)


@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_documentation_exist(page: Path):
    text = page.read_text(encoding="utf-8")
    # At the start of a line of an example, or of code within a sentence.
    called = re.findall(
        r"(?m)(?:^\s*|`)(?:\$ )?digest (?:--config \S+ )?([a-z]+)(?: ([a-z-]+))?", text
    )
    known = set(re.findall(r"(?m)^#+ digest (\S+)(?: (\S+))?$", commands_page()))
    nouns = {noun for noun, verb in known if verb}
    spoken = {(noun, verb if noun in nouns else "") for noun, verb in called}
    assert spoken <= known


def test_every_dependency_is_accounted_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    names = {re.split(r"[^\w-]", requirement)[0] for group in groups for requirement in group}
    page = (ROOT / "docs" / "explanation" / "dependencies.md").read_text(encoding="utf-8")
    cells = re.findall(r"(?m)^\| ([\w, -]+?) \|", page)
    told = {name for cell in cells for name in cell.split(", ")}
    assert told - {"library"} == names
