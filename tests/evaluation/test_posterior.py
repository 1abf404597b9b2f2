"""The empirical Bayes estimate against draws from a known prior and against integration."""

from __future__ import annotations

import random

import pytest
from scipy.integrate import quad
from scipy.stats import beta

from duet.evaluation.posterior import FLAT_SHARE, LEAST_OVERDISPERSION, AccuracyPrior, fit_prior


def draws(right: float, wrong: float, rows: int, examples: int) -> list[list[float]]:
    generator = random.Random(1)
    rates = [generator.betavariate(right, wrong) for _ in range(rows)]
    return [[float(generator.random() < rate) for _ in range(examples)] for rate in rates]


@pytest.mark.parametrize(("right", "wrong"), [(1.0, 3.0), (2.0, 2.0), (6.0, 14.0)])
def test_the_prior_of_many_rows_is_the_one_that_they_were_drawn_from(right: float, wrong: float) -> None:
    prior = fit_prior(draws(right, wrong, 800, 20))
    assert prior.right / (prior.right + prior.wrong) == pytest.approx(right / (right + wrong), abs=0.02)
    assert prior.right + prior.wrong == pytest.approx(right + wrong, rel=0.25)


def test_shrunk_scores_are_closer_to_the_truth_than_raw_ones() -> None:
    generator = random.Random(2)
    rates = [generator.betavariate(2, 6) for _ in range(300)]
    scores = [[float(generator.random() < rate) for _ in range(5)] for rate in rates]
    prior = fit_prior(scores)
    raw = sum((sum(row) / 5 - rate) ** 2 for row, rate in zip(scores, rates, strict=True))
    shrunk = sum((prior.mean(sum(row), 5) - rate) ** 2 for row, rate in zip(scores, rates, strict=True))
    assert shrunk < 0.6 * raw


def test_instructions_that_are_alike_are_shrunk_almost_wholly() -> None:
    prior = fit_prior([[1.0, 0.0] * 10] * 400)
    assert prior.right + prior.wrong == pytest.approx(1 / LEAST_OVERDISPERSION - 1)


def test_one_example_each_says_nothing_about_the_spread() -> None:
    assert fit_prior([[1.0]] * 3 + [[0.0]] * 3).right == pytest.approx(1.5)


def test_a_pool_without_any_right_answer_is_no_division_by_zero() -> None:
    prior = fit_prior([[0.0] * 20] * 40)
    assert 0 < prior.mean(0.0, 20) < 0.01


@pytest.mark.parametrize(("right", "wrong"), [(1.5, 2.5), (0.4, 9.6), (8.0, 32.0)])
@pytest.mark.parametrize(("total", "count"), [(7.0, 10), (0.0, 3), (85.5, 90)])
def test_mean_and_interval_are_those_of_the_mixture_by_integration(
    right: float, wrong: float, total: float, count: int
) -> None:
    def density(rate: float) -> float:
        before = (1 - FLAT_SHARE) * beta(right, wrong).pdf(rate) + FLAT_SHARE
        return float(before * rate**total * (1 - rate) ** (count - total))

    prior = AccuracyPrior(right, wrong)
    low, high = prior.interval(total, count)
    places = sorted({low, high, total / count})
    whole, below, above, first_moment = (
        quad(curve, start, end, points=places, epsabs=0, epsrel=1e-9, limit=500)[0]
        for curve, start, end in (
            (density, 0, 1), (density, 0, low), (density, high, 1), (lambda rate: rate * density(rate), 0, 1),
        )
    )  # fmt: skip
    assert (below / whole, above / whole) == pytest.approx((0.025, 0.025), rel=1e-4)
    assert prior.mean(total, count) == pytest.approx(first_moment / whole, rel=1e-5)


def test_a_good_instruction_in_a_pool_of_bad_ones_is_not_pulled_down_to_them() -> None:
    pool = draws(2.0, 30.0, 200, 10)
    good = [1.0] * 81 + [0.0] * 8
    prior = fit_prior([*pool, good])
    assert prior.mean(81.0, 89) > 0.88
    low, high = prior.interval(81.0, 89)
    assert low < 0.92 < high < 0.98
