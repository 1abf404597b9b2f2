"""Score against length: the instructions that no shorter one matches, and the shortest that is as good as the best."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Scripts that put no blanks between words (Thai to Khmer, kana, ideographs, full-width forms): each letter counts.
_WORDS = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
    r"|[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]+"
)


@dataclass(frozen=True)
class ScoredLength:
    """An instruction with its score and its length.

    Args:
        instruction: the text.
        score: the mean by which instructions are compared.
        standard_error: of that mean.
        length: in prompt tokens, or in words where these aren't known; one unit for all rows.
        n: the examples behind the score.
    """

    instruction: str
    score: float
    standard_error: float
    length: int
    n: int


def pareto_front(rows: Sequence[ScoredLength]) -> list[ScoredLength]:
    """The rows that no other row beats in score without being longer, the shortest first.

    >>> rows = [ScoredLength(text, score, 0.0, len(text), 5) for text, score in (("ab", 0.5), ("a", 0.5), ("abc", 0.9))]
    >>> [row.instruction for row in pareto_front(rows)]
    ['a', 'abc']
    """
    front: list[ScoredLength] = []
    for row in sorted(rows, key=lambda row: (row.length, -row.score)):
        if not front or row.score > front[-1].score:
            front.append(row)
    return front


def shortest_within_one_standard_error(rows: Sequence[ScoredLength]) -> ScoredLength:
    """The shortest row whose score is at least the best one's, less one standard error of the best.

    The rule is that of Breiman et al. (1984, Classification and Regression Trees, 3.4.3). Only rows with as many
    examples as the best are compared; of equal length the higher score wins.

    Raises:
        ValueError: there are no rows.
    """
    if not rows:
        raise ValueError("Expected at least one scored instruction but got none")
    most = max(row.n for row in rows)
    compared = [row for row in rows if row.n == most]
    best = max(compared, key=lambda row: (row.score, -row.length))
    good_enough = [row for row in compared if row.score >= best.score - best.standard_error]
    return min(good_enough, key=lambda row: (row.length, -row.score))


def standard_error_of_mean(scores: Sequence[float]) -> float:
    """From the scores' own spread (ddof 1); for a single score the largest that a score in [0, 1] can have, 0.5.

    >>> standard_error_of_mean([0.0, 1.0]), standard_error_of_mean([1.0])
    (0.5, 0.5)
    """
    return float(np.std(scores, ddof=1)) / math.sqrt(len(scores)) if len(scores) > 1 else 0.5


def count_words(text: str) -> int:
    """Words between blanks; in scripts without blanks every letter counts.

    >>> count_words("Name the city."), count_words("写出城市名")
    (3, 5)
    """
    return len(_WORDS.findall(text))
