"""The preview: the edition of a day as its readers will get it, while the desk still works on it.

It shows drafts and sends tests, so it answers only to this machine; see `guard`. Its own page is
made of the templates that ship: it must stand when the publisher's do not.
"""

from digest.web.preview.live import Live
from digest.web.preview.routes import router

__all__ = ["Live", "router"]
