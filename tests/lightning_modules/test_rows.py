"""Parts of a batch."""

from __future__ import annotations

import torch

from lightning_modules.rows import Batch, folds, rows_of, surest_rows


def _batch(weight: list[float], best: int) -> Batch:
    numbers = torch.arange(float(len(weight)))
    names = ("rewards", "rewards_standardised", "noise", "initial")
    return dict.fromkeys(names, numbers) | {
        "features": numbers[:, None], "prior": numbers[:, None], "weight": torch.tensor(weight),
        "best_index": torch.tensor(best), "iteration": torch.tensor(4),
    }  # fmt: skip


def test_a_part_keeps_its_rows_and_the_best_of_them() -> None:
    part = rows_of(_batch([1.0] * 4, best=2), torch.tensor([1, 2]))
    assert (part["features"].tolist(), part["best_index"].item(), part["iteration"].item()) == ([[1], [2]], 1, 4)


def test_a_part_without_the_best_row_has_its_own() -> None:
    assert rows_of(_batch([1.0] * 4, best=3), torch.tensor([0, 2, 1]))["best_index"].item() == 1


def test_the_surest_rows_come_in_order_and_the_best_is_among_them() -> None:
    assert surest_rows(_batch([1.0, 3.0, 0.1, 2.0], best=2), 3).tolist() == [1, 2, 3]
    assert surest_rows(_batch([1.0, 3.0, 0.1, 2.0], best=2), 4).tolist() == [0, 1, 2, 3]


def test_folds_hold_every_row_out_once() -> None:
    parts = list(folds(torch.arange(10, 17), 3))
    assert sorted(row for _, held_out in parts for row in held_out.tolist()) == list(range(10, 17))
    assert all(not set(fitted.tolist()) & set(held_out.tolist()) for fitted, held_out in parts)
