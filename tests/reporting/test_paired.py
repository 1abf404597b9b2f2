"""Paired comparisons: values from binomial tables, from a simulation, and from the formulas of others."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from duet.reporting.paired import MCNEMAR, WILCOXON, bonett_price_interval, compare_paired, mcnemar


@pytest.mark.parametrize(
    ("a_only", "b_only", "p"),
    [
        (1, 0, 1.0),
        (5, 0, 2 / 2**5),
        (9, 1, 2 * (1 + 10) / 2**10),
        (2, 8, 2 * (1 + 10 + 45) / 2**10),
        (6, 6, 1.0),
        (0, 0, 1.0),
    ],
)
def test_the_exact_mcnemar_test_is_the_binomial_sum_over_the_pairs_that_differ(
    a_only: int, b_only: int, p: float
) -> None:
    assert mcnemar(a_only, b_only) == pytest.approx(p)


def test_right_and_wrong_answers_get_the_exact_test_and_are_counted() -> None:
    found = compare_paired([1.0, 1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0, 0.0])
    assert (found.test, found.n, found.a_better, found.b_better) == (MCNEMAR, 5, 2, 1)
    assert (found.mean_a, found.mean_b) == (0.6, 0.4)
    assert found.difference == pytest.approx(0.2)
    assert (found.p, found.is_clear) == (1.0, False)


def test_the_interval_is_the_adjusted_wald_formula() -> None:
    # n = 100, 15 and 5 pairs differ: shares 16/102 and 6/102, and z = 1.959964.
    share_a, share_b = 16 / 102, 6 / 102
    half = 1.959964 * ((share_a + share_b - (share_a - share_b) ** 2) / 102) ** 0.5
    assert bonett_price_interval(15, 5, 100) == pytest.approx((10 / 102 - half, 10 / 102 + half), abs=1e-6)


def test_the_interval_covers_the_true_difference_in_about_95_of_100_experiments() -> None:
    generator = np.random.default_rng(0)
    tables = generator.multinomial(30, [0.25, 0.15, 0.6], size=4000)  # the true difference is 0.1
    intervals = [bonett_price_interval(int(a), int(b), 30) for a, b, _ in tables]
    covered = [interval is not None and interval[0] <= 0.1 <= interval[1] for interval in intervals]
    assert 0.935 < np.mean(covered) < 0.97


def test_equal_answers_leave_room_for_a_difference() -> None:
    found = compare_paired([1.0] * 10, [1.0] * 10)
    assert found.p == 1.0
    assert found.interval is not None
    assert found.interval[0] < -0.1 < 0.1 < found.interval[1]


def test_graded_scores_get_the_signed_rank_test_and_a_bootstrap() -> None:
    generator = np.random.default_rng(3)
    scores_a = generator.uniform(0.4, 1, 40)
    scores_b = np.clip(scores_a - generator.uniform(-0.1, 0.3, 40), 0, 1)
    found = compare_paired(scores_a.tolist(), scores_b.tolist())
    assert found.test == WILCOXON
    assert found.p == pytest.approx(stats.wilcoxon(scores_a, scores_b).pvalue)
    assert found.is_clear
    assert found.interval is not None
    assert found.interval[0] < (scores_a - scores_b).mean() < found.interval[1]


def test_graded_scores_without_a_difference_are_no_error() -> None:
    found = compare_paired([0.5, 0.25], [0.5, 0.25])
    assert (found.p, found.a_better, found.b_better, found.interval) == (1.0, 0, 0, (0.0, 0.0))


def test_one_example_has_no_interval() -> None:
    assert compare_paired([1.0], [0.0]).interval is None


@pytest.mark.parametrize("scores", [([], []), ([1.0], [1.0, 0.0])])
def test_scores_that_are_not_pairs_are_refused(scores: tuple[list[float], list[float]]) -> None:
    with pytest.raises(ValueError, match="Expected scores on the same examples but got"):
        compare_paired(*scores)
