"""Families on which an instruction is better or worse, not right or wrong; no training text, met in a search only.

Three things grade them: mixtures, where an example follows one of several rules, so that no instruction gets all of them
right; several accepted answers; and a metric that gives a part of the point.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from embedded_model.generators.family import Draw, Family
from embedded_model.generators.word_lists import SELECTORS, TRANSFORMS, UNSEEN_TRANSFORMS, random_words

Rule = Callable[[list[str]], str]
_CHANGES = TRANSFORMS | UNSEEN_TRANSFORMS


def _rule(selector: str, transform: str) -> Rule:
    """Selects a word and transforms it."""
    select, change = SELECTORS[selector], _CHANGES[transform]
    return lambda words: change(select(words))


def _mixture(transform: str, shares: dict[str, float]) -> Draw:
    """A list of words, of which one is transformed, selected in one of several ways that have these shares."""
    rules = [_rule(selector, transform) for selector in shares]

    def draw(generator: random.Random) -> tuple[str, tuple[str, ...]]:
        words = random_words(generator)
        [rule] = generator.choices(rules, list(shares.values()))
        return " ".join(words), (rule(words),)

    return draw


def _any_of(transform: str, selectors: Sequence[str]) -> Draw:
    """A list of words, of which any of these may be transformed; the first output, drawn at random, is the one shown."""
    rules = [_rule(selector, transform) for selector in selectors]

    def draw(generator: random.Random) -> tuple[str, tuple[str, ...]]:
        words = random_words(generator)
        answers = [rule(words) for rule in rules]
        generator.shuffle(answers)
        return " ".join(words), tuple(dict.fromkeys(answers))

    return draw


GRADED: list[Family] = [
    Family(
        "mostly_longest_word_last_two_letters",
        "word_list",
        _mixture("last_two_letters", {"longest": 0.6, "last": 0.25, "alphabetically_first": 0.15}),
    ),
    Family(
        "mostly_alphabetically_first_word_second_letter",
        "word_list",
        _mixture("second_letter", {"alphabetically_first": 0.7, "shortest": 0.3}),
    ),
    Family(
        "mostly_alphabetically_last_word_last_two_letters",
        "word_list",
        _mixture("last_two_letters", {"alphabetically_last": 0.65, "first": 0.35}),
    ),
    Family(
        "shortest_or_second_word_last_two_letters",
        "word_list",
        _any_of("last_two_letters", ("shortest", "second")),
    ),
    Family(
        "longest_or_alphabetically_first_word_second_letter",
        "word_list",
        _any_of("second_letter", ("longest", "alphabetically_first")),
    ),
    Family(
        "nearly_alphabetically_first_word_swapped",
        "word_list",
        _mixture("swapped", {"alphabetically_first": 1.0}),
        "edit_distance",
    ),
]
