"""Families whose input is one word and whose rule is about its letters."""

from __future__ import annotations

import random
from collections.abc import Callable

from embedded_model.generators.family import Draw, Family
from embedded_model.generators.words import random_word

_VOWELS = "aeiou"

RULES: dict[str, Callable[[str], str]] = {
    "first_letter": lambda word: word[0],
    "second_letter": lambda word: word[1],
    "third_letter": lambda word: word[2],
    "last_letter": lambda word: word[-1],
    "spell_out": lambda word: " ".join(word),
    "reverse_word": lambda word: word[::-1],
    "upper_case": lambda word: word.upper(),
    "count_letters": lambda word: str(len(word)),
    "keep_vowels": lambda word: "".join(letter for letter in word if letter in _VOWELS),
    "remove_vowels": lambda word: "".join(letter for letter in word if letter not in _VOWELS),
    "repeat_word": lambda word: f"{word} {word}",
    "first_two_letters": lambda word: word[:2],
    "last_two_letters": lambda word: word[-2:],
    "first_and_last_letter": lambda word: f"{word[0]} {word[-1]}",
    "swap_first_and_last": lambda word: word[-1] + word[1:-1] + word[0],
}


def _drawer(rule: Callable[[str], str]) -> Draw:
    """Draws a word that ``rule`` maps to something not empty."""

    def draw(generator: random.Random) -> tuple[str, tuple[str, ...]]:
        while True:
            word = random_word(generator)
            output = rule(word)
            if output:
                return word, (output,)

    return draw


FAMILIES: list[Family] = [Family(name, "word", _drawer(rule)) for name, rule in RULES.items()]
