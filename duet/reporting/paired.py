"""Two instructions on the same examples: the difference with its interval, and a paired test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from duet.reporting.statistics import LEVEL, SAME, bootstrap_interval, mean, wilcoxon

MCNEMAR, WILCOXON = "exact McNemar test", "Wilcoxon signed-rank test"


@dataclass(frozen=True)
class PairedComparison:
    """Scores of A against those of B, example by example.

    Args:
        n: examples.
        mean_a: mean score of A.
        mean_b: mean score of B.
        interval: 95 % interval of the difference A - B; None for a single example.
        a_better: examples on which A scores higher.
        b_better: examples on which B does.
        test: the name of the test.
        p: its two-sided p value; 1 where no example differs.
    """

    n: int
    mean_a: float
    mean_b: float
    interval: tuple[float, float] | None
    a_better: int
    b_better: int
    test: str
    p: float

    @property
    def difference(self) -> float:
        """A - B."""
        return self.mean_a - self.mean_b

    @property
    def is_clear(self) -> bool:
        """Whether the test tells the difference from chance at the 5 % level."""
        return self.p < 1 - LEVEL


def compare_paired(scores_a: Sequence[float], scores_b: Sequence[float]) -> PairedComparison:
    """Compares two instructions.

    Scores that are all 0 or 1 get the exact McNemar test and Bonett and Price's interval; others get Wilcoxon's
    signed-rank test and a bootstrap over the examples.

    Args:
        scores_a: (n,), in [0, 1].
        scores_b: (n,), of the same examples.

    Raises:
        ValueError: there is no example, or the lengths differ.
    """
    if len(scores_a) != len(scores_b) or not scores_a:
        raise ValueError(f"Expected scores on the same examples but got {len(scores_a)} and {len(scores_b)}")
    differences = [a - b for a, b in zip(scores_a, scores_b, strict=True)]
    a_better = sum(difference >= SAME for difference in differences)
    b_better = sum(difference <= -SAME for difference in differences)
    if {*scores_a, *scores_b} <= {0.0, 1.0}:
        interval, test = bonett_price_interval(a_better, b_better, len(differences)), MCNEMAR
        p = mcnemar(a_better, b_better)
    else:
        interval, test = bootstrap_interval(differences), WILCOXON
        found = wilcoxon(differences)
        p = 1.0 if found is None else found
    return PairedComparison(len(differences), mean(scores_a), mean(scores_b), interval, a_better, b_better, test, p)


def mcnemar(a_only: int, b_only: int) -> float:
    """The exact test's two-sided p value: a binomial test of the pairs that differ.

    >>> round(mcnemar(9, 1), 4), mcnemar(0, 0)
    (0.0215, 1.0)
    """
    return float(stats.binomtest(a_only, a_only + b_only).pvalue) if a_only + b_only else 1.0


def bonett_price_interval(a_only: int, b_only: int, n: int) -> tuple[float, float] | None:
    """95 % interval of a difference of paired proportions, within [-1, 1]; None for a single pair.

    The adjusted Wald interval of Bonett and Price (2012, Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data): one pair more on either side. It has a width where no pair differs.
    """
    if n < 2:
        return None
    share_a, share_b = (a_only + 1) / (n + 2), (b_only + 1) / (n + 2)
    difference = share_a - share_b
    error = math.sqrt((share_a + share_b - difference**2) / (n + 2))
    half = float(stats.norm.ppf((1 + LEVEL) / 2)) * error
    return max(-1.0, difference - half), min(1.0, difference + half)
