"""Confidence intervals against scipy."""

from __future__ import annotations

from importlib import import_module

import pytest

from duet.metrics.intervals import mean_interval

STATS = import_module("scipy.stats")  # imported by name: scipy has no types


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 20), (20, 20), (7, 20), (50, 100), (99, 100)])
def test_zero_one_scores_get_wilsons_interval(hits: int, n: int) -> None:
    expected = STATS.binomtest(hits, n).proportion_ci(method="wilson")
    low, high = mean_interval([1.0] * hits + [0.0] * (n - hits))
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8, 20, 99, 100, 501])
def test_other_scores_get_students_interval(n: int) -> None:
    scores = [0.4 + 0.2 * (index * 7 % n) / n for index in range(n)]
    mean, error = sum(scores) / n, float(STATS.sem(scores))
    expected = STATS.t.interval(0.95, n - 1, loc=mean, scale=error)
    clipped = max(0.0, expected[0]), min(1.0, expected[1])
    assert mean_interval(scores) == pytest.approx(clipped, abs=1e-9)


def test_an_interval_stays_between_zero_and_one() -> None:
    assert mean_interval([0.0, 0.9, 1.0]) == (0.0, 1.0)
    assert mean_interval([0.5]) == (0.0, 1.0)


def test_no_scores_have_no_interval() -> None:
    with pytest.raises(ValueError, match="at least one score"):
        mean_interval([])
