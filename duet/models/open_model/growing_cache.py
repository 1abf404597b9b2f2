"""A cache of keys and values with room to grow: a new token is written behind the others, which are not copied for it.

Imported at first use only, as transformers is.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache, DynamicLayer

ROOM = 32  # positions that are made at once


class Places(NamedTuple):
    """The places of n positions in a cache.

    Args:
        row: (n,), int64.
        position: (n,), int64.
    """

    row: Tensor
    position: Tensor

    def along(self, buffer: Tensor) -> Tensor:
        """(n,), where they stand once rows and positions of a buffer, its first two dimensions, are made one."""
        return (self.row * buffer.shape[1] + self.position).to(buffer.device)


class GrowingLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """One layer's keys and values, (b, heads, t, width) each, at the front of buffers that are longer.

    A buffer is (b, length, heads, width), as a model's linear layers write them, so that a position is one piece.
    """

    keys: Any  # None only before the first `update`
    values: Any
    _buffers: tuple[Tensor, ...] | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Appends t' positions. Args: (b, heads, t', width) both. Returns: (b, heads, t + t', width) both."""
        if not self.is_initialized:  # the first ones are held as they come, uncopied
            self.lazy_initialization(key_states, value_states)
            self.keys, self.values = key_states, value_states
            return key_states, value_states
        start = self.keys.shape[-2]
        end = start + key_states.shape[-2]
        buffers = self._with_room(end)
        for buffer, states in zip(buffers, (key_states, value_states), strict=True):
            buffer[:, start:end] = states.transpose(1, 2)
        self._hold(buffers, end)
        return self.keys, self.values

    def make(self, places: Tensor, room: int, like: GrowingLayer) -> None:
        """Places for positions, (n, p), True on those to come, as wide as those of ``like``; the others get zeros."""
        self.lazy_initialization(like.keys, like.values)
        rows, positions = places.shape
        empty = Places(*(~places).nonzero(as_tuple=True))
        buffers = [held.new_empty(rows, positions + room, *held.shape[2:]) for held in like._held()]
        for buffer in buffers:
            buffer.view(-1, *buffer.shape[2:]).index_fill_(0, empty.along(buffer), 0)
        self._hold(buffers, positions)

    def put(self, there: Places, source: GrowingLayer, here: Places) -> None:
        """Copies positions of another layer to places in this one, which `make` has made."""
        for mine, others in zip(self._held(), source._held(), strict=True):
            pieces = others.flatten(0, 1).index_select(0, here.along(others))
            mine.view(-1, *mine.shape[2:]).index_copy_(0, there.along(mine), pieces)  # never a copy

    def chosen(self, rows: Sequence[int], positions: int, room: int) -> GrowingLayer:
        """The last positions of these rows, as a layer of its own, with as much of the room."""
        layer, end, indices = _new_layer(), self.get_seq_length(), torch.tensor(rows)
        layer.lazy_initialization(self.keys, self.values)
        layer._hold([_rows(held[:, end - positions : end + room], indices) for held in self._held()], positions)
        return layer

    def batch_select_indices(self, indices: Tensor) -> None:
        """Takes rows out, or repeats them; the room stays.

        Where the rows do not become more, those that keep their place are not touched and the others overwrite what
        was in theirs, so that no memory is allocated.
        """
        length, own = self.get_seq_length(), self._own()
        if not length:
            return
        if own is None or len(indices) > len(own[0]):
            self._hold([_rows(held, indices) for held in self._held()], length)
            return
        moved = (indices != torch.arange(len(indices), device=indices.device)).nonzero()[:, 0]
        for buffer in own:
            buffer.index_copy_(0, moved.to(buffer.device), _rows(buffer, indices[moved]))
        self._hold([buffer[: len(indices)] for buffer in own], length)

    def _own(self) -> tuple[Tensor, ...] | None:
        """The buffers, their room included; None if keys and values have left them or came from the model."""
        buffers = self._buffers
        return None if buffers is None or buffers[0].data_ptr() != self.keys.data_ptr() else buffers

    def _held(self) -> tuple[Tensor, ...]:
        """Returns what keys and values stand in, laid out as a buffer."""
        return self._own() or (self.keys.transpose(1, 2), self.values.transpose(1, 2))

    def _hold(self, buffers: Sequence[Tensor], positions: int) -> None:
        self._buffers = tuple(buffers)
        self.keys, self.values = (buffer[:, :positions].transpose(1, 2) for buffer in buffers)

    def _with_room(self, end: int) -> tuple[Tensor, ...]:
        """The buffers, longer ones where these are too short."""
        held = self._held()
        return held if held[0].shape[1] >= end else tuple(_longer(buffer, end + ROOM) for buffer in held)


def _rows(held: Tensor, indices: Tensor) -> Tensor:
    return held.index_select(0, indices.to(held.device))


def _longer(held: Tensor, length: int) -> Tensor:
    buffer = held.new_empty(held.shape[0], length, *held.shape[2:])
    buffer[:, : held.shape[1]] = held
    return buffer


def _new_layer() -> GrowingLayer:
    return GrowingLayer()  # type: ignore[no-untyped-call]


class GrowingCache(DynamicCache):
    """One `GrowingLayer` per layer of a model; those that were not read stay empty."""

    def __init__(self, config: Any) -> None:
        super().__init__(config=config)
        self.layers: Any = [_new_layer() for _ in self.layers]

    def take(self, source: GrowingCache, real: Tensor, rows: Sequence[int], places: Tensor, room: int) -> None:
        """Copies all real positions of another cache.

        Args:
            source: b rows.
            real: (b, t), True on the positions to be copied.
            rows: (b,), where they go.
            places: (n, p), on the CPU, True where this cache has a position: in a row as many as are copied to it.
            room: for so many positions more, where this cache is empty.
        """
        here = Places(*real.cpu().nonzero(as_tuple=True))  # on the CPU, as layers may be on several devices
        row, position = places[list(rows)].nonzero(as_tuple=True)
        there = Places(torch.tensor(rows)[row], position)
        for mine, other in zip(self.layers, source.layers, strict=True):
            if other.is_initialized:
                if not mine.is_initialized:
                    mine.make(places, room, like=other)
                mine.put(there, other, here)

    def chosen(self, rows: Sequence[int], positions: int, room: int) -> GrowingCache:
        """The last positions of these rows, as a cache of its own, with as much of the room."""
        cache = copy(self)
        cache.layers = [
            layer.chosen(rows, positions, room) if layer.is_initialized else _new_layer() for layer in self.layers
        ]
        return cache


def growing_cache(config: Any) -> GrowingCache | None:
    """An empty cache; None for a model that does not keep the keys and values of all positions, in every layer."""
    if any(type(layer) is not DynamicLayer for layer in DynamicCache(config=config).layers):
        return None
    return GrowingCache(config)
