"""Where everything that is not configuration lives: SQLite or PostgreSQL behind one door."""

from digest.store.engine import Store

__all__ = ["Store"]
