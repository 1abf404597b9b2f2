from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from duet.models.open_model.batching import TokenLimit
from duet.models.open_model.causal_lm import CausalLM, load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions
from duet.models.open_model.hidden_states import PrefixCache
from duet.models.open_model.prefill import SharedPrefixCache, prefill, right_padded

ROWS = [(1, 5, 9, 12, 7), (1, 7), (), (4,), (1, 5, 9, 3, 3, 3, 8)]
LENGTHS = [5, 2, 0, 1, 7]


@pytest.fixture
def lm(tiny: str) -> CausalLM:
    return load_causal_lm(LoadOptions(tiny))


def _parts(rows: Sequence[Sequence[int]]) -> list[torch.Tensor]:
    return [torch.tensor(row, dtype=torch.int64) for row in rows]


def _assert_as_alone(lm: CausalLM, known: PrefixCache, layers: int = 4) -> None:
    """Keys and values are those of each row alone, at its end, and zero before."""
    assert known.mask is not None
    assert known.mask.tolist() == [[0] * (7 - length) + [1] * length for length in LENGTHS]
    cache: Any = known.cache
    for number, row in enumerate(ROWS):
        alone = lm.model(torch.tensor([row]), use_cache=True).past_key_values if row else None
        for depth, layer in enumerate(cache.layers[:layers]):
            for name in ("keys", "values"):
                found = getattr(layer, name)[number]  # (heads, p, width)
                assert not found[:, : 7 - len(row)].any()
                if alone is not None:
                    expected = getattr(alone.layers[depth], name)[0]
                    torch.testing.assert_close(found[:, 7 - len(row) :], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("tokens", [1, 8, 9999])
def test_what_is_known_of_each_row_is_what_it_gives_alone(lm: CausalLM, tokens: int) -> None:
    _assert_as_alone(lm, prefill(lm, _parts(ROWS), TokenLimit(tokens)))


@pytest.mark.parametrize("tokens", [1, 8, 9999])
def test_rows_may_stand_behind_others(lm: CausalLM, tokens: int) -> None:
    before = prefill(lm, _parts([(1, 5, 9), (1, 7), (4,)]), TokenLimit(tokens))
    behind = SharedPrefixCache(before, owner=[0, 1, 0, 2], lengths=[3, 2, 3, 1])
    known = prefill(lm, _parts([(12, 7), (), (3, 3, 3, 8), ()]), TokenLimit(tokens), behind=behind)
    assert known.mask is not None
    order = [0, 1, 3, 2]  # ROWS without the empty one, which nothing can stand behind
    whole = prefill(lm, _parts([row for row in ROWS if row]), TokenLimit(9999))
    assert known.mask.sum(dim=1).tolist() == [5, 2, 7, 1]
    caches: Any = (known.cache, whole.cache)
    for mine, expected in zip(caches[0].layers, caches[1].layers, strict=True):
        torch.testing.assert_close(mine.keys, expected.keys[order], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(mine.values, expected.values[order], atol=1e-5, rtol=1e-5)


def test_vectors_may_stand_in_the_place_of_tokens(lm: CausalLM) -> None:
    table = lm.model.get_input_embeddings()
    _assert_as_alone(lm, prefill(lm, [table(part) for part in _parts(ROWS)], TokenLimit(9999)))


def test_layers_that_are_not_read_stay_empty(lm: CausalLM) -> None:
    known = prefill(lm, _parts(ROWS), TokenLimit(9999), layer=2)
    _assert_as_alone(lm, known, layers=2)
    assert known.cache is not None
    assert [layer.is_initialized for layer in known.cache.layers] == [True, True, False, False]


def test_reading_on_moves_nothing_where_there_is_room(lm: CausalLM) -> None:
    cache: Any = prefill(lm, _parts(ROWS), TokenLimit(9999), room=3).cache
    place = cache.layers[0].keys.data_ptr()
    more = cache.layers[0].keys[:, :, :1].clone()
    for _ in range(3):
        cache.layers[0].update(more, more)
    assert cache.layers[0].keys.data_ptr() == place


def test_chosen_rows_are_a_copy_as_long_as_the_longest_of_them(lm: CausalLM) -> None:
    known = prefill(lm, _parts(ROWS), TokenLimit(9999))
    chosen = known.chosen([3, 1, 1])
    assert chosen.mask is not None
    assert chosen.mask.tolist() == [[0, 1], [1, 1], [1, 1]]
    caches: Any = (known.cache, chosen.cache)
    assert torch.equal(caches[1].layers[2].keys, caches[0].layers[2].keys[[3, 1, 1], :, -2:])
    caches[1].layers[2].keys.zero_()
    _assert_as_alone(lm, known)
    assert PrefixCache().chosen([0, 0]) == PrefixCache()


def test_padding_stands_on_the_right(lm: CausalLM) -> None:
    batch, mask = right_padded(lm, _parts(ROWS[:2]))
    assert mask.tolist() == [[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]
    assert batch.tolist() == [[1, 5, 9, 12, 7], [1, 7, *[lm.pad_id] * 3]]
