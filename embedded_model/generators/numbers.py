"""Families whose input is one or more numbers, separated by blanks."""

from __future__ import annotations

import random
from collections.abc import Callable

from embedded_model.generators.family import Draw, Family

_SMALL = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen
""".split()
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_words(number: int) -> str:
    """A number from 0 to 9999 in British English words.

    >>> in_words(1122)
    'one thousand one hundred and twenty-two'
    >>> in_words(3005)
    'three thousand and five'
    """
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, rest = divmod(number, 10)
        return f"{_TENS[tens]}-{_SMALL[rest]}" if rest else _TENS[tens]
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        head = f"{_SMALL[hundreds]} hundred"
        return f"{head} and {in_words(rest)}" if rest else head
    thousands, rest = divmod(number, 1000)
    head = f"{_SMALL[thousands]} thousand"
    if not rest:
        return head
    return f"{head} and {in_words(rest)}" if rest < 100 else f"{head} {in_words(rest)}"


def _two(generator: random.Random) -> list[int]:
    """Two numbers below 100."""
    return [generator.randrange(100), generator.randrange(100)]


def _minuend_first(generator: random.Random) -> list[int]:
    """Two numbers of which the first is the larger; it and the difference may exceed 100, as the other does not."""
    subtrahend, difference = _two(generator)
    return [subtrahend + difference, subtrahend]


def _different(generator: random.Random) -> list[int]:
    """Two different numbers below 100 or below 1000."""
    return generator.sample(range(generator.choice((100, 1000))), 2)


def _several(generator: random.Random) -> list[int]:
    """Three to five different numbers below 100."""
    return generator.sample(range(100), generator.randint(3, 5))


def _one(generator: random.Random) -> list[int]:
    """One number below 10,000; short ones are as frequent as long ones."""
    return [generator.randrange(generator.choice((20, 100, 1000, 10_000)))]


def _positive(generator: random.Random) -> list[int]:
    """One number from 1 to 9999."""
    return [generator.randrange(1, generator.choice((20, 100, 1000, 10_000)))]


def _below_hundred(generator: random.Random) -> list[int]:
    """One number below 100."""
    return [generator.randrange(100)]


def _long(generator: random.Random) -> list[int]:
    """One number of two to five digits."""
    return [generator.randrange(10, 10 ** generator.randint(2, 5))]


_NumberDraw = Callable[[random.Random], list[int]]
_RULES: dict[str, tuple[_NumberDraw, Callable[[list[int]], str]]] = {
    "sum": (_two, lambda numbers: str(sum(numbers))),
    "difference": (_minuend_first, lambda numbers: str(numbers[0] - numbers[1])),
    "larger_number": (_different, lambda numbers: str(max(numbers))),
    "smaller_number": (_different, lambda numbers: str(min(numbers))),
    "number_in_words": (_one, lambda numbers: in_words(numbers[0])),
    "next_number": (_one, lambda numbers: str(numbers[0] + 1)),
    "previous_number": (_positive, lambda numbers: str(numbers[0] - 1)),
    "double_number": (_below_hundred, lambda numbers: str(2 * numbers[0])),
    "sort_numbers": (_several, lambda numbers: " ".join(map(str, sorted(numbers)))),
    "last_digit": (_long, lambda numbers: str(numbers[0] % 10)),
}


def _drawer(numbers_of: _NumberDraw, rule: Callable[[list[int]], str]) -> Draw:
    """Draws numbers and applies ``rule`` to them."""

    def draw(generator: random.Random) -> tuple[str, tuple[str, ...]]:
        numbers = numbers_of(generator)
        return " ".join(map(str, numbers)), (rule(numbers),)

    return draw


FAMILIES: list[Family] = [
    Family(name, "numbers", _drawer(numbers_of, rule)) for name, (numbers_of, rule) in _RULES.items()
]
