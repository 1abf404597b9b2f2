"""Parts of a batch: which rows a network is fitted on, and which it is held to."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

Batch = dict[str, Tensor]
PER_ROW = ("features", "rewards", "rewards_standardised", "noise", "weight", "prior", "initial")


def rows_of(batch: Batch, rows: Tensor) -> Batch:
    """Some rows of a batch; the best of them is the batch's best one, or else the one with the highest reward.

    Args:
        batch: as in `ScorePredictor`.
        rows: (k,), indices.
    """
    part = batch | {name: batch[name][rows] for name in PER_ROW}
    place = (rows == batch["best_index"]).nonzero().flatten()
    return part | {"best_index": place[0] if len(place) else part["rewards"].argmax()}


def surest_rows(batch: Batch, most: int) -> Tensor:
    """(k,), indices in order: the rows of highest weight, and the best one; all if there are no more than ``most``."""
    count = len(batch["weight"])
    if count <= most:
        return torch.arange(count, device=batch["weight"].device)
    value = batch["weight"].clone()
    value[batch["best_index"]] = torch.inf
    return value.argsort(descending=True, stable=True)[:most].sort().values


def folds(rows: Tensor, count: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Every ``count``-th row held out in turn: the other rows, and those.

    >>> [held_out.tolist() for _, held_out in folds(torch.arange(5), 2)]
    [[0, 2, 4], [1, 3]]
    """
    for number in range(count):
        held_out = torch.arange(len(rows), device=rows.device) % count == number
        yield rows[~held_out], rows[held_out]
