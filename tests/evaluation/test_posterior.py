"""The empirical Bayes estimate against draws from a known prior and against scipy."""

from __future__ import annotations

import random

import pytest
from scipy.stats import beta

from duet.evaluation.posterior import LEAST_OVERDISPERSION, BetaPrior, fit_prior


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


def test_the_interval_is_that_of_scipy() -> None:
    low, high = BetaPrior(1.5, 2.5).interval(7.0, 10)
    assert (low, high) == pytest.approx(beta(8.5, 5.5).interval(0.95))
