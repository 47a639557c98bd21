"""A publisher's own face: what may be set, and what is said of each mistake."""

import re
import tomllib

import pytest

from digest.bootstrap import example_configuration
from digest.config import Settings, Theme
from digest.contrast import LEGIBLE, contrast
from tests.unit.test_config import NEWSLETTER, SITE, load, problems

__all__ = ["load", "problems"]  # fixtures

BASE = SITE + NEWSLETTER


def theme_of(settings: Settings) -> Theme:
    return settings.theme_of(settings.newsletter("morning"))


def test_the_example_shows_the_defaults():
    commented = re.sub(r"(?m)^# (\w+ = |\[)", r"\1", example_configuration())
    shown = tomllib.loads(commented)["theme"]
    del shown["logo"]
    assert Theme.model_validate(shown) == Theme()


def test_our_own_colours_have_no_problem():
    assert list(Theme().problems()) == []


def test_a_newsletters_theme_goes_before_that_of_all_setting_by_setting(load):
    settings = load(
        SITE
        + '[theme]\nwidth = 600\n[theme.light]\naccent = "#0B5D3B"\nink = "#000000"\n'
        + NEWSLETTER
        + '[newsletters.theme.light]\naccent = "#123456"\n'
        + '[newsletters.theme.logo]\nurl = "https://news.example.org/l.png"\nwidth = 200\n'
    )
    assert settings.theme.light.accent == "#0b5d3b"
    theme = theme_of(settings)
    assert (theme.width, theme.column) == (600, 552)
    assert (theme.light.accent, theme.light.ink) == ("#123456", "#000000")
    assert theme.light.paper == Theme().light.paper
    assert theme.dark == Theme().dark
    assert theme.logo
    assert theme.logo.width == 200


def test_the_environment_sets_a_colour(load, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DIGEST_THEME__LIGHT__ACCENT", "#123456")
    assert theme_of(load(BASE)).light.accent == "#123456"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[theme.light]\nink = "red"', 'theme.light.ink: "red" is no colour: write "#" and six'),
        ('[theme.dark]\nrule = "#12345"', 'theme.dark.rule: "#12345" is no colour'),
        ('[theme.dark]\nrule = "#12345g"', 'theme.dark.rule: "#12345g" is no colour'),
        ('[theme.light]\nrule = "#123456;"', 'theme.light.rule: "#123456;" is no colour'),
        ('[theme.light]\nacent = "#123456"', 'theme.light.acent: unknown key: did you mean "acc'),
        ("[theme]\nwidth = 479", "theme.width: must be greater than or equal to 480"),
        ("[theme]\nwidth = 721", "theme.width: must be less than or equal to 720"),
        ("[theme]\ntext_fonts = []", "theme.text_fonts: needs at least one"),
        ('[theme]\ntext_fonts = ["Arial"]', "theme.text_fonts: the last must be one of monospace"),
        ('[theme]\ntext_fonts = ["A;}", "serif"]', 'theme.text_fonts: "A;}" is no name of a font'),
        ('[theme]\ntext_fonts = ["Lato", "serif"]', "Outlook for Windows has none of these: add"),
        ('[theme.logo]\nurl = "logo.png"\nwidth = 99', 'theme.logo.url: "logo.png" is no web addr'),
        ('[theme.logo]\nurl = "https://a.example/l.png"', "theme.logo.width: missing: add it"),
        (
            '[theme.logo]\nurl = "https://a.example/l.png"\nwidth = 600',
            "theme.logo.width: the masthead is 592 pixels wide: write so many or less",
        ),
        (
            '[theme]\nwidth = 600\n[theme.logo]\nurl = "https://a.example/l.png"\nwidth = 900',
            "theme.logo.width: the masthead is 552 pixels wide: write so many or less",
        ),
    ],
)
def test_each_mistake_in_a_theme_has_its_line(problems, text: str, told: str):
    (problem,) = problems(text + "\n" + BASE)
    assert told in problem


def test_text_that_is_hard_to_read_is_refused_with_a_shade_that_is_not(problems):
    told = problems('[theme.light]\nsoft = "#8a8a8a"\n[theme.dark]\naccent = "#9a1f2b"\n' + BASE)
    assert told[0].startswith(
        "digest.toml: theme.light.soft: text of #8a8a8a on the wash #f6f2ea has a contrast of "
        "3.09:1 and needs 4.5:1 (WCAG 2.2): write "
    )
    assert told[1].startswith("digest.toml: theme.dark.accent: text of #9a1f2b on the wash #212226")
    assert len(told) == 2
    for problem, ground in zip(told, ("#f6f2ea", "#212226"), strict=True):
        (shade,) = re.findall(r'write "(#\w+)"', problem)
        assert contrast(shade, ground) >= LEGIBLE


def test_a_ratio_just_below_is_not_rounded_up(problems):
    assert 4.499 < contrast("#66798a", "#ffffff") < LEGIBLE
    (problem,) = problems(
        '[theme.light]\npaper = "#ffffff"\nwash = "#ffffff"\nsoft = "#66798a"\n' + BASE
    )
    assert "has a contrast of 4.49:1 and needs 4.5:1" in problem


def test_one_newsletters_paper_can_make_the_ink_of_all_hard_to_read(problems):
    told = problems(BASE + '[newsletters.theme.light]\npaper = "#333333"\n')
    places = [problem.split(": ")[1] for problem in told]
    light = "newsletters[1].theme.light"
    assert places == [f"{light}.ink", f"{light}.soft", f"{light}.accent"]


def test_a_logo_of_all_can_be_too_wide_for_one_newsletters_paper(problems):
    logo = '[theme.logo]\nurl = "https://a.example/l.png"\nwidth = 592\n'
    (problem,) = problems(logo + BASE + "[newsletters.theme]\nwidth = 600\n")
    assert "newsletters[1].theme.logo.width: the masthead is 552 pixels wide" in problem


def test_what_is_wrong_for_all_is_told_once(problems):
    (problem,) = problems(
        '[theme.light]\nsoft = "#8a8a8a"\n' + BASE + "[newsletters.theme]\nwidth = 600\n"
    )
    assert "theme.light.soft" in problem


def test_fonts_become_stacks_of_css():
    theme = Theme.model_validate(
        {"headline_fonts": ["8bit", "Palatino Linotype", "Georgia", "serif"]}
    )
    assert theme.headline_stack == "'8bit','Palatino Linotype',Georgia,serif"
    assert theme.headline_stack_on_windows == "'Palatino Linotype',Georgia,serif"
    assert theme.text_stack == "-apple-system,'Segoe UI',Arial,sans-serif"
    assert theme.text_stack_on_windows == "'Segoe UI',Arial,sans-serif"


PANEL = '[[panels]]\nname = "weather"\nsource = "weather.json"\n'


def test_a_panel_is_every_newsletters_unless_it_names_some(load):
    other = NEWSLETTER.replace("morning", "evening")
    named = PANEL.replace("weather", "rates") + 'newsletters = ["evening"]\n'
    settings = load(BASE + other + PANEL + named)
    panels = {
        slug: [panel.name for panel in settings.panels_of(settings.newsletter(slug))]
        for slug in ("morning", "evening")
    }
    assert panels == {"morning": ["weather"], "evening": ["weather", "rates"]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (PANEL + 'newsletters = ["mourning"]', 'no newsletter is called "mourning": choose from'),
        (PANEL + PANEL, 'panels: name "weather" stands twice'),
        (PANEL.replace("weather.json", "ftp://a/b"), 'source: "ftp://a/b" is no web address'),
        (PANEL.replace("weather.json", " "), "source: this names neither a file nor a web address"),
        (PANEL.replace("weather.json", "http://"), 'source: "http://" is no web address'),
        (PANEL + 'timeout = "0s"', "timeout: this must be longer than nothing"),
        ('[[panels]]\nname = "weather"\n', "panels[1].source: missing: add it"),
    ],
)
def test_each_mistake_in_a_panel_has_its_line(problems, text: str, told: str):
    (problem,) = problems(BASE + text + "\n")
    assert told in problem
