"""Metrics that compare texts: equal, equal but for their dress, contained, and how many words or items are shared.

Each is a frozen record of its options, called with an answer and the accepted outputs; the best accepted output counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from duet.metrics import whole_words
from duet.metrics.texts import lenient_form, overlap_f1, squeezed, strict_form, words

_FENCE_LINE = re.compile(r"^[^\S\n]*(```|~~~).*$", re.MULTILINE)


@dataclass(frozen=True)
class ExactMatch:
    """1 if the answer is an accepted output, outer white space, line ends and Unicode's form aside.

    >>> ExactMatch()("3.14", ["3.99"]), ExactMatch()(" Yes\\n", ["Yes"]), ExactMatch(ignore_case=True)("yes", ["Yes"])
    (0.0, 1.0, 1.0)

    Args:
        ignore_case: whether upper and lower case are the same.
    """

    ignore_case: bool = False

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """1.0 or 0.0."""
        return float(self._form(answer) in map(self._form, outputs))

    def _form(self, text: str) -> str:
        form = strict_form(text)
        return form.casefold() if self.ignore_case else form


@dataclass(frozen=True)
class LenientMatch:
    """1 if the answer is an accepted output, case, bullets, quotes, emphasis, a code fence and final punctuation aside.

    >>> LenientMatch()("- **Blue**.", ["blue"]), LenientMatch()("C++", ["C#"])
    (1.0, 0.0)
    """

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """1.0 or 0.0."""
        return float(lenient_form(answer) in map(lenient_form, outputs))


@dataclass(frozen=True)
class Contains:
    """1 if an accepted output stands anywhere in the answer, as whole words, case aside.

    >>> Contains()("The answer is Blue whale.", ["blue whale"]), Contains()("bluebell", ["blue"])
    (1.0, 0.0)
    """

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """1.0 or 0.0."""
        return float(any(whole_words.holds(answer, output) for output in outputs))


@dataclass(frozen=True)
class Label:
    """1 if the label that the answer names last, as whole words, is an accepted output.

    >>> label = Label(("positive", "negative", "neutral"))
    >>> label("Not negative, so I'd say: **Neutral**", ["neutral"]), label("I can't tell", ["neutral"])
    (1.0, 0.0)

    Args:
        labels: all that there are; by default every output of the task.
    """

    labels: tuple[str, ...] = ()

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """1.0 or 0.0."""
        return float(whole_words.last_of(answer, self.labels) in {squeezed(output) for output in outputs})


@dataclass(frozen=True)
class TokenF1:
    """F1 over the words that answer and accepted output share, case and the punctuation around a word aside.

    >>> TokenF1()("3.5 apples", ["3.5 red apples"]), TokenF1()("3.5", ["3.9"])
    (0.8, 0.0)
    """

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """In [0, 1]."""
        found = words(answer)
        return max((overlap_f1(found, words(output)) for output in outputs), default=0.0)


@dataclass(frozen=True)
class ExactSet:
    """1 if answer and accepted output name the same items in any order: separated by commas, semicolons or line ends.

    A JSON list of texts is read as its items. Each item is compared as by `LenientMatch`.

    >>> ExactSet()("- refund\\n- late delivery", ["Late delivery, refund"]), ExactSet()("refund", ["refund, other"])
    (1.0, 0.0)
    """

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """1.0 or 0.0."""
        found = _items(answer)
        return float(bool(found) and any(found == _items(output) for output in outputs))


@dataclass(frozen=True)
class Regex:
    """1 if the whole answer, outer white space aside, matches an accepted output, which is a regular expression.

    >>> Regex()("12 km", [r"\\d+ ?km"]), Regex()("about 12 km", [r"\\d+ ?km"])
    (1.0, 0.0)
    """

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """1.0 or 0.0."""
        return float(any(re.fullmatch(output, answer.strip()) for output in outputs))


def _items(text: str) -> frozenset[str]:
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        listed = None
    items = map(str, listed) if isinstance(listed, list) else re.split(r"[,;\n]", _FENCE_LINE.sub("", text))
    return frozenset(lenient_form(item) for item in items) - {""}
