"""How many threads a product has: one in a search, all for a large model, and as many as before behind it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
import torch

from duet.metrics.custom import as_metric
from duet.models.base import Request
from duet.models.function_black_box import FunctionBlackBox
from duet.threads import all_threads, one_thread

pytestmark = pytest.mark.usefixtures("three_threads")


def test_one_thread_in_the_context_and_as_many_as_before_behind_it() -> None:
    with one_thread() as threads:
        assert (threads, torch.get_num_threads()) == (3, 1)
        with one_thread() as again:
            assert (again, torch.get_num_threads()) == (3, 1)
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3


def test_a_large_model_has_all_threads_within_it() -> None:
    with all_threads():
        assert torch.get_num_threads() == 3
    with one_thread():
        with all_threads():
            assert torch.get_num_threads() == 3
        assert torch.get_num_threads() == 1


def test_code_of_ones_own_has_all_threads_within_it() -> None:
    seen = []

    def function(prompts: list[str]) -> list[str]:
        seen.append(torch.get_num_threads())
        return prompts

    def metric(answer: str, outputs: Sequence[str]) -> float:
        seen.append(torch.get_num_threads())
        return float(answer in outputs)

    with one_thread():
        FunctionBlackBox(function).complete([Request("yes")])
        as_metric(metric, "metric", {})("yes", ["yes"])
    assert seen[-2:] == [3, 3]


def test_an_error_gives_the_threads_back() -> None:
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert torch.get_num_threads() == 3


def test_two_searches_at_the_same_time_give_back_what_was_before_both() -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with one_thread():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with one_thread():
        thread.start()
        assert inside.wait(10)
    leave.set()
    thread.join()
    with one_thread() as threads:
        assert threads == 3
    assert torch.get_num_threads() == 3
