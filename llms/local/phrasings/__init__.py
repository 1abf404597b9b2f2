"""How people say what to do: phrasings to train on, phrasings held out, and vague ones, by family."""

from __future__ import annotations

from llms.local.phrasings import letters, lexical, numbers, sentences, word_lists

_ROOMS = (letters, numbers, word_lists, lexical, sentences)
PRECISE: dict[str, list[str]] = {name: texts for room in _ROOMS for name, texts in room.PRECISE.items()}
HELD_OUT: dict[str, list[str]] = {name: texts for room in _ROOMS for name, texts in room.HELD_OUT.items()}
VAGUE: dict[str, list[str]] = {name: texts for room in _ROOMS for name, texts in room.VAGUE.items()}


def is_composite(name: str) -> bool:
    """Whether the family applies a transform to a selected word."""
    return name in word_lists.COMPOSITES
