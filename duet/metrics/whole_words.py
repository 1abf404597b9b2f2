"""Finds a text inside another one where it stands by itself: ``C`` is not in ``C++``, ``3.1`` is not in ``3.14``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from duet.metrics.texts import squeezed

_WORD_LEFT, _WORD_RIGHT = r"(?<!\w)(?<!\w[.@'’-])", r"(?!\w)(?![.@'’-]\w)(?![+#])"
_DIGIT_LEFT, _DIGIT_RIGHT = r"(?<!\d[,:/])(?<![-−])", r"(?![,:/]\d)"
_SIGN_LEFT, _SIGN_RIGHT = r"(?<![<>=+&|^~#!-])", r"(?![<>=+&|^~#-])"


def pattern(text: str) -> str:
    """A regular expression for a text, squeezed before, as whole words.

    >>> [bool(re.search(pattern("positive"), answer)) for answer in ("it is positive.", "non-positive")]
    [True, False]
    """
    return _left(text[0]) + re.escape(text) + _right(text[-1])


def holds(answer: str, text: str) -> bool:
    """Returns whether the text stands in the answer, case and runs of white space aside; nothing stands nowhere.

    >>> holds("I would say: Red  Fox.", "red fox"), holds("anything", " "), holds("It costs 3.14", "3.1")
    (True, False, False)
    """
    wanted = squeezed(text)
    return bool(wanted) and re.search(pattern(wanted), squeezed(answer)) is not None


def last_of(answer: str, labels: Sequence[str]) -> str | None:
    """The label, squeezed, that the answer names last; of two that begin at the same place the longer one.

    >>> last_of("Not positive but very positive.", ["positive", "Very Positive"])
    'very positive'
    """
    expression = _any_of(tuple(labels))
    found = [match[0] for match in expression.finditer(squeezed(answer))] if expression else []
    return found[-1] if found else None


@lru_cache(maxsize=8)
def _any_of(labels: tuple[str, ...]) -> re.Pattern[str] | None:
    wanted = sorted({squeezed(label) for label in labels} - {""}, key=lambda label: (-len(label), label))
    return re.compile("|".join(map(pattern, wanted))) if wanted else None


def _left(letter: str) -> str:
    if letter.isdigit():
        return _WORD_LEFT + _DIGIT_LEFT
    return _WORD_LEFT if letter.isalnum() or letter == "_" else _SIGN_LEFT if letter in "<>=+&|^~#!-" else ""


def _right(letter: str) -> str:
    if letter.isdigit():
        return _WORD_RIGHT + _DIGIT_RIGHT
    return _WORD_RIGHT if letter.isalnum() or letter == "_" else _SIGN_RIGHT if letter in "<>=+&|^~#-" else ""
