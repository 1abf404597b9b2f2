"""Fits how much each part of a Gaussian process explains: variances of highest marginal likelihood.

y = constant + opinions . coefficients + f + noise with f ~ N(0, SIGNAL K), coefficients ~ N(0, weights), and noise of
known size up to one factor. The marginal likelihood (Rasmussen and Williams 2006, Eq. 2.30) pays for flexibility, so
that what does not help gets a weight of 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

SIGNAL = 2.56  # variance of f, in that of the rewards; not fitted, see `most_likely`
NOISES = (0.25, 0.5, 1.0, 2.0)  # below 1 where instructions share their examples
WEIGHTS = (0.1, 0.3, 1.0, 3.0)
CONSTANT = 1.0  # variance of the constant, on the rewards' standardised scale
JITTER = 1e-6


class Variances(NamedTuple):
    """The parts' variances.

    Args:
        noise: factor on the rows' known noise.
        weights: (p,), of each opinion; 0 leaves it out.
    """

    noise: float
    weights: tuple[float, ...]


def covariance(kernel: Tensor, left: Tensor, right: Tensor, variances: Variances) -> Tensor:
    """Prior covariance of the rewards, without noise.

    Args:
        kernel: (n, m).
        left: (n, p), opinions on the rows.
        right: (m, p), opinions on the columns.
        variances: of the parts.

    Returns:
        (n, m).
    """
    return SIGNAL * kernel + CONSTANT + (left * left.new_tensor(variances.weights)) @ right.T


def log_evidence(covariances: Tensor, targets: Tensor) -> Tensor:
    """Log density of N(0, covariance) at the targets.

    Args:
        covariances: (s, m, m), noise included.
        targets: (m,).

    Returns:
        (s,).

    >>> log_evidence(torch.eye(1)[None], torch.zeros(1)).round(decimals=4)
    tensor([-0.9189])
    """
    factors = torch.linalg.cholesky(covariances)
    whitened = torch.linalg.solve_triangular(factors, targets[:, None].expand(len(factors), -1, 1), upper=False)
    log_determinants = 2 * factors.diagonal(dim1=1, dim2=2).log().sum(1)
    density: Tensor = whitened.square().sum((1, 2)) + log_determinants + len(targets) * math.log(2 * math.pi)
    return -density / 2


def most_likely(kernel: Tensor, opinions: Tensor, targets: Tensor, noise: Tensor, costs: Sequence[float]) -> Variances:
    """The variances of highest evidence on a grid, opinion after opinion.

    The signal's is fixed. Where nearly all of a pool is bad, the likeliest one is next to nothing, and with it the
    uncertainty of what the pool has never seen: a search then stays with wordings of the little that it knows
    (docs/measurements.md).

    Args:
        kernel: (m, m).
        opinions: (m, p).
        targets: (m,), standardised.
        noise: (m,), variance of each target's noise.
        costs: (p,), log-likelihood that an opinion must bring before it is listened to.
    """

    def best(noises: tuple[float, ...], weights: tuple[float, ...]) -> tuple[float, Variances]:
        prior = covariance(kernel, opinions, opinions, Variances(0.0, weights))
        factors = targets.new_tensor(noises)
        evidence = log_evidence(prior + torch.diag_embed(factors[:, None] * noise + JITTER), targets)
        evidence -= 0.5 * factors.log().square()  # a factor of 1 is the likeliest beforehand
        evidence -= sum(cost for cost, weight in zip(costs, weights, strict=True) if weight)
        place = int(evidence.argmax())
        return float(evidence[place]), Variances(noises[place], weights)

    found = best(NOISES, (0.0,) * opinions.shape[1])
    for number in range(opinions.shape[1]):
        for weight in WEIGHTS:
            weights = [*found[1].weights]
            weights[number] = weight
            found = max(found, best((found[1].noise,), tuple(weights)))
    return best(NOISES, found[1].weights)[1]
