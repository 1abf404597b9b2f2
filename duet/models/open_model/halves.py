"""Runs the two halves of the rows at the same time where a model is so small that threads can't share its products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from torch import nn

from duet.models.open_model.batching import OVERHEAD, TokenLimit, in_token_batches
from duet.threads import all_threads, one_thread

Result = TypeVar("Result")

SMALL = 30_000_000  # weights: with 5 million halves take .75 of the time, with 27 million .97, with 88 million 1.04
LEAST_ROWS = 16  # that are worth two halves


def in_halves(
    model: nn.Module,
    lengths: Sequence[int],
    run: Callable[[list[int]], Sequence[Result]],
    limit: TokenLimit,
    fitting: Callable[[], int | None],
    overhead: int = OVERHEAD,
) -> list[Result]:
    """As `in_token_batches`, with a small model in each half of the rows: the same for any number of threads.

    Args:
        model: runs.
        lengths: tokens of each row.
        run: takes the indices of a batch and returns a result for each; from two threads at once.
        limit: most tokens of a batch.
        fitting: how many tokens free memory has room for; None is any number.
        overhead: tokens that may be padded to save a batch.

    Raises:
        ProviderError: memory ran out with a single row.
    """

    def batches(rows: Sequence[int]) -> list[Result]:
        own = [lengths[row] for row in rows]
        return in_token_batches(own, lambda batch: run([rows[place] for place in batch]), limit, fitting, overhead)

    rows, middle = range(len(lengths)), len(lengths) // 2
    if not is_small(model):
        with all_threads():
            return batches(rows)
    with one_thread() as threads:
        if len(rows) < LEAST_ROWS:
            return batches(rows)
        with ThreadPoolExecutor(min(2, threads)) as pool:
            return [result for half in pool.map(batches, (rows[:middle], rows[middle:])) for result in half]


def is_small(model: nn.Module) -> bool:
    """Whether it is on the CPU and its products are too small to be shared by threads."""
    weights = list(model.parameters())
    return sum(part.numel() for part in weights) <= SMALL and all(part.device.type == "cpu" for part in weights)
