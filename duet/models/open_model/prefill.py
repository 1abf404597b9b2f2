"""Fills a cache of keys and values with the beginnings of rows, read in batches of similar length.

Their padding is left behind: each row's positions stand together, at the cache's end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from duet.models.open_model.batching import TokenLimit, in_token_batches
from duet.models.open_model.causal_lm import CausalLM
from duet.models.open_model.hidden_states import PrefixCache, hidden_states
from duet.models.open_model.memory import read_at_once
from duet.models.open_model.shared_prefixes import Ids, find_shared_prefixes


@dataclass(frozen=True)
class SharedPrefixCache:
    """The cached common prefixes of rows.

    Args:
        known: the distinct beginnings; none where rows have nothing in common.
        owner: (n,), which one each row has.
        lengths: (n,), its tokens.
    """

    known: PrefixCache
    owner: Sequence[int]
    lengths: Sequence[int]

    def of(self, rows: Sequence[int], room: int) -> PrefixCache:
        """Those of these rows, with room for so many positions more."""
        return self.known.chosen([self.owner[row] for row in rows], room)


def supports_prefix_cache(lm: CausalLM) -> bool:
    """Whether the model keeps keys and values of all positions in every layer, so that rows of a cache can be moved."""
    return empty_cache(lm) is not None


def empty_cache(lm: CausalLM) -> Any | None:
    """A cache of keys and values that can grow; None if the model keeps another kind."""
    return import_module("duet.models.open_model.growing_cache").growing_cache(lm.model.config)


def read_beginnings(
    lm: CausalLM, rows: Sequence[Ids], wholes: Sequence[int], limit: TokenLimit, layer: int | None = None
) -> SharedPrefixCache:
    """Reads what rows share, once, where that saves enough.

    Args:
        lm: the model.
        rows: tokens that may be shared, of each row.
        wholes: (n,), tokens of each row altogether.
        limit: as for `prefill`.
        layer: as for `prefill`.
    """
    others = sum(wholes) - sum(map(len, rows))
    shared = find_shared_prefixes(rows, others) if supports_prefix_cache(lm) else None
    if shared is None:
        return SharedPrefixCache(PrefixCache(), [0] * len(rows), [0] * len(rows))
    longest = max(whole - length for whole, length in zip(wholes, shared.lengths, strict=True))
    prefixes = [torch.tensor(prefix) for prefix in shared.prefixes]
    return SharedPrefixCache(prefill(lm, prefixes, limit, layer=layer, room=longest), shared.owner, shared.lengths)


def prefill(
    lm: CausalLM,
    parts: Sequence[Tensor],
    limit: TokenLimit,
    *,
    layer: int | None = None,
    behind: SharedPrefixCache | None = None,
    room: int = 0,
) -> PrefixCache:
    """Returns what the model knows of rows once it has read them.

    Args:
        lm: a model that keeps all positions.
        parts: of each row, (t_i,) tokens or (t_i, e) vectors in their place; some may be empty.
        limit: most tokens that go through the model at once, padding included; fewer where memory is short.
        layer: the last one that they go through, from 1; all of them by default.
        behind: what was read of the rows already.
        room: for so many positions more in the cache.

    Returns:
        n rows of p positions, the real ones at the end.

    Raises:
        ProviderError: memory ran out with a single row.
    """
    lengths = torch.tensor([len(part) for part in parts])
    if behind is not None:
        lengths += torch.tensor(behind.lengths)
    positions = int(lengths.max())
    mask = torch.arange(positions) >= positions - lengths[:, None]  # (n, p)
    cache: Any = empty_cache(lm)

    def read(rows: list[int]) -> list[None]:
        own, real = right_padded(lm, [parts[row] for row in rows])
        known = PrefixCache() if behind is None else behind.of(rows, room=own.shape[1])
        if known.cache is None:
            known = PrefixCache(empty_cache(lm))
        if own.shape[1]:
            hidden_states(lm, own, layer or lm.layer_count, known)
        filled = real if known.mask is None else torch.cat([known.mask, real], dim=1)
        cache.take(known.cache, filled.bool(), rows, mask, room)
        return [None] * len(rows)

    in_token_batches([len(part) for part in parts], read, limit, lambda: read_at_once(lm.model))
    return PrefixCache(cache, mask.long().to(lm.input_device))


def right_padded(lm: CausalLM, parts: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """(b, t) tokens or (b, t, e) vectors, and the mask of the real ones, (b, t)."""
    batch = pad_sequence(list(parts), batch_first=True, padding_value=lm.pad_id if parts[0].dim() == 1 else 0)
    lengths = torch.tensor([len(part) for part in parts])
    mask = torch.arange(batch.shape[1]) < lengths[:, None]
    return batch.to(lm.input_device), mask.long().to(lm.input_device)
