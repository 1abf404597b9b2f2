"""How people say what to do: phrasings to train on, phrasings held out, and vague ones, by family.

What is trained on comes from frames, which many families share, and from freely worded templates, which were written by
someone who had not seen the phrasings that are held out.
"""

from __future__ import annotations

from embedded_model.phrasings import (
    free_letters,
    free_lexical,
    free_numbers,
    free_sentences,
    free_word_lists,
    letters,
    lexical,
    numbers,
    sentences,
    word_lists,
)

_ROOMS = (letters, numbers, word_lists, lexical, sentences)
_FREE = free_letters.FREE | free_numbers.FREE | free_word_lists.FREE | free_lexical.FREE | free_sentences.FREE
PRECISE: dict[str, list[str]] = {
    name: texts + _FREE.get(name, []) for room in _ROOMS for name, texts in room.PRECISE.items()
}
HELD_OUT: dict[str, list[str]] = {name: texts for room in _ROOMS for name, texts in room.HELD_OUT.items()}
VAGUE: dict[str, list[str]] = {name: texts for room in _ROOMS for name, texts in room.VAGUE.items()}


def is_composite(name: str) -> bool:
    """Whether the family applies a transform to a selected word."""
    return name in word_lists.COMPOSITES


def is_seldom_induced(name: str) -> bool:
    """Whether the model learns to carry out the family's instructions but hardly ever to write one."""
    return name in word_lists.SELDOM_INDUCED
