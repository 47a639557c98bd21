"""What is asked of a mail in a real browser: that all can use it, and that it keeps its layout.

Each check gives a line for everything that is wrong, and nothing where all is well.
"""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TOUCH = 44
"""Pixels that a finger needs (Apple's guidelines; WCAG 2.5.5)."""

_STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A mail is read within the page of a mail program, which has the landmarks: a mail with its own
# would give that page a second `main`.
_OF_WHOLE_PAGES = ["landmark-one-main", "region"]

_axe = Axe()


def violations(page: Page, *, whole: bool = False) -> list[str]:
    """What axe-core finds against WCAG 2.0 to 2.2, A and AA, and against good practice.

    Contrasts that it cannot tell count, too. A `whole` page is one of the web, with landmarks.
    """
    off = [] if whole else _OF_WHOLE_PAGES
    options = {
        "runOnly": _STANDARDS,
        "rules": {name: {"enabled": False} for name in off},
        "resultTypes": ["violations", "incomplete"],
    }
    found: dict[str, Any] = _axe.run(page, options=options).response
    unclear = [each for each in found["incomplete"] if each["id"] == "color-contrast"]
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:120]}"
        for rule in [*found["violations"], *unclear]
        for node in rule["nodes"]
    ]


def faint_alternatives(page: Page) -> list[str]:
    """Pictures whose alternative text would be hard to read where they are not shown.

    axe-core judges what is seen, and in a browser that shows pictures their texts are not.
    """
    found: list[str] = page.evaluate(
        """() => {
          const rgb = c => c.match(/[\\d.]+/g).map(Number);
          const light = c => rgb(c).slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const ground = e => {
            for (; e; e = e.parentElement) {
              const colour = getComputedStyle(e).backgroundColor;
              if ((rgb(colour)[3] ?? 1) > 0) return colour;
            }
            return 'rgb(255, 255, 255)';
          };
          return [...document.querySelectorAll('img:not([alt=""])')].map(e => {
            const [a, b] = [getComputedStyle(e).color, ground(e)].map(light);
            return [e, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
          }).filter(([, contrast]) => contrast < 4.5)
            .map(([e, contrast]) => `${contrast.toFixed(2)}:1: ${e.outerHTML.slice(0, 160)}`);
        }"""
    )
    return found


def sticking_out(page: Page) -> list[str]:
    """What needs sideways scrolling: the page, if it is wider than its window, and elements."""
    found: list[str] = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          const wide = document.scrollingElement.scrollWidth;
          const outside = [...document.querySelectorAll('body *')].filter(e => {
            const box = e.getBoundingClientRect();
            return box.width && (box.left < -1 || box.right > width + 1);
          }).map(e => e.outerHTML.slice(0, 120));
          return wide > width ? [`${wide} of ${width} pixels`, ...outside] : outside;
        }"""
    )
    return found


def small_targets(page: Page) -> list[str]:
    """Links that stand alone and are lower than a finger is wide.

    A link stands alone where the block around it has no words but those of links. Within a sentence
    the lines around limit its height, which WCAG 2.5.8 exempts. A link that is hidden from voices
    and keys doubles another one.
    """
    found: list[str] = page.evaluate(
        """least => {
          const words = node => {
            if (node.nodeType === Node.TEXT_NODE) return node.data;
            if (node.nodeName === 'A' || node.className === 'update') return '';
            return [...node.childNodes].map(words).join('');
          };
          const block = e => {
            while (getComputedStyle(e).display.startsWith('inline')) e = e.parentElement;
            return e;
          };
          return [...document.querySelectorAll('a[href]:not([aria-hidden])')]
            .filter(e => e.checkVisibility())
            .filter(e => !/[\\p{L}\\p{N}]/u.test(words(block(e.parentElement))))
            .map(e => {
              const boxes = [e, ...e.children].flatMap(part => [...part.getClientRects()]);
              const top = Math.min(...boxes.map(box => box.top));
              return [e, Math.max(...boxes.map(box => box.bottom)) - top];
            })
            .filter(([, height]) => height < least - 0.5)
            .map(([e, height]) => `${Math.round(height)} px: ${e.outerHTML.slice(0, 160)}`);
        }""",
        TOUCH,
    )
    return found


def overlaps(page: Page) -> list[str]:
    """Pairs of blocks of text, and of links, that lie on each other."""
    found: list[str] = page.evaluate(
        """() => {
          const seen = selector => [...document.querySelectorAll(selector)]
            .filter(e => e.checkVisibility());
          const crossing = (x, y) => x.left < y.right - 1 && y.left < x.right - 1
            && x.top < y.bottom - 1 && y.top < x.bottom - 1;
          const pairs = (elements, boxes) => elements.map(e => [e, boxes(e)])
            .flatMap(([a, xs], i, all) => all.slice(i + 1)
              .filter(([b, ys]) => !a.contains(b) && !b.contains(a)
                && xs.some(x => ys.some(y => crossing(x, y))))
              .map(([b]) => `${a.outerHTML.slice(0, 100)} and ${b.outerHTML.slice(0, 100)}`));
          return [
            ...pairs(seen('h1, h2, h3, p, li, img'), e => [e.getBoundingClientRect()]),
            ...pairs(seen('a[href]'), e => [...e.getClientRects()]),
          ];
        }"""
    )
    return found
