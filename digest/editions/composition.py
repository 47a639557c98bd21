"""Composition: the articles of an edition become its document."""
