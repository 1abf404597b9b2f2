"""A small model's rows go through it in two halves, and its bits are the same for any number of threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import nn

from duet.models.huggingface_white_box import HuggingFaceWhiteBox
from duet.models.open_model import halves
from duet.models.open_model.batching import TokenLimit
from duet.models.open_model.halves import LEAST_ROWS, in_halves

pytestmark = pytest.mark.usefixtures("three_threads")

TEXTS = [f"Write the {place} of {count} words." for place in ("first", "last letter") for count in range(10)]


def halved(count: int, run: Callable[[list[int]], Sequence[int]]) -> list[int]:
    """Rows of one length, all of which fit a batch."""
    return in_halves(nn.Linear(1, 1), [1] * count, run, TokenLimit(1000), lambda: None)


def test_each_half_has_a_thread_of_its_own_at_the_same_time() -> None:
    both, seen = threading.Barrier(2, timeout=10), []

    def run(half: list[int]) -> list[int]:
        both.wait()  # broken, unless the other half is under way
        seen.append((threading.get_ident(), torch.get_num_threads(), len(half)))
        return [2 * item for item in half]

    found = halved(LEAST_ROWS + 1, run)
    assert found == [2 * item for item in range(LEAST_ROWS + 1)]
    assert len({thread for thread, _, _ in seen} | {threading.get_ident()}) == 3
    assert sorted((threads, rows) for _, threads, rows in seen) == [(1, 8), (1, 9)]
    assert torch.get_num_threads() == 3


def test_few_rows_are_not_divided() -> None:
    parts: list[tuple[int, int]] = []
    halved(LEAST_ROWS - 1, recorded(parts))
    assert parts == [(LEAST_ROWS - 1, 1)]


def test_a_large_model_takes_all_rows_at_once_and_has_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halves, "SMALL", 1)
    parts: list[tuple[int, int]] = []
    assert halved(40, recorded(parts)) == list(range(40))
    assert parts == [(40, 3)]


def recorded(parts: list[tuple[int, int]]) -> Callable[[list[int]], Sequence[int]]:
    def run(items: list[int]) -> Sequence[int]:
        parts.append((len(items), torch.get_num_threads()))
        return items

    return run


def test_what_goes_wrong_in_a_half_is_raised_and_the_threads_are_given_back() -> None:
    def run(half: list[int]) -> Sequence[int]:
        if 0 not in half:
            raise MemoryError("in the second half")
        return half

    with pytest.raises(MemoryError, match="in the second half"):
        halved(40, run)
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize("threads", [1, 2])
def test_a_small_models_features_and_texts_are_the_same_for_any_number_of_threads(threads: int) -> None:
    box = HuggingFaceWhiteBox()

    def found() -> tuple[torch.Tensor, list[str]]:
        written = box.generate(TEXTS, seeds=range(len(TEXTS)), temperature=1.0, max_new_tokens=12)
        return box.encode(TEXTS).states, written

    states, written = found()
    torch.set_num_threads(threads)
    assert torch.equal(found()[0], states)
    assert found()[1] == written
