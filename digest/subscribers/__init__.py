"""Readers: their consent, their choices, the tokens in their links, and files full of them."""

from digest.subscribers.people import find_subscription

__all__ = ["find_subscription"]
