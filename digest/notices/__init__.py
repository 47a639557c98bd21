"""Notices: what the desk is told by mail, once, because a person should know or act."""

from digest.notices.notifier import Notifier

__all__ = ["Notifier"]
