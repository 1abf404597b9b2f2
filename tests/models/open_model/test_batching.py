from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import accumulate, combinations, pairwise
from math import inf

import pytest
import torch

from duet.models.errors import ProviderError
from duet.models.open_model.batching import TokenLimit, batch_sizes, in_token_batches

LENGTHS = [5, 1, 4, 4, 9, 2]


class Runner:
    """Returns each index times ten; memory has room for so many tokens, padding included."""

    def __init__(self, room: int = 10**9) -> None:
        self.room = room
        self.batches: list[list[int]] = []

    def __call__(self, batch: list[int]) -> list[int]:
        self.batches.append(batch)
        if len(batch) * max(LENGTHS[index] for index in batch) > self.room:
            raise torch.OutOfMemoryError
        return [10 * index for index in batch]


def unlimited() -> None:
    return None


def test_the_results_come_in_the_rows_order_and_the_longest_are_run_first() -> None:
    runner = Runner()
    assert in_token_batches(LENGTHS, runner, TokenLimit(12), unlimited) == [0, 10, 20, 30, 40, 50]
    assert runner.batches == [[4], [0], [2, 3], [5, 1]]


def test_padding_counts_towards_the_limit() -> None:
    runner = Runner()
    in_token_batches(LENGTHS, runner, TokenLimit(20), unlimited)
    assert all(len(batch) * max(LENGTHS[index] for index in batch) <= 20 for batch in runner.batches)


@pytest.mark.parametrize("overhead", [0, 3, 20, 1000])
@pytest.mark.parametrize("tokens", [1, 60, 150, 10_000])
def test_no_other_batches_cost_less(tokens: int, overhead: int) -> None:
    lengths = sorted(random.Random(tokens + overhead).sample(range(1, 80), 9), reverse=True)

    def cost(sizes: Sequence[int]) -> float:
        starts = [0, *accumulate(sizes)]
        padded = [size * lengths[start] for size, start in zip(sizes, starts, strict=False)]
        fits = all(each <= tokens or size == 1 for size, each in zip(sizes, padded, strict=True))
        return sum(padded) + overhead * len(sizes) if fits else inf

    cuts = [cuts for count in range(9) for cuts in combinations(range(1, 9), count)]
    every = [[end - start for start, end in pairwise([0, *some, 9])] for some in cuts]
    assert len(every) == 2**8
    assert cost(batch_sizes(lengths, tokens, overhead)) == min(map(cost, every))


def test_rows_of_one_length_fill_their_batches() -> None:
    assert batch_sizes([7] * 10, tokens=30, overhead=1) == [4, 4, 2]


def test_free_memory_makes_batches_smaller_while_it_is_short() -> None:
    runner, free = Runner(), iter([9, 5, 100])
    limit = TokenLimit(100)
    in_token_batches(LENGTHS, runner, limit, lambda: next(free))
    assert runner.batches == [[4], [0], [2, 3, 5, 1]]
    assert limit.tokens == 100


def test_a_batch_that_ran_out_of_memory_is_tried_again_in_halves_and_never_again_whole() -> None:
    runner, limit = Runner(room=16), TokenLimit(1000)
    assert in_token_batches(LENGTHS, runner, limit, unlimited) == [0, 10, 20, 30, 40, 50]
    assert [len(batch) for batch in runner.batches] == [6, 2, 1, 1, 2, 2]
    runner.batches.clear()
    in_token_batches(LENGTHS, runner, limit, unlimited)
    assert [len(batch) for batch in runner.batches] == [1, 1, 2, 2]


def test_a_single_row_that_runs_out_of_memory_ends_it() -> None:
    with pytest.raises(ProviderError, match="Memory ran out with a single text of 9 tokens; use load_in_8bit"):
        in_token_batches(LENGTHS, Runner(room=8), TokenLimit(1000), unlimited)


def test_other_errors_pass() -> None:
    def broken(batch: list[int]) -> list[int]:
        raise RuntimeError("shape")

    with pytest.raises(RuntimeError, match="shape"):
        in_token_batches([1], broken, TokenLimit(10), unlimited)


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected batch_tokens of at least 1 but got 0"):
        TokenLimit(0)


def test_no_rows_need_no_batch() -> None:
    assert in_token_batches([], Runner(), TokenLimit(1), unlimited) == []
