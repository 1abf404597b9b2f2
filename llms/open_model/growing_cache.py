"""A cache of keys and values with room to grow: a new token is written behind the others, which are not copied for it.

Imported at first use only, as transformers is.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from transformers.cache_utils import DynamicCache, DynamicLayer

ROOM = 32  # positions that are made at once


class GrowingLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """One layer's keys and values, (b, heads, t, width) each, at the front of tensors that are longer."""

    keys: Any  # None only before the first `update`
    values: Any
    _buffers: tuple[Tensor, Tensor] | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Appends t' positions. Args: (b, heads, t', width) both. Returns: (b, heads, t + t', width) both."""
        start = self.get_seq_length()
        if start == 0:
            return super().update(key_states, value_states)
        end = start + key_states.shape[-2]
        keys, values = self._with_room(end)
        keys[..., start:end, :], values[..., start:end, :] = key_states, value_states
        self.keys, self.values = keys[..., :end, :], values[..., :end, :]
        return self.keys, self.values

    def _with_room(self, end: int) -> tuple[Tensor, Tensor]:
        """The tensors that the keys and values stand in, new ones where these are too short or are theirs no more."""
        buffers = self._buffers
        if buffers is None or buffers[0].data_ptr() != self.keys.data_ptr() or buffers[0].shape[-2] < end:
            self._buffers = buffers = _longer(self.keys, end + ROOM), _longer(self.values, end + ROOM)
        return buffers


def _longer(held: Tensor, length: int) -> Tensor:
    buffer = held.new_empty((*held.shape[:-2], length, held.shape[-1]))
    buffer[..., : held.shape[-2], :] = held
    return buffer


def growing_cache(config: Any) -> Any | None:
    """An empty cache; None for a model that does not keep the keys and values of all positions, in every layer."""
    cache = DynamicCache(config=config)
    if any(type(layer) is not DynamicLayer for layer in cache.layers):
        return None
    layer: Any = GrowingLayer
    cache.layers = [layer() for _ in cache.layers]
    return cache
