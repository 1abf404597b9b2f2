"""Families whose input is a list of words, separated by blanks."""

from __future__ import annotations

import random
from collections.abc import Callable

from embedded_model.generators.family import Draw, Family
from embedded_model.generators.words import random_word

SELECTORS: dict[str, Callable[[list[str]], str]] = {
    "first": lambda words: words[0],
    "second": lambda words: words[1],
    "last": lambda words: words[-1],
    "longest": lambda words: max(words, key=len),
    "shortest": lambda words: min(words, key=len),
    "alphabetically_first": lambda words: min(words),
    "alphabetically_last": lambda words: max(words),
}

TRANSFORMS: dict[str, Callable[[str], str]] = {
    "first_letter": lambda word: word[0],
    "second_letter": lambda word: word[1],
    "last_letter": lambda word: word[-1],
    "reversed": lambda word: word[::-1],
    "spelled": lambda word: " ".join(word),
    "length": lambda word: str(len(word)),
    "doubled": lambda word: f"{word} {word}",
    "capitals": lambda word: word.upper(),
    "without_vowels": lambda word: "".join(letter for letter in word if letter not in "aeiou"),
    "last_two_letters": lambda word: word[-2:],
}

_RULES: dict[str, Callable[[list[str]], str]] = {
    **{f"{selector}_word": select for selector, select in SELECTORS.items()},
    "third_word": lambda words: words[2],
    "count_words": lambda words: str(len(words)),
    "reverse_order": lambda words: " ".join(reversed(words)),
    "initials": lambda words: " ".join(word[0] for word in words),
    "last_letters": lambda words: " ".join(word[-1] for word in words),
    "swap_outer_words": lambda words: " ".join([words[-1], *words[1:-1], words[0]]),
}


def _distinct_words(generator: random.Random, count: int) -> list[str]:
    """``count`` different words of 3 to 7 letters."""
    words: list[str] = []
    while len(words) < count:
        word = random_word(generator, 3, 7)
        if word not in words:
            words.append(word)
    return words


def random_words(generator: random.Random) -> list[str]:
    """Three to five different words, of which exactly one is the longest and exactly one the shortest."""
    count = generator.randint(3, 5)
    while True:
        words = _distinct_words(generator, count)
        lengths = sorted(map(len, words))
        if lengths[0] < lengths[1] and lengths[-2] < lengths[-1]:
            return words


def _drawer(rule: Callable[[list[str]], str]) -> Draw:
    """Draws a list of words and applies ``rule`` to it."""

    def draw(generator: random.Random) -> tuple[str, tuple[str, ...]]:
        words = random_words(generator)
        return " ".join(words), (rule(words),)

    return draw


def _composite(select: Callable[[list[str]], str], transform: Callable[[str], str]) -> Draw:
    """Draws a list of words, selects one of them and transforms it."""
    return _drawer(lambda words: transform(select(words)))


def _draw_sort_words(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    """Words to be sorted; half of the inputs have the head ``List:``."""
    if generator.random() < 0.5:
        words = _distinct_words(generator, generator.randint(3, 10))
        text = "\nList: " + " ".join(words) + "\n"
    else:
        words = _distinct_words(generator, generator.randint(3, 6))
        text = " ".join(words)
    return text, (" ".join(sorted(words)),)


FAMILIES: list[Family] = [
    *(Family(name, "word_list", _drawer(rule)) for name, rule in _RULES.items()),
    Family("sort_words", "word_list", _draw_sort_words),
    *(
        Family(f"{selector}_word_{transform}", "word_list", _composite(select, change))
        for selector, select in SELECTORS.items()
        for transform, change in TRANSFORMS.items()
    ),
]

# Transforms that are no training text behind a selector.
UNSEEN_TRANSFORMS: dict[str, Callable[[str], str]] = {
    "first_two_letters": lambda word: word[:2],
    "swapped": lambda word: word[-1] + word[1:-1] + word[0],
}

# Composites that are no training text: the embedded model knows the selector and the transform, never the two together.
UNSEEN: list[Family] = [
    Family(f"{selector}_word_{transform}", "word_list", _composite(SELECTORS[selector], UNSEEN_TRANSFORMS[transform]))
    for selector, transform in (
        ("longest", "first_two_letters"),
        ("shortest", "first_two_letters"),
        ("alphabetically_last", "first_two_letters"),
    )
]
