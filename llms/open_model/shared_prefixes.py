"""Rows that begin alike: their common beginning goes through the model once and is then there for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor

from llms.open_model.causal_lm import CausalLM

Ids = tuple[int, ...]

LEAST_SHARE = 1 / 6  # of a row that its prefix must make up
LEAST_SAVING = 1 / 5  # of all tokens, padding included, as it takes a second forward pass, and one with a mask


@dataclass(frozen=True)
class SharedPrefixes:
    """The beginnings of some rows.

    Args:
        prefixes: distinct ones, none empty.
        owner: (b,), the prefix of each row.
    """

    prefixes: tuple[Ids, ...]
    owner: tuple[int, ...]

    @property
    def lengths(self) -> list[int]:
        """(b,), tokens of each row's prefix."""
        return [len(self.prefixes[index]) for index in self.owner]

    def tokens(self, rows: Sequence[Ids]) -> int:
        """What goes through the model, padding included: the prefixes once, and the rest of each row."""
        rests = (len(row) - length for row, length in zip(rows, self.lengths, strict=True))
        return _padded(map(len, self.prefixes)) + _padded(rests)


def find_shared_prefixes(rows: Sequence[Ids]) -> SharedPrefixes | None:
    """Groups of rows with a common beginning, where that saves enough; in time n log n.

    >>> find_shared_prefixes([(1, 2, 3, 4), (7, 8, 9), (1, 2, 3, 5), (7, 8, 9)])
    SharedPrefixes(prefixes=((1, 2, 3), (7, 8, 9)), owner=(0, 1, 0, 1))
    >>> find_shared_prefixes([(1, 2, 3, 4), (5, 6, 7)]) is None
    True
    """
    groups: list[tuple[Ids, list[int]]] = []
    for index in sorted(range(len(rows)), key=lambda index: rows[index]):
        row = rows[index]
        prefix, members = groups[-1] if groups else ((), [])
        common = _common_length(prefix, row)
        lost = (len(members) - 1) * (len(prefix) - common)  # tokens that the former members would share no longer
        if common > lost and common >= LEAST_SHARE * len(row):
            groups[-1] = prefix[:common], [*members, index]
        else:
            groups.append((row, [index]))
    owner = {index: place for place, (_, members) in enumerate(groups) for index in members}
    shared = SharedPrefixes(tuple(prefix for prefix, _ in groups), tuple(owner[index] for index in range(len(rows))))
    least = (1 - LEAST_SAVING) * _padded(map(len, rows))
    # attention to nothing at all has no value
    return shared if all(rows) and shared.tokens(rows) < least else None


def _padded(lengths: Iterable[int]) -> int:
    every = list(lengths)
    return len(every) * max(every, default=0)


def _common_length(left: Ids, right: Ids) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


def empty_cache(lm: CausalLM) -> Any | None:
    """A cache of keys and values whose rows can be taken out and repeated; None where the model keeps another kind."""
    return import_module("llms.open_model.growing_cache").growing_cache(lm.model.config)


def read_prefixes(lm: CausalLM, shared: SharedPrefixes, cache: Any, run: Callable[[Tensor, Tensor], object]) -> Tensor:
    """Fills the cache with the prefix of every row.

    Args:
        lm: the model.
        shared: which row begins how.
        cache: empty; afterwards it holds b rows of p positions.
        run: a forward pass that fills it, over ids (g, p) and mask (g, p), padded on the right.

    Returns:
        (b, p), 1 on the real tokens.
    """
    ids, mask = right_padded(lm, shared.prefixes)
    run(ids, mask)
    owner = torch.tensor(shared.owner)
    cache.batch_select_indices(owner)
    return mask[owner.to(mask.device)]


def right_padded(lm: CausalLM, rows: Sequence[Ids]) -> tuple[Tensor, Tensor]:
    """(b, t) token ids and the mask of the real ones."""
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(int(lengths.max())) < lengths[:, None]
    ids = torch.full(mask.shape, lm.pad_id)
    ids[mask] = torch.tensor([token for row in rows for token in row])
    return ids.to(lm.input_device), mask.long().to(lm.input_device)
