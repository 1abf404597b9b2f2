"""Values candidates for scoring: exploitation of the predicted reward, exploration of the uncertain."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

Acquisition = Literal["upper_confidence_bound", "greedy", "thompson", "expected_improvement"]

NEGLIGIBLE = 1e-12  # variance below which a candidate is known


def acquisition_value(
    kind: Acquisition, mean: Tensor, std: Tensor, best: float, beta: float, generator: torch.Generator
) -> Tensor:
    """The value of each candidate by itself; the largest is scored next.

    Args:
        kind: ``upper_confidence_bound`` is mean + beta * std (INSTINCT, NeuralUCB), ``greedy`` the mean,
            ``thompson`` a draw from N(mean, (beta * std)^2), ``expected_improvement`` over ``best``.
        mean: (n,), predicted reward.
        std: (n,), its standard deviation.
        best: highest reward so far.
        beta: weight of exploration.
        generator: randomness of ``thompson``.

    Returns:
        (n,)

    >>> mean, std = torch.tensor([0.5, 0.4]), torch.tensor([0.0, 0.4])
    >>> acquisition_value("upper_confidence_bound", mean, std, 0.5, 0.5, torch.Generator()).argmax().item()
    1
    """
    if kind == "greedy":
        return mean
    if kind == "upper_confidence_bound":
        return mean + beta * std
    if kind == "thompson":
        return mean + beta * std * torch.randn(mean.shape, generator=generator)
    return _expected_improvement(mean, beta * std, best)


def choose(
    kind: Acquisition,
    mean: Tensor,
    covariance: Tensor,
    count: int,
    best: float,
    beta: float,
    noise: float,
    generator: torch.Generator,
) -> list[int]:
    """Candidates to score together, the most wanted first: what one of them will tell is not paid for twice.

    After each choice the covariance is that given a score of the chosen one, whatever it will be; the mean stays (batch
    upper confidence bounds, Desautels et al. 2014, JMLR 15, section 3.2). ``thompson`` takes the highest of a joint
    draw over all candidates, a fresh draw for each (Kandasamy et al. 2018). ``greedy`` is the order of the means.

    Args:
        kind: as in `acquisition_value`.
        mean: (n,), predicted reward.
        covariance: (n, n), of the rewards.
        count: how many; all n if there are no more.
        best: highest reward so far.
        beta: weight of exploration.
        noise: variance that a score will have around its instruction's accuracy; 0 takes it for exact.
        generator: randomness of ``thompson``.

    Returns:
        Distinct indices.

    >>> mean, alike = torch.tensor([0.5, 0.49, 0.4]), torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> choose("upper_confidence_bound", mean, alike, 2, 0.5, 1.0, 0.0, torch.Generator())
    [0, 2]
    """
    if kind == "thompson":
        return _joint_draws(mean, beta**2 * covariance, count, generator)
    chosen: list[int] = []
    for _ in range(min(count, len(mean))):
        std = covariance.diagonal().clamp_min(0.0).sqrt()
        value = acquisition_value(kind, mean, std, best, beta, generator).clone()
        value[chosen] = -torch.inf
        chosen.append(int(value.argmax()))
        covariance = condition(covariance, chosen[-1], noise)
    return chosen


def condition(covariance: Tensor, index: int, noise: float) -> Tensor:
    """The covariance once a candidate has a score of some noise variance: a rank-one update.

    Args:
        covariance: (n, n).
        index: which candidate.
        noise: variance of the score.

    Returns:
        (n, n); the same if the candidate was known already.

    >>> condition(torch.tensor([[1.0, 0.5], [0.5, 1.0]]), 0, 0.0).tolist()
    [[0.0, 0.0], [0.0, 0.75]]
    """
    variance = float(covariance[index, index]) + noise
    if variance <= NEGLIGIBLE:
        return covariance
    column = covariance[:, index]
    return covariance - column[:, None] * column / variance


def _joint_draws(mean: Tensor, covariance: Tensor, count: int, generator: torch.Generator) -> list[int]:
    """The highest of as many draws from N(mean, covariance), each without those that were chosen before."""
    values, vectors = torch.linalg.eigh(covariance.double())  # a factor even where candidates are the same
    factor = vectors * values.clamp_min(0.0).sqrt()
    chosen: list[int] = []
    for _ in range(min(count, len(mean))):
        draw = mean + factor @ torch.randn(len(mean), generator=generator, dtype=torch.float64)
        draw[chosen] = -torch.inf
        chosen.append(int(draw.argmax()))
    return chosen


def _expected_improvement(mean: Tensor, std: Tensor, best: float) -> Tensor:
    """E[max(0, r - best)] of r ~ N(mean, std^2) (Jones et al. 1998, Eq. 15); max(0, mean - best) at 0."""
    gain = mean - best
    safe = std.clamp_min(1e-12)
    z = gain / safe
    density = torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    return torch.where(std > 1e-12, gain * torch.special.ndtr(z) + safe * density, gain.clamp_min(0.0))
