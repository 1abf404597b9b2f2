"""The noise of scores against simulation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from datamodules.sampling_noise import sampling_noise


def _simulated(rows: int, counts: list[int], alpha: float, beta: float) -> tuple[Tensor, Tensor, Tensor]:
    """Accuracies from a Beta distribution, scores on numbers of examples that recur, and these numbers."""
    accuracy = torch.from_numpy(np.random.default_rng(0).beta(alpha, beta, rows)).float()
    examples = torch.tensor(counts).repeat(rows)[:rows]
    right = torch.from_numpy(np.random.default_rng(1).binomial(examples.numpy(), accuracy.numpy()))
    return accuracy, right / examples, examples


@pytest.mark.parametrize("counts", [[5], [20], [1, 5, 60]])
def test_the_variance_between_instructions_is_that_of_the_beta_they_came_from(counts: list[int]) -> None:
    _, rewards, examples = _simulated(20_000, counts, 1.0, 3.0)
    _, between = sampling_noise(rewards, examples)
    assert between.item() == pytest.approx(3 / 80, rel=0.1)  # alpha beta / ((alpha + beta)^2 (alpha + beta + 1))


@pytest.mark.parametrize("counts", [[5], [1, 5, 60]])
def test_the_noise_is_how_far_scores_lie_from_accuracies(counts: list[int]) -> None:
    accuracy, rewards, examples = _simulated(20_000, counts, 1.0, 3.0)
    noise, _ = sampling_noise(rewards, examples)
    for count in counts:
        same = examples == count
        error = (rewards - accuracy)[same].square().mean()
        assert noise[same].mean().item() == pytest.approx(error.item(), rel=0.1)


def test_all_right_is_no_certainty() -> None:
    noise, _ = sampling_noise(torch.tensor([1.0, 0.4]), torch.tensor([5, 5]))
    assert noise.min() > 0.001


@pytest.mark.parametrize("rewards", [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.37, 0.37], [0.5]])
@pytest.mark.parametrize("count", [1, 3, 1000])
def test_any_scores_have_a_finite_noise_above_zero(rewards: list[float], count: int) -> None:
    noise, between = sampling_noise(torch.tensor(rewards), torch.full((len(rewards),), count))
    assert noise.isfinite().all()
    assert noise.min() > 0
    assert between > 0
