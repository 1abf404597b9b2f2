from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from duet.strategies.acquisition import Acquisition, acquisition_value, choose, condition

MEAN = torch.tensor([0.5, 0.2, 0.9, 0.5, -0.3], dtype=torch.float64)
STD = torch.tensor([0.1, 0.4, 0.05, 0.3, 1.0], dtype=torch.float64)


def value(kind: Acquisition, beta: float = 1.0, best: float = 0.6, seed: int = 0) -> torch.Tensor:
    return acquisition_value(kind, MEAN, STD, best, beta, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_expected_improvement_is_the_integral_of_the_improvement(beta: float) -> None:
    def integral(mean: float, std: float) -> float:
        density = stats.norm(mean, beta * std).pdf
        low, high = 0.6, max(0.6, mean) + 12 * beta * std
        return float(integrate.quad(lambda r: (r - 0.6) * density(r), low, high, points=[max(low, mean)])[0])

    expected = [integral(m, s) for m, s in zip(MEAN.tolist(), STD.tolist(), strict=True)]
    np.testing.assert_allclose(value("expected_improvement", beta).numpy(), expected, rtol=1e-6, atol=1e-9)


def test_the_upper_confidence_bound_is_a_quantile() -> None:
    expected = stats.norm(MEAN.numpy(), STD.numpy()).ppf(stats.norm.cdf(0.7))
    np.testing.assert_allclose(value("upper_confidence_bound", beta=0.7).numpy(), expected, rtol=1e-9)


def test_without_uncertainty_the_improvement_is_certain() -> None:
    mean = torch.tensor([0.2, 0.6, 0.75])
    gain = acquisition_value("expected_improvement", mean, torch.zeros(3), 0.5, 1.0, torch.Generator())
    torch.testing.assert_close(gain, torch.tensor([0.0, 0.1, 0.25]))


def test_greedy_is_the_mean() -> None:
    assert torch.equal(value("greedy", beta=9.0), MEAN)


def test_thompson_draws_have_the_normals_moments_and_follow_the_seed() -> None:
    n = 20_000
    mean, std = torch.full((n,), 0.3), torch.full((n,), 0.4)
    draws = acquisition_value("thompson", mean, std, 0.0, 0.5, torch.Generator().manual_seed(0))
    assert stats.kstest(draws.numpy(), stats.norm(0.3, 0.2).cdf).pvalue > 0.01
    assert torch.equal(value("thompson"), value("thompson"))
    assert not torch.equal(value("thompson"), value("thompson", seed=1))


@pytest.mark.parametrize("kind", get_args(Acquisition))
def test_without_exploration_all_agree_on_a_clear_winner(kind: Acquisition) -> None:
    assert value(kind, beta=0.0, best=0.0).argmax().item() == 2


@pytest.mark.parametrize("kind", get_args(Acquisition))
def test_a_hopeless_or_tiny_scale_stays_finite(kind: Acquisition) -> None:
    mean, std = torch.tensor([-1e6, 0.0, 1e6]), torch.tensor([1e-30, 0.0, 1e-3])
    values = acquisition_value(kind, mean, std, 0.0, 1.0, torch.Generator())
    assert all(math.isfinite(each) for each in values.tolist())


def _process() -> tuple[torch.Tensor, torch.Tensor]:
    """Mean (n,) and covariance (n, n) of seven candidates, float64."""
    generator = torch.Generator().manual_seed(4)
    factor = torch.randn(7, 4, generator=generator, dtype=torch.float64)
    return torch.randn(7, generator=generator, dtype=torch.float64), factor @ factor.T + 0.1 * torch.eye(7)


def _choose(kind: Acquisition, count: int, beta: float = 1.0, noise: float = 0.2, seed: int = 0) -> list[int]:
    return choose(kind, *_process(), count, 0.6, beta, noise, torch.Generator().manual_seed(seed))


def test_conditioning_on_several_in_turn_is_conditioning_on_them_together() -> None:
    _, covariance = _process()
    in_turn = condition(condition(covariance, 2, 0.2), 5, 0.3)
    known = covariance[[2, 5]].numpy()
    noisy = known[:, [2, 5]] + np.diag([0.2, 0.3])
    np.testing.assert_allclose(in_turn.numpy(), covariance.numpy() - known.T @ np.linalg.solve(noisy, known), rtol=1e-9)


def test_a_known_candidate_tells_nothing_more() -> None:
    _, covariance = _process()
    known = condition(covariance, 3, 0.0)
    torch.testing.assert_close(condition(known, 3, 0.0), known)


def test_each_choice_takes_the_bound_given_the_former_choices() -> None:
    mean, covariance = _process()
    expected: list[int] = []
    for _ in range(3):
        bounds = (mean + 0.7 * covariance.diagonal().sqrt()).tolist()
        expected.append(max((i for i in range(7) if i not in expected), key=bounds.__getitem__))
        covariance = condition(covariance, expected[-1], 0.2)
    assert _choose("upper_confidence_bound", 3, beta=0.7) == expected


def test_twins_are_not_both_chosen_while_another_is_uncertain() -> None:
    mean = torch.tensor([0.5, 0.5, 0.3])
    twins = torch.tensor([[0.04, 0.04, 0.0], [0.04, 0.04, 0.0], [0.0, 0.0, 0.04]])
    assert choose("upper_confidence_bound", mean, twins, 2, 0.5, 2.0, 0.0, torch.Generator()) == [0, 2]
    assert choose("greedy", mean, twins, 2, 0.5, 2.0, 0.0, torch.Generator()) == [0, 1]


@pytest.mark.parametrize("kind", get_args(Acquisition))
@pytest.mark.parametrize("count", [0, 1, 7, 20])
def test_choices_are_distinct_and_as_many_as_there_are(kind: Acquisition, count: int) -> None:
    chosen = _choose(kind, count)
    assert len(chosen) == min(count, 7)
    assert len(set(chosen)) == len(chosen)


def test_joint_draws_choose_as_often_as_a_candidate_is_the_best() -> None:
    mean, covariance = _process()
    normal = np.random.default_rng(0).multivariate_normal(mean.numpy(), covariance.numpy(), size=20_000)
    expected = np.bincount(normal.argmax(1), minlength=7) / 20_000
    generator = torch.Generator().manual_seed(0)
    draws = [choose("thompson", mean, covariance, 1, 0.0, 1.0, 0.0, generator)[0] for _ in range(4_000)]
    np.testing.assert_allclose(np.bincount(draws, minlength=7) / 4_000, expected, atol=0.03)


def test_a_joint_draw_takes_twins_for_one() -> None:
    mean, same = torch.zeros(2), torch.ones(2, 2)
    assert choose("thompson", mean, same, 2, 0.0, 1.0, 0.0, torch.Generator().manual_seed(0)) in ([0, 1], [1, 0])
