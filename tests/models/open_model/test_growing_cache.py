from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers
from transformers.cache_utils import DynamicLayer

from duet.models.open_model.growing_cache import ROOM, GrowingLayer, growing_cache


def _states(count: int, seed: int, rows: int = 3) -> torch.Tensor:
    return torch.randn(rows, 2, count, 4, generator=torch.Generator().manual_seed(seed))


def _layers() -> list[Any]:
    kinds: list[Any] = [GrowingLayer, DynamicLayer]
    return [kind() for kind in kinds]


def test_it_holds_what_the_library_s_own_holds() -> None:
    ours, theirs = _layers()
    for step, count in enumerate([5, 1, 1, 3, ROOM, 1, 1]):
        keys, values = _states(count, step), _states(count, step + 100)
        for left, right in zip(ours.update(keys, values), theirs.update(keys, values), strict=True):
            assert torch.equal(left, right)
    assert ours.get_seq_length() == theirs.get_seq_length() == 12 + ROOM


@pytest.mark.parametrize("rows", [[2, 0, 0, 1], [0, 2], [1, 2], [0, 1, 2], [2], []])
def test_rows_can_be_taken_out_and_repeated_in_between(rows: list[int]) -> None:
    ours, theirs = _layers()
    for layer in (ours, theirs):
        layer.update(_states(4, 0), _states(4, 1))
        layer.update(_states(1, 2), _states(1, 3))
        layer.batch_select_indices(torch.tensor(rows, dtype=torch.int64))
        layer.update(_states(1, 4, rows=len(rows)), _states(1, 5, rows=len(rows)))
    assert torch.equal(ours.keys, theirs.keys)
    assert torch.equal(ours.values, theirs.values)


def test_rows_that_keep_their_place_are_not_touched() -> None:
    layer, _ = _layers()
    layer.update(_states(4, 0), _states(4, 1))
    layer.update(_states(1, 2), _states(1, 3))
    place, expected = layer.keys.data_ptr(), layer.keys[[0, 2]].clone()
    layer.batch_select_indices(torch.tensor([0, 2]))
    assert layer.keys.data_ptr() == place
    assert torch.equal(layer.keys, expected)


def test_what_came_from_the_model_is_never_written_over() -> None:
    layer, _ = _layers()
    keys, values = _states(4, 0), _states(4, 1)
    before = keys.clone(), values.clone()
    layer.update(keys, values)
    layer.batch_select_indices(torch.tensor([2, 0]))
    layer.update(_states(1, 2, rows=2), _states(1, 3, rows=2))
    layer.batch_select_indices(torch.tensor([1]))
    assert torch.equal(keys, before[0])
    assert torch.equal(values, before[1])


def test_a_new_token_moves_no_other() -> None:
    layer, _ = _layers()
    layer.update(_states(4, 0), _states(4, 1))
    layer.update(_states(1, 2), _states(1, 3))
    place = layer.keys.data_ptr()
    for step in range(ROOM - 1):
        layer.update(_states(1, step), _states(1, step))
    assert layer.keys.data_ptr() == place


def test_every_layer_of_a_model_grows() -> None:
    cache = growing_cache(transformers.LlamaConfig(num_hidden_layers=3))
    assert cache is not None
    assert [type(layer) for layer in cache.layers] == [GrowingLayer] * 3
