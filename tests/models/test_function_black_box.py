from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from duet.models.base import CallFailure, Completion, Request
from duet.models.errors import ProviderError
from duet.models.function_black_box import FunctionBlackBox
from duet.spending.budget import Budget
from duet.spending.spend_tracker import SpendTracker


def shout(prompts: list[str]) -> list[str | None]:
    return [None if prompt == "?" else prompt.upper() for prompt in prompts]


def test_it_answers_in_order_some_at_a_time_up_to_the_stop() -> None:
    sizes: list[int] = []

    def counted(prompts: list[str]) -> list[str | None]:
        sizes.append(len(prompts))
        return shout(prompts)

    box = FunctionBlackBox(counted, batch_size=2)
    outcomes = box.complete([Request("a"), Request("é"), Request("b-c", stop=("-",))])
    assert outcomes == [
        Completion("A", 1, 1, estimated=True), Completion("É", 2, 2, estimated=True),
        Completion("B", 3, 3, estimated=True),
    ]  # fmt: skip
    assert sizes == [2, 1]


def test_none_is_a_failed_call_and_no_answer() -> None:
    [outcome] = FunctionBlackBox(shout).complete([Request("?")])
    assert isinstance(outcome, CallFailure)
    assert outcome.kind == "failed"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda prompts: prompts[:-1], "a list of 2 answers but got 1"),
        (lambda prompts: "ab", "a list of 2 answers but got a str"),
        (lambda prompts: [1, 2], "texts but got a int"),
    ],
)
def test_what_is_no_list_of_answers_ends_the_run_in_one_line(function: Callable[..., Any], message: str) -> None:
    with pytest.raises(ProviderError, match=message):
        FunctionBlackBox(function).complete([Request("a"), Request("b")])


def test_an_exception_of_the_function_passes_through_as_it_is() -> None:
    def fail(prompts: list[str]) -> list[str]:
        raise ConnectionError("no network")

    with pytest.raises(ConnectionError, match="no network"):
        FunctionBlackBox(fail).complete([Request("a")])


def test_answers_are_kept_under_the_identity_that_was_given_and_only_then(tmp_path: Path) -> None:
    named, unnamed = FunctionBlackBox(shout, "shout-v1"), FunctionBlackBox(shout)
    assert (named.identity, unnamed.identity) == ("function:shout-v1", f"function:{__name__}.shout")
    tracker = SpendTracker((named, unnamed), Budget(), "auto")
    assert tracker.cache_path(named, tmp_path) == tmp_path / "calls.sqlite"
    assert tracker.cache_path(unnamed, tmp_path) is None
