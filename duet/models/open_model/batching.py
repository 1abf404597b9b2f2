"""Batches by their number of tokens, padding included, that shrink for good when memory runs out."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import ceil
from typing import TypeVar

import torch

from duet.models.errors import ProviderError
from duet.models.open_model.checkpoints import SMALLER

Result = TypeVar("Result")

OVERHEAD = 64  # of a batch, in tokens: about what reading one costs beside them
FEW_BATCHES = 10**6  # an overhead beside which padding is nothing


class TokenLimit:
    """Limits how many tokens go through a model at once; what ran out of memory is never tried again.

    >>> limit = TokenLimit(100)
    >>> limit.most(fitting=None), limit.most(fitting=60), limit.most(fitting=300)
    (100, 60, 100)

    Args:
        tokens: the most, padding included.
    """

    def __init__(self, tokens: int) -> None:
        if tokens < 1:
            raise ValueError(f"Expected batch_tokens of at least 1 but got {tokens}")
        self.tokens = tokens

    def most(self, fitting: int | None) -> int:
        """Tokens of a batch, where free memory has room for ``fitting``; None is any number."""
        return self.tokens if fitting is None else min(self.tokens, fitting)

    def halve(self, tokens: int) -> None:
        """So many did not fit."""
        self.tokens = max(1, min(self.tokens, tokens // 2))


def in_token_batches(
    lengths: Sequence[int],
    run: Callable[[list[int]], Sequence[Result]],
    limit: TokenLimit,
    fitting: Callable[[], int | None],
    overhead: int = OVERHEAD,
) -> list[Result]:
    """Runs over all rows, longest first (so that memory runs out at once or never), in batches of similar length.

    Args:
        lengths: tokens of each row.
        run: takes the indices of a batch and returns a result for each.
        limit: most tokens of a batch; halved, and the batch tried again, when memory runs out.
        fitting: how many tokens free memory has room for; None is any number.
        overhead: tokens that may be padded to save a batch.

    Returns:
        The results, in the rows' order; rows of equal length keep their order within the batches.

    Raises:
        ProviderError: memory ran out with a single row.
    """
    waiting = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    results: dict[int, Result] = {}
    planned, sizes = None, deque[int]()
    while waiting:
        if (tokens := limit.most(fitting())) != planned:
            planned, sizes = tokens, deque(batch_sizes([lengths[index] for index in waiting], tokens, overhead))
        batch, longest = waiting[: sizes.popleft()], lengths[waiting[0]]
        outcome = _attempt(run, batch)
        if outcome is not None:
            results.update(zip(batch, outcome, strict=True))
            waiting = waiting[len(batch) :]
        elif len(batch) > 1:
            limit.halve(len(batch) * longest)  # hence a new plan
        else:
            raise ProviderError(f"Memory ran out with a single text of {longest} tokens; {SMALLER}")
    return [results[index] for index in range(len(lengths))]


def batch_sizes(lengths: Sequence[int], tokens: int, overhead: int) -> list[int]:
    """Rows of each batch, so that padding and overhead are least together; in time m^2 for m distinct lengths.

    A batch holds at most ``tokens``, padding included, or one row.

    >>> batch_sizes([9, 9, 9, 3, 3], tokens=20, overhead=4), batch_sizes([9, 8, 3, 3], tokens=40, overhead=1000)
    ([2, 1, 2], [4])

    Args:
        lengths: tokens of each row, longest first.
        tokens: the most of a batch.
        overhead: what each batch costs beside its tokens, in tokens.
    """

    def rows(start: int) -> int:
        return max(1, tokens // max(1, lengths[start]))

    def cost(start: int, end: int) -> int:
        return (end - start) * lengths[start] + ceil((end - start) / rows(start)) * overhead

    cuts = [place for place in range(len(lengths)) if place == 0 or lengths[place] != lengths[place - 1]]
    least = {len(lengths): 0}  # of all rows from a cut on
    following: dict[int, int] = {}
    for start in reversed(cuts):
        following[start] = min(least, key=lambda end: cost(start, end) + least[end])
        least[start] = cost(start, following[start]) + least[following[start]]
    sizes, start = [], 0
    while start < len(lengths):
        end = following[start]
        sizes += [min(rows(start), end - place) for place in range(start, end, rows(start))]
        start = end
    return sizes


def _attempt(run: Callable[[list[int]], Sequence[Result]], batch: list[int]) -> Sequence[Result] | None:
    """The results, or None if memory ran out; then what it took is given back."""
    with suppress(torch.OutOfMemoryError):
        return run(batch)
    if torch.cuda.is_available():  # behind the handler: the error held on to the batch's tensors
        gc.collect()
        torch.cuda.empty_cache()
    return None
