"""All families, in a fixed order."""

from __future__ import annotations

from tasks.generated import letters, lexical, numbers, sentences, word_lists
from tasks.generated.family import Family

FAMILIES: list[Family] = [
    *letters.FAMILIES,
    *numbers.FAMILIES,
    *word_lists.FAMILIES,
    *lexical.FAMILIES,
    *sentences.FAMILIES,
]
BY_NAME: dict[str, Family] = {family.name: family for family in FAMILIES}
