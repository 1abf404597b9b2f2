from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from duet.strategies.acquisition import Acquisition, acquisition_value

MEAN = torch.tensor([0.5, 0.2, 0.9, 0.5, -0.3], dtype=torch.float64)
DEVIATION = torch.tensor([0.1, 0.4, 0.05, 0.3, 1.0], dtype=torch.float64)


def value(kind: Acquisition, beta: float = 1.0, best: float = 0.6, seed: int = 0) -> torch.Tensor:
    return acquisition_value(kind, MEAN, DEVIATION, best, beta, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_expected_improvement_is_the_integral_of_the_improvement(beta: float) -> None:
    def integral(mean: float, deviation: float) -> float:
        density = stats.norm(mean, beta * deviation).pdf
        low, high = 0.6, max(0.6, mean) + 12 * beta * deviation
        return float(integrate.quad(lambda r: (r - 0.6) * density(r), low, high, points=[max(low, mean)])[0])

    expected = [integral(m, s) for m, s in zip(MEAN.tolist(), DEVIATION.tolist(), strict=True)]
    np.testing.assert_allclose(value("expected_improvement", beta).numpy(), expected, rtol=1e-6, atol=1e-9)


def test_the_upper_confidence_bound_is_a_quantile() -> None:
    expected = stats.norm(MEAN.numpy(), DEVIATION.numpy()).ppf(stats.norm.cdf(0.7))
    np.testing.assert_allclose(value("upper_confidence_bound", beta=0.7).numpy(), expected, rtol=1e-9)


def test_without_deviation_the_improvement_is_certain() -> None:
    mean = torch.tensor([0.2, 0.6, 0.75])
    gain = acquisition_value("expected_improvement", mean, torch.zeros(3), 0.5, 1.0, torch.Generator())
    torch.testing.assert_close(gain, torch.tensor([0.0, 0.1, 0.25]))


def test_greedy_is_the_mean() -> None:
    assert torch.equal(value("greedy", beta=9.0), MEAN)


def test_thompson_draws_have_the_normals_moments_and_follow_the_seed() -> None:
    n = 20_000
    mean, deviation = torch.full((n,), 0.3), torch.full((n,), 0.4)
    draws = acquisition_value("thompson", mean, deviation, 0.0, 0.5, torch.Generator().manual_seed(0))
    assert stats.kstest(draws.numpy(), stats.norm(0.3, 0.2).cdf).pvalue > 0.01
    assert torch.equal(value("thompson"), value("thompson"))
    assert not torch.equal(value("thompson"), value("thompson", seed=1))


@pytest.mark.parametrize("kind", get_args(Acquisition))
def test_without_exploration_all_agree_on_a_clear_winner(kind: Acquisition) -> None:
    assert value(kind, beta=0.0, best=0.0).argmax().item() == 2


@pytest.mark.parametrize("kind", get_args(Acquisition))
def test_a_hopeless_or_tiny_scale_stays_finite(kind: Acquisition) -> None:
    mean, deviation = torch.tensor([-1e6, 0.0, 1e6]), torch.tensor([1e-30, 0.0, 1e-3])
    values = acquisition_value(kind, mean, deviation, 0.0, 1.0, torch.Generator())
    assert all(math.isfinite(one) for one in values.tolist())
