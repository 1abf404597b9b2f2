"""The data of a fit: the whole pool, standardised, as a batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from lightning import LightningDataModule
from torch import Tensor

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


def pool_batch(pool: Pool, standardise_rewards: bool = True) -> dict[str, Tensor]:
    """A pool of n scored instructions as tensors.

    Args:
        pool: at least one scored instruction; features are set.
        standardise_rewards: False keeps the rewards raw.

    Returns:
        ``features`` (n, d): standardised over the rows; ``feature_mean`` and ``feature_scale`` (d,).
        ``rewards`` (n,): raw, in [0, 1]; ``rewards_standardised`` (n,); ``reward_mean`` and ``reward_scale`` ().
        ``initial`` (n,): bool, the rows of the initialisation.
        ``best_index`` (): the row of ``pool.best()``.
        ``iteration`` (): the iteration that comes next.
    """
    features, rewards = pool.features(), pool.rewards()
    feature_mean, feature_scale = standardisation(features)
    reward_mean, reward_scale = standardisation(rewards) if standardise_rewards else UNCHANGED
    best = pool.best()
    return {
        "features": (features - feature_mean) / feature_scale,  # 3.2: z, standardised over the pool
        "feature_mean": feature_mean,
        "feature_scale": feature_scale,
        "rewards": rewards,
        "rewards_standardised": (rewards - reward_mean) / reward_scale,
        "reward_mean": reward_mean,
        "reward_scale": reward_scale,
        "initial": torch.tensor([row.iteration == 0 for row in pool]),
        "best_index": torch.tensor(next(index for index, row in enumerate(pool) if row is best)),
        "iteration": torch.tensor(pool.iteration),
    }


class InstructionPool(LightningDataModule):
    """The growing pool of scored instructions; the search puts a longer one in its place after each iteration.

    Args:
        standardise_rewards: fit the rewards standardised over the pool; False fits them raw, as INSTINCT does.
    """

    def __init__(self, standardise_rewards: bool = True) -> None:
        super().__init__()
        self.standardise_rewards = standardise_rewards
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
        pool = self.source.pool
        yield pool_batch(pool, self.source.standardise_rewards) if pool.has_features else {}
