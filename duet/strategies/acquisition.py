"""How much a candidate is worth asking: exploitation of the predicted reward, exploration of the uncertain."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

Acquisition = Literal["upper_confidence_bound", "greedy", "thompson", "expected_improvement"]


def acquisition_value(
    kind: Acquisition, mean: Tensor, deviation: Tensor, best: float, beta: float, generator: torch.Generator
) -> Tensor:
    """The value of each candidate; the largest is asked next.

    Args:
        kind: ``upper_confidence_bound`` is mean + beta * deviation (INSTINCT, NeuralUCB), ``greedy`` the mean,
            ``thompson`` a draw from N(mean, (beta * deviation)^2), ``expected_improvement`` over ``best``.
        mean: (n,), predicted reward.
        deviation: (n,), its standard deviation.
        best: highest reward so far.
        beta: weight of exploration.
        generator: randomness of ``thompson``.

    Returns:
        (n,)

    >>> mean, deviation = torch.tensor([0.5, 0.4]), torch.tensor([0.0, 0.4])
    >>> acquisition_value("upper_confidence_bound", mean, deviation, 0.5, 0.5, torch.Generator()).argmax().item()
    1
    """
    if kind == "greedy":
        return mean
    if kind == "upper_confidence_bound":
        return mean + beta * deviation
    if kind == "thompson":
        return mean + beta * deviation * torch.randn(mean.shape, generator=generator)
    return _expected_improvement(mean, beta * deviation, best)


def _expected_improvement(mean: Tensor, deviation: Tensor, best: float) -> Tensor:
    """E[max(0, r - best)] of r ~ N(mean, deviation^2) (Jones et al. 1998, Eq. 15); max(0, mean - best) at 0."""
    gain = mean - best
    safe = deviation.clamp_min(1e-12)
    z = gain / safe
    density = torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    return torch.where(deviation > 1e-12, gain * torch.special.ndtr(z) + safe * density, gain.clamp_min(0.0))
