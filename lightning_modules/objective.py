"""Computes the network's loss, L = L_reg + lambda * L_sim (section 3.3), and its steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import Optimizer

from lightning_modules.losses import Similarity, Sizes, Weight, gradient_norms, regression_loss
from lightning_modules.rows import Batch

WINDOW = 10  # steps over which the loss must stand still for the fit to end


class Losses(NamedTuple):
    """The parts of the loss, each ()."""

    regression: Tensor
    similarity: Tensor
    weight: Tensor
    similarity_gradient_share: Tensor

    def total(self) -> Tensor:
        """(), what is minimised."""
        return self.regression + self.weight * self.similarity  # L = L_reg + lambda * L_sim, section 3.3


def representation(network: nn.Sequential, features: Tensor) -> Tensor:
    """phi, the last hidden layer: (n, d) standardised -> (n, width)."""
    for layer in list(network)[:-1]:
        features = layer(features)
    return features


@dataclass(frozen=True)
class Objective:
    """The loss on a pool.

    Args:
        similarity: L_sim.
        similarity_rows: the rows on which it acts.
        weight: lambda, from the losses' sizes, alpha and beta.
        alpha: see `ScorePredictor`.
        beta: see `ScorePredictor`.
    """

    similarity: Similarity
    similarity_rows: Literal["all", "initial"]
    weight: Weight
    alpha: float
    beta: float

    def __call__(self, network: nn.Sequential, batch: Batch) -> Losses:
        """The loss in its parts."""
        phi = representation(network, batch["features"])  # (n, width)
        predicted = network[-1](phi).squeeze(-1)  # (n,)
        regression = regression_loss(predicted, batch["rewards_standardised"], batch["weight"])
        drawn, rewards = phi, batch["rewards"]  # (m, width), (m,), the rows that L_sim draws to the best
        if self.similarity_rows == "initial":
            drawn, rewards = drawn[batch["initial"]], rewards[batch["initial"]]
        similarity = self.similarity(drawn, phi[batch["best_index"]], rewards)
        norms = gradient_norms((regression, similarity), phi)
        sizes = Sizes(regression.detach(), similarity.detach(), *norms, batch["iteration"])
        weight = self.weight(sizes, self.alpha, self.beta)
        return Losses(regression, similarity, weight, sizes.share(weight))


def fit_network(
    network: nn.Sequential,
    objective: Objective,
    batch: Batch,
    optimizers: Iterator[Optimizer | LightningOptimizer],
    steps: int,
    tolerance: float,
) -> list[float]:
    """Full-batch steps until the regression loss stands still.

    Args:
        network: changed in place.
        objective: the loss.
        batch: the rows.
        optimizers: of the network's parameters, the one that takes each step.
        steps: most of them.
        tolerance: share of the rewards' variance within which the loss stands still; 0 takes all steps.

    Returns:
        The parts of the loss, in the order of `Losses`, before the last step.
    """
    band = tolerance * float(batch["rewards_standardised"].var(correction=0))
    recent: deque[float] = deque(maxlen=WINDOW)
    parts: list[float] = []
    for _, optimizer in zip(range(steps), optimizers, strict=False):
        optimizer.zero_grad()
        losses = objective(network, batch)
        losses.total().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        parts = torch.stack([*losses]).tolist()
        recent.append(parts[0])  # lambda follows the gradients, so that the sum need not fall
        if tolerance and settled(recent, band):
            break
    return parts


def settled(recent: deque[float], band: float) -> bool:
    """Returns whether the loss of the last steps, as many as ``recent`` holds at most, lies within a band.

    >>> settled(deque([2.0, 1.0, 1.1], maxlen=3), band=0.5), settled(deque([1.0, 1.1], maxlen=2), band=0.5)
    (False, True)
    """
    return len(recent) == recent.maxlen and max(recent) - min(recent) <= band
