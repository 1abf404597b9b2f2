"""Estimates how far a score on few examples can lie from the instruction's accuracy."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST_SHARE, MOST_SHARE = 0.01, 0.9  # of the variance of a single score, that lies between instructions


def sampling_noise(rewards: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Variance of each score around its instruction's accuracy, and the variance of accuracies between instructions.

    Accuracies follow a Beta distribution whose mean and variance are fitted by moments (Kleinman 1973, beta-binomial);
    a row's own variance is the posterior expectation of p (1 - p) / n, so that 5 right of 5 is no certainty. Scores in
    [0, 1] that are not 0 or 1 vary less than this; the factor on the noise is left to the evidence.

    Args:
        rewards: (m,), mean scores in [0, 1].
        counts: (m,), examples behind each.

    Returns:
        (m,) and ().

    >>> noise, between = sampling_noise(torch.tensor([0.0, 1.0, 0.5]), torch.tensor([4, 4, 100]))
    >>> noise.tolist() == sorted(noise.tolist(), reverse=True), bool(between > 0)
    (True, True)
    """
    scores, examples = rewards.double().clamp(0, 1), counts.double()
    right = scores * examples
    mean = (right.sum() + 1) / (examples.sum() + 2)
    single = mean * (1 - mean)  # variance of a single score
    between = single * _share_between(scores, examples, mean, single)
    strength = single / between - 1  # how many examples the Beta distribution is worth
    alpha, beta = strength * mean + right, strength * (1 - mean) + examples - right
    total = alpha + beta
    return (alpha * beta / (total * (total + 1)) / examples).to(rewards), between.to(rewards)


def _share_between(scores: Tensor, examples: Tensor, mean: Tensor, single: Tensor) -> Tensor:
    """Share of a single score's variance that lies between instructions; a third, a flat Beta's, if nothing tells.

    E[sum n (y - mean)^2 / sum n] = between + (single - between) c with c = m / sum n, if all examples count alike.
    """
    repeated = 1 - len(scores) / examples.sum()
    if repeated <= 0:  # a single example each: any distribution of accuracies gives the same scores
        return torch.full_like(single, 1 / 3)
    spread = (examples * (scores - mean).square()).sum() / examples.sum()
    return (((spread / single) - (1 - repeated)) / repeated).clamp(LEAST_SHARE, MOST_SHARE)
