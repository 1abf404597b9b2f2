"""The published metrics of the instruction-induction benchmark, with its normalisation; golden values hold them fast.

For a task of one's own they are too lenient: only the first line up to its first full stop is compared, so that 3.14
equals 3.99. The metrics for that are in `duet.metrics.matching`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from duet.metrics.texts import overlap_f1

_DELETE_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalize(text: str) -> str:
    """The part of a text that is compared: first line, up to its first full stop, lower case, no punctuation.

    >>> normalize("Salt and Pepper. That is all")
    'salt pepper'
    """
    text = text.replace(" and ", " ").replace("Sentence 1:", " ").replace("Sentence 2:", " ").strip()
    text = text.split("\n", 1)[0].split(".", 1)[0]
    return text.lower().replace("-", " ").translate(_DELETE_PUNCTUATION)


def induction_exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1.0 if the normalised prediction equals a normalised answer.

    >>> induction_exact_match("Zeit!", ["Zeiten", "Zeit"])
    1.0
    """
    found = normalize(prediction)
    return float(any(found == normalize(answer) for answer in answers))


def induction_f1(prediction: str, answers: Sequence[str]) -> float:
    """F1 over the multisets of tokens, the best over the answers; without a common token 0.

    >>> round(induction_f1("they involve oscillations", ["involve oscillations.", "can vibrate."]), 2)
    0.8
    """
    found = normalize(prediction).split()
    return max((overlap_f1(found, normalize(answer).split()) for answer in answers), default=0.0)


def induction_exact_set(prediction: str, answers: Sequence[str]) -> float:
    """1.0 if prediction and an answer have the same set of tokens.

    >>> induction_exact_set("bird, dog and cow", ["dog, cow, bird"])
    1.0
    """
    found = set(normalize(prediction).split())
    return float(any(found == set(normalize(answer).split()) for answer in answers))


def induction_contains(prediction: str, answers: Sequence[str]) -> float:
    """1.0 if an answer occurs in the prediction as whole words.

    >>> induction_contains("a process or method", ["process"]), induction_contains("processes", ["process"])
    (1.0, 0.0)
    """
    found = normalize(prediction)
    return float(any(re.search(rf"\b({re.escape(normalize(answer))})\b", found) for answer in answers))
