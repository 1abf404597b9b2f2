"""Hidden states after layer l of a causal model, without computing or even loading the layers above it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, get_args

import torch
from torch import Tensor

from duet.models.errors import ProviderError
from duet.models.open_model.causal_lm import CausalLM

Pooling = Literal["mean", "last"]


@dataclass(frozen=True)
class PrefixCache:
    """The keys and values of what a model has already read of some rows.

    Args:
        cache: its keys and values, which reading extends; None if it keeps none.
        mask: (b, p), 1 on the real ones of its positions, which end each row; None if it is empty.
    """

    cache: Any | None = None
    mask: Tensor | None = None

    def chosen(self, rows: Sequence[int], room: int = 0) -> PrefixCache:
        """Of these rows, apart from the others, so that reading on changes nothing here; room for more may be left."""
        if self.cache is None or self.mask is None:
            return PrefixCache()
        mask = self.mask[list(rows)]
        positions = int(mask.sum(dim=1).max())
        return PrefixCache(self.cache.chosen(rows, positions, room), mask[:, mask.shape[1] - positions :])


class _Reached(Exception):
    """Ends a forward pass at the requested layer."""

    def __init__(self, states: Tensor) -> None:
        self.states = states


def decoder_blocks(lm: CausalLM) -> Sequence[Any]:
    """The model's loaded layers, in their order."""
    for module in lm.model.base_model.modules():
        if isinstance(module, torch.nn.ModuleList) and len(module) == lm.loaded_layers:
            return list(module)
    raise ProviderError(f"Can't find the layers of {type(lm.model).__name__}; use layer -1 or another model")


def resolve_layer(layer: int | float | Literal["middle"], count: int) -> int:
    """The layer's number from 1 (after the first block) to ``count`` (after the last block and the final norm).

    >>> resolve_layer("middle", 6), resolve_layer(-1, 6), resolve_layer(2, 6), resolve_layer(0.33, 40)
    (3, 6, 2, 13)
    """
    if layer == "middle":
        layer = 0.5
    if isinstance(layer, float) and 0 < layer < 1:
        return max(1, round(layer * count))
    if layer != int(layer) or (layer != -1 and not 1 <= layer <= count):
        raise ValueError(f"Expected layer to be 'middle', a share, -1 or from 1 to {count} but got {layer}")
    return count if layer == -1 else int(layer)


def check_pooling(pooling: Pooling) -> Pooling:
    """The pooling, if it is one.

    Raises:
        ValueError: it is none.
    """
    if pooling not in get_args(Pooling):
        raise ValueError(f"Expected pooling to be 'mean' or 'last' but got {pooling!r}")
    return pooling


@torch.no_grad()
def hidden_states(lm: CausalLM, ids: Tensor, layer: int, known: PrefixCache = PrefixCache()) -> Tensor:
    """States after ``layer``; the blocks above it and the output head are not run, and no other states are kept.

    Args:
        lm: the model.
        ids: (b, t) tokens or (b, t, e) vectors in their place, padded on the right, where a causal model's real tokens
            never look: so they need no mask.
        layer: from 1 to the number of layers, where the final norm is included.
        known: what stands in front of these tokens.

    Returns:
        (b, t, d), in the model's dtype; what stands on padding has no meaning.
    """
    base, inputs = lm.model.base_model, _inputs(ids, known)
    if layer == lm.layer_count:
        last: Tensor = base(**inputs).last_hidden_state
        return last
    with _stop_behind(decoder_blocks(lm)[layer - 1]):
        try:
            base(**inputs)
        except _Reached as reached:
            return reached.states
    raise ProviderError(f"Can't read layer {layer} of {type(lm.model).__name__}: its forward pass never reached it")


def _inputs(ids: Tensor, known: PrefixCache) -> dict[str, Any]:
    name = "input_ids" if ids.dim() == 2 else "inputs_embeds"
    inputs: dict[str, Any] = {name: ids, "use_cache": known.cache is not None}
    if known.cache is not None:
        inputs["past_key_values"] = known.cache
    if known.mask is not None:
        inputs["attention_mask"] = torch.cat([known.mask, known.mask.new_ones(ids.shape[:2])], dim=1)
        inputs["position_ids"] = known.mask.sum(dim=1, keepdim=True) + torch.arange(ids.shape[1], device=ids.device)
    return inputs


@contextmanager
def _stop_behind(block: Any) -> Iterator[None]:
    def stop(_module: Any, _args: Any, output: Any) -> NoReturn:
        raise _Reached(output[0] if isinstance(output, tuple) else output)

    handle = block.register_forward_hook(stop)
    try:
        yield
    finally:
        handle.remove()


def pool_states(states: Tensor, first: Tensor, end: Tensor, pooling: Pooling) -> Tensor:
    """One vector per row from the positions ``first`` to ``end - 1``; each row has at least one.

    Args:
        states: (b, t, d).
        first: (b,), int64.
        end: (b,), int64.
        pooling: mean of these positions, or the last one of them.

    Returns:
        (b, d), float32.
    """
    if pooling == "last":
        return states[torch.arange(len(states), device=states.device), end - 1].float()
    lengths = end - first
    position = first[:, None] + torch.arange(int(lengths.max()), device=states.device)  # (b, m)
    own = position < end[:, None]  # (b, m)
    taken = states[torch.arange(len(states), device=states.device)[:, None], position.clamp(max=states.shape[1] - 1)]
    return taken.float().masked_fill(~own[..., None], 0.0).sum(dim=1) / lengths[:, None]  # (b, d)
