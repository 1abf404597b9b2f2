"""Estimates an instruction's true accuracy from its scores: an empirical Bayes estimate over the pool.

A score is a right or a wrong answer, or a share of a right one; an instruction's rate has a Beta prior whose two
parameters are fitted to all scored instructions by the method of moments of the beta-binomial distribution
(Casella 1985, *An Introduction to Empirical Bayes Data Analysis*).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEAST_OVERDISPERSION, MOST_OVERDISPERSION = 0.02, 0.6
USUAL_OVERDISPERSION, USUAL_ROWS = 0.25, 10  # what is believed before there are rows, as if that many rows supported it


@dataclass(frozen=True)
class BetaPrior:
    """A Beta prior over the accuracy of an instruction without a score.

    Args:
        right: pseudo-count of right answers, alpha.
        wrong: pseudo-count of wrong answers, beta.
    """

    right: float = 1.0
    wrong: float = 1.0

    def mean(self, total: float, count: int) -> float:
        """The posterior mean of a rate.

        Args:
            total: the sum of the scores.
            count: how many there are.

        >>> BetaPrior().mean(5.0, 5)
        0.8571428571428571
        """
        return (total + self.right) / (count + self.right + self.wrong)

    def interval(self, total: float, count: int, level: float = 0.95) -> tuple[float, float]:
        """The central credible interval of a rate. Arguments as for `mean`.

        >>> [round(end, 3) for end in BetaPrior().interval(5.0, 5)]
        [0.541, 0.996]
        """
        from scipy.special import betaincinv

        right, wrong = total + self.right, count - total + self.wrong
        outside = (1 - level) / 2
        return float(betaincinv(right, wrong, outside)), float(betaincinv(right, wrong, 1 - outside))


def fit_prior(scores: Sequence[Sequence[float]]) -> BetaPrior:
    """The prior that the pool itself suggests.

    The spread of the instructions' means beyond what chance gives is the overdispersion rho = 1 / (alpha + beta + 1).
    It is estimated together with a usual value, so that a few rows can't be sure that all instructions are alike.

    Args:
        scores: those of each instruction; at least one.

    >>> fit_prior([[1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    BetaPrior(right=1.4166666666666667, wrong=1.4166666666666667)
    """
    count = sum(map(len, scores))
    mean = (math.fsum(map(math.fsum, scores)) + 1) / (count + 2)
    chance = mean * (1 - mean)
    spread = expected = 0.0
    for row in scores:
        if len(row) > 1:
            spread += (math.fsum(row) / len(row) - mean) ** 2 / chance - 1 / len(row)
            expected += 1 - 1 / len(row)
    rho = (spread + USUAL_ROWS * USUAL_OVERDISPERSION) / (expected + USUAL_ROWS)
    rho = min(MOST_OVERDISPERSION, max(LEAST_OVERDISPERSION, rho))
    strength = 1 / rho - 1
    return BetaPrior(mean * strength, (1 - mean) * strength)
