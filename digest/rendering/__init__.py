"""Rendering: an edition becomes HTML and text once, as blocks; each reader's mail is spliced."""

from digest.rendering.assembly import fill
from digest.rendering.blocks import RenderedEdition, Slot, measure, transferred
from digest.rendering.bounds import Tried, bounded
from digest.rendering.edition import render_edition
from digest.rendering.furniture import direction, furniture, languages, reader_language
from digest.rendering.inliner import inline_css
from digest.rendering.splice import BUDGET, Choice, Spliced, splice
from digest.rendering.templates import Templates
from digest.rendering.view import SiteFacts

__all__ = [
    "BUDGET",
    "Choice",
    "RenderedEdition",
    "SiteFacts",
    "Slot",
    "Spliced",
    "Templates",
    "Tried",
    "bounded",
    "direction",
    "fill",
    "furniture",
    "inline_css",
    "languages",
    "measure",
    "reader_language",
    "render_edition",
    "splice",
    "transferred",
]
