"""Confidence intervals of a mean score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache


def mean_interval(scores: Sequence[float]) -> tuple[float, float]:
    """95 % confidence interval of the mean, within [0, 1].

    Scores that are all 0 or 1 get Wilson's interval (E. B. Wilson, JASA 22, 1927), which keeps a width when all are
    equal; others get Student's (Biometrika 6, 1908). One score that is neither 0 nor 1 says nothing: (0, 1).

    Args:
        scores: (n,), each in [0, 1].

    Raises:
        ValueError: there are no scores.

    >>> [round(bound, 3) for bound in mean_interval([1.0] * 10)]
    [0.722, 1.0]
    """
    if not scores:
        raise ValueError("Expected at least one score but got none")
    if all(score in (0.0, 1.0) for score in scores):
        return _wilson(sum(scores), len(scores))
    if len(scores) == 1:
        return 0.0, 1.0
    return _student(scores)


def _wilson(successes: float, n: int) -> tuple[float, float]:
    z = 1.959963984540054  # the normal distribution's 97.5 % quantile
    share = successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def _student(scores: Sequence[float]) -> tuple[float, float]:
    n = len(scores)
    mean = math.fsum(scores) / n
    variance = math.fsum((score - mean) ** 2 for score in scores) / (n - 1)
    half = _t_quantile(n - 1) * math.sqrt(variance / n)
    return max(0.0, mean - half), min(1.0, mean + half)


@lru_cache
def _t_quantile(degrees: int) -> float:
    """Student's 97.5 % quantile, by bisection on theta = atan(t / sqrt(degrees))."""
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_central(middle, degrees) < 0.95 else (low, middle)
    return math.tan(low) * math.sqrt(degrees)


def _t_central(theta: float, degrees: int) -> float:
    """P(|T| < t): the finite sums of Abramowitz and Stegun, 26.7.3 (odd) and 26.7.4 (even)."""
    odd = degrees % 2
    term = math.cos(theta) if odd else 1.0
    total = term if degrees > 1 else 0.0
    for k in range(2 + odd, degrees - 1, 2):
        term *= (k - 1) / k * math.cos(theta) ** 2
        total += term
    return 2 / math.pi * (theta + math.sin(theta) * total) if odd else math.sin(theta) * total
