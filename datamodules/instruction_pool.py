"""The data of a fit: the whole pool, standardised, as a batch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from lightning import LightningDataModule
from torch import Tensor

from datamodules.sampling_noise import sampling_noise
from duet.pool import Pool

RELATIVE_SPREAD = 1e-6  # of the mean: below it a spread is float32's rounding
ABSOLUTE_SPREAD = 1e-8
UNCHANGED = torch.tensor(0.0), torch.tensor(1.0)  # mean and scale of raw rewards


def standardisation(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (ddof 0) over the rows; the latter is 1 where it is 0 or mere rounding.

    Args:
        values: (n, ...).

    Returns:
        Mean and scale, (...) each, in the dtype of ``values``.

    >>> standardisation(torch.tensor([[1.0, 5.0], [3.0, 5.0]]))
    (tensor([2., 5.]), tensor([1., 1.]))
    """
    exact = values.double()
    mean, spread = exact.mean(0), exact.std(0, correction=0)
    constant = spread <= RELATIVE_SPREAD * mean.abs() + ABSOLUTE_SPREAD
    return mean.to(values), torch.where(constant, 1.0, spread).to(values)


def reward_scales(rewards: Tensor, least: float) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (ddof 0) of the rewards; the latter has a floor.

    Where nearly all of a pool has 0, its own spread says nothing of how good a new instruction can be.

    Args:
        rewards: (n,), in [0, 1].
        least: how far the accuracies of new instructions may lie apart at least.

    Returns:
        () and (), in the dtype of ``rewards``.

    >>> reward_scales(torch.zeros(40), 0.25), reward_scales(torch.tensor([0.0, 1.0]), 0.25)
    ((tensor(0.), tensor(0.2500)), (tensor(0.5000), tensor(0.5000)))
    """
    exact = rewards.double()
    return exact.mean().to(rewards), exact.std(correction=0).clamp_min(least).to(rewards)


def shrunk_scale(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean, and a scale that lies between each feature's own spread and that of all.

    The spread of a feature that few of the rows have is itself uncertain, and dividing by it alone would make that
    feature the largest; so its variance is the mean of its own and of all features'.

    Args:
        features: (n, d).

    Returns:
        Mean and scale, (d,) each.

    >>> shrunk_scale(torch.tensor([[1.0, 5.0], [3.0, 5.0]]))[1]
    tensor([0.8660, 0.5000])
    """
    mean, own = standardisation(features)
    variance = torch.where((features == features[0]).all(0), 0.0, own.square())
    scale = ((variance + variance.mean()) / 2).sqrt()
    return mean, torch.where(scale > 0, scale, 1.0)


def informative_rows(counts: Sequence[int], best: int, most: int) -> list[int]:
    """The rows that a fit sees: those with the most examples, of equals the newest, and the best one; in order.

    Args:
        counts: examples of each row.
        best: the row that must be among them.
        most: how many.

    >>> informative_rows([5, 1, 1, 20], best=1, most=3)
    [0, 1, 3]
    """
    order = sorted(range(len(counts)), key=lambda row: (row == best, counts[row], row), reverse=True)
    return sorted(order[:most])


def pool_batch(pool: Pool, standardise_rewards: bool = True, most_rows: int = 1000) -> dict[str, Tensor]:
    """A pool of scored instructions as tensors, n of them at most ``most_rows``.

    Args:
        pool: at least one scored instruction; features are set.
        standardise_rewards: False keeps the rewards raw.
        most_rows: a longer pool is left to its `informative_rows`.

    Returns:
        ``features`` (n, d): standardised over the rows; ``feature_mean`` and ``feature_scale`` (d,).
        ``rewards`` (n,): raw, in [0, 1]; ``rewards_standardised`` (n,); ``reward_mean`` and ``reward_scale`` ().
        ``noise`` (n,): variance that each standardised reward has because it was scored on few examples.
        ``weight`` (n,): of each row in the regression loss, mean 1.
        ``prior`` (n, p): what was known of each instruction before it was scored.
        ``initial`` (n,): bool, the rows of the initialisation.
        ``best_index`` (): the row of ``pool.best()``.
        ``iteration`` (): the iteration that comes next.
    """
    best = pool.best()
    best_row = next(index for index, row in enumerate(pool) if row is best)
    counts = [len(row.scores) for row in pool]
    rows = informative_rows(counts, best_row, most_rows)
    features, rewards = pool.features()[rows], pool.rewards()[rows]
    feature_mean, feature_scale = shrunk_scale(features)
    reward_mean, reward_scale = UNCHANGED
    if standardise_rewards:
        reward_mean, reward_scale = reward_scales(rewards, math.sqrt(pool.prior.variance))
    noise, spread = (value / reward_scale**2 for value in sampling_noise(rewards, torch.tensor(counts)[rows]))
    weight = 1 / (spread + noise)
    return {
        "features": (features - feature_mean) / feature_scale,  # 3.2: z, standardised over the pool
        "feature_mean": feature_mean,
        "feature_scale": feature_scale,
        "rewards": rewards,
        "rewards_standardised": (rewards - reward_mean) / reward_scale,
        "reward_mean": reward_mean,
        "reward_scale": reward_scale,
        "noise": noise,
        "weight": weight / weight.mean(),
        "prior": pool.prior_knowledge()[rows],
        "initial": torch.tensor([pool.observations[row].iteration == 0 for row in rows]),
        "best_index": torch.tensor(rows.index(best_row)),
        "iteration": torch.tensor(pool.iteration),
    }


class InstructionPool(LightningDataModule):
    """The growing pool of scored instructions; the search puts a longer one in its place after each iteration.

    Args:
        standardise_rewards: fit the rewards standardised over the pool; False fits them raw, as INSTINCT does.
        most_rows: most scored instructions that a fit sees: those with the most examples, of equals the newest.
    """

    def __init__(self, standardise_rewards: bool = True, most_rows: int = 1000) -> None:
        super().__init__()
        if most_rows < 1:
            raise ValueError(f"Expected most_rows of at least 1 but got {most_rows}")
        self.standardise_rewards, self.most_rows = standardise_rewards, most_rows
        self.pool = Pool()

    def train_dataloader(self) -> WholePool:
        """The pool as it is when an epoch begins, in one batch."""
        return WholePool(self)

    def state_dict(self) -> dict[str, Any]:
        """The pool."""
        return self.pool.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the pool back, bit for bit."""
        self.pool = Pool.from_state_dict(state_dict)


class WholePool:
    """Reads the pool when an epoch begins, not when Lightning builds the loader: it has grown since.

    Args:
        source: holds the pool.
    """

    def __init__(self, source: InstructionPool) -> None:
        self.source = source

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        source, pool = self.source, self.source.pool
        if not pool.has_features:
            yield {}
            return
        yield pool_batch(pool, source.standardise_rewards, source.most_rows)
