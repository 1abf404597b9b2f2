"""All families, in a fixed order: those that the embedded model learns from, and those that it meets in a search only."""

from __future__ import annotations

from embedded_model.generators import graded, letters, lexical, numbers, sentences, word_lists
from embedded_model.generators.family import Family

FAMILIES: list[Family] = [
    *letters.FAMILIES,
    *numbers.FAMILIES,
    *word_lists.FAMILIES,
    *lexical.FAMILIES,
    *sentences.FAMILIES,
]
BY_NAME: dict[str, Family] = {family.name: family for family in FAMILIES}
UNSEEN: dict[str, Family] = {family.name: family for family in (*word_lists.UNSEEN, *graded.GRADED)}
