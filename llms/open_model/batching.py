"""Batches by their number of tokens, padding included, that shrink for good when memory runs out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import torch

from llms.errors import ProviderError
from llms.open_model.checkpoints import SMALLER

Result = TypeVar("Result")


class TokenLimit:
    """How many tokens go through a model at once; what ran out of memory is never tried again.

    >>> limit = TokenLimit(100)
    >>> limit.rows(longest=30, fitting=None), limit.rows(longest=30, fitting=60), limit.rows(longest=300, fitting=None)
    (3, 2, 1)

    Args:
        tokens: the most, padding included.
    """

    def __init__(self, tokens: int) -> None:
        if tokens < 1:
            raise ValueError(f"Expected batch_tokens of at least 1 but got {tokens}")
        self.tokens = tokens

    def rows(self, longest: int, fitting: int | None) -> int:
        """Rows of a batch padded to ``longest``, where free memory has room for ``fitting`` tokens; at least 1."""
        tokens = self.tokens if fitting is None else min(self.tokens, fitting)
        return max(1, tokens // max(1, longest))

    def halve(self, tokens: int) -> None:
        """So many did not fit."""
        self.tokens = max(1, min(self.tokens, tokens // 2))


def in_token_batches(
    lengths: Sequence[int],
    run: Callable[[list[int]], Sequence[Result]],
    limit: TokenLimit,
    fitting: Callable[[], int | None],
) -> list[Result]:
    """Runs over all rows, longest first (so that memory runs out at once or never), in batches of similar length.

    Args:
        lengths: tokens of each row.
        run: takes the indices of a batch and returns a result for each.
        limit: most tokens of a batch; halved, and the batch tried again, when memory runs out.
        fitting: how many tokens free memory has room for; None is any number.

    Returns:
        The results, in the rows' order; rows of equal length keep their order within the batches.

    Raises:
        ProviderError: memory ran out with a single row.
    """
    waiting = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    results: dict[int, Result] = {}
    while waiting:
        longest = lengths[waiting[0]]
        batch = waiting[: limit.rows(longest, fitting())]
        outcome = _attempt(run, batch)
        if outcome is not None:
            results.update(zip(batch, outcome, strict=True))
            waiting = waiting[len(batch) :]
        elif len(batch) > 1:
            limit.halve(len(batch) * longest)
        else:
            raise ProviderError(f"Memory ran out with a single text of {longest} tokens; {SMALLER}")
    return [results[index] for index in range(len(lengths))]


def _attempt(run: Callable[[list[int]], Sequence[Result]], batch: list[int]) -> Sequence[Result] | None:
    """The results, or None where memory ran out; then what it took is given back."""
    with suppress(torch.OutOfMemoryError):
        return run(batch)
    if torch.cuda.is_available():  # behind the handler: the error held on to the batch's tensors
        gc.collect()
        torch.cuda.empty_cache()
    return None
