"""The rehearsal: every mail that the program sends, with awkward data, before it matters."""

from digest.rehearsal.check import Fault, Rehearsed, Result, check_templates

__all__ = ["Fault", "Rehearsed", "Result", "check_templates"]
