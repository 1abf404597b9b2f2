from __future__ import annotations

import pytest
import torch

from llms.errors import ProviderError
from llms.open_model.batching import TokenLimit, in_token_batches

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
    assert runner.batches == [[4], [0, 2], [3, 5, 1]]


def test_padding_counts_towards_the_limit() -> None:
    runner = Runner()
    in_token_batches(LENGTHS, runner, TokenLimit(20), unlimited)
    assert all(len(batch) * max(LENGTHS[index] for index in batch) <= 20 for batch in runner.batches)


def test_free_memory_makes_batches_smaller_while_it_is_short() -> None:
    runner, free = Runner(), iter([9, 5, 100])
    limit = TokenLimit(100)
    in_token_batches(LENGTHS, runner, limit, lambda: next(free))
    assert runner.batches == [[4], [0], [2, 3, 5, 1]]
    assert limit.tokens == 100


def test_a_batch_that_ran_out_of_memory_is_tried_again_in_halves_and_never_again_whole() -> None:
    runner, limit = Runner(room=16), TokenLimit(1000)
    assert in_token_batches(LENGTHS, runner, limit, unlimited) == [0, 10, 20, 30, 40, 50]
    assert [len(batch) for batch in runner.batches] == [6, 3, 1, 2, 3]
    runner.batches.clear()
    in_token_batches(LENGTHS, runner, limit, unlimited)
    assert [len(batch) for batch in runner.batches] == [1, 2, 3]


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
