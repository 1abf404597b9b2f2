"""Estimates an instruction's true accuracy from its scores: an empirical Bayes estimate over the pool.

A score is a right or a wrong answer, or a share of a right one. An instruction's rate has a Beta prior whose two
parameters are fitted to all scored instructions by the method of moments of the beta-binomial distribution (Casella
1985, *An Introduction to Empirical Bayes Data Analysis*). In many pools nearly all instructions are bad and a few are
good. No Beta distribution has that shape, and the fitted one pulls a good instruction down to the bad ones. So a tenth
of the prior is flat: a robust prior (Schmidli et al. 2014, *Robust Meta-Analytic-Predictive Priors*), which gives way
where the scores contradict it. docs/measurements.md says what that is worth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

LEAST_OVERDISPERSION, MOST_OVERDISPERSION = 0.02, 0.6
USUAL_OVERDISPERSION, USUAL_ROWS = 0.25, 10  # what is believed before there are rows, as if that many rows supported it
FLAT_SHARE = 0.1  # of instructions that may be unlike the rest of the pool


@dataclass(frozen=True)
class AccuracyPrior:
    """A prior over the accuracy of an instruction without a score: a Beta distribution, a tenth of it flat.

    Args:
        right: the Beta distribution's pseudo-count of right answers, alpha.
        wrong: its pseudo-count of wrong answers, beta.
    """

    right: float = 1.0
    wrong: float = 1.0

    @property
    def rate(self) -> float:
        """The accuracy to be expected of an instruction like the rest of the pool.

        >>> AccuracyPrior(1.0, 3.0).rate
        0.25
        """
        return self.right / (self.right + self.wrong)

    @property
    def variance(self) -> float:
        """How far the accuracies of instructions without a score lie apart.

        >>> round(AccuracyPrior(1.0, 1.0).variance, 4)
        0.0833
        """
        like_the_pool = self.rate * (1 - self.rate) / (self.right + self.wrong + 1)
        mean = (1 - FLAT_SHARE) * self.rate + FLAT_SHARE / 2
        parts = like_the_pool + (self.rate - mean) ** 2, 1 / 12 + (1 / 2 - mean) ** 2
        return (1 - FLAT_SHARE) * parts[0] + FLAT_SHARE * parts[1]

    def mean(self, total: float, count: int) -> float:
        """The posterior mean of a rate.

        Args:
            total: the sum of the scores.
            count: how many there are.

        >>> round(AccuracyPrior().mean(5.0, 5), 3)
        0.857
        """
        right, wrong = total + self.right, count - total + self.wrong
        flat = self._flat_share(total, count)
        return (1 - flat) * right / (right + wrong) + flat * (total + 1) / (count + 2)

    def interval(self, total: float, count: int, level: float = 0.95) -> tuple[float, float]:
        """The central credible interval of a rate. Arguments as for `mean`.

        >>> [round(end, 3) for end in AccuracyPrior().interval(5.0, 5)]
        [0.541, 0.996]
        """
        from scipy.optimize import brentq
        from scipy.special import betainc

        flat, missed = self._flat_share(total, count), count - total

        def excess(rate: float, share: float) -> float:
            """The posterior probability of a lower rate, less a share."""
            like_the_pool = betainc(total + self.right, missed + self.wrong, rate)
            return float((1 - flat) * like_the_pool + flat * betainc(total + 1, missed + 1, rate)) - share

        outside = (1 - level) / 2
        low, high = (brentq(excess, 0.0, 1.0, args=(share,)) for share in (outside, 1 - outside))
        return float(low), float(high)

    def _flat_share(self, total: float, count: int) -> float:
        """The posterior probability that an instruction is unlike the rest of the pool."""
        missed = count - total
        like_the_pool = _log_beta(total + self.right, missed + self.wrong) - self._log_normaliser
        flat = _log_beta(total + 1, missed + 1)
        odds = (1 - FLAT_SHARE) / FLAT_SHARE * math.exp(min(700.0, like_the_pool - flat))
        return 1 / (1 + odds)

    @cached_property
    def _log_normaliser(self) -> float:
        return _log_beta(self.right, self.wrong)


def _log_beta(right: float, wrong: float) -> float:
    """The logarithm of the Beta function."""
    return math.lgamma(right) + math.lgamma(wrong) - math.lgamma(right + wrong)


def fit_prior(scores: Sequence[Sequence[float]]) -> AccuracyPrior:
    """The prior that the pool itself suggests.

    The spread of the instructions' means beyond what chance gives is the overdispersion rho = 1 / (alpha + beta + 1).
    It is estimated together with a usual value, so that a few rows can't be sure that all instructions are alike.

    Args:
        scores: those of each instruction; at least one.

    >>> fit_prior([[1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    AccuracyPrior(right=1.4166666666666667, wrong=1.4166666666666667)
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
    return AccuracyPrior(mean * strength, (1 - mean) * strength)
