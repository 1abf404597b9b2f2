"""Columns under names that nearly match."""

from __future__ import annotations

import pytest

from duet.tasks.columns import find_column, outputs_of, text_of


def test_the_exact_name_wins_over_one_in_capitals() -> None:
    assert find_column(["INPUT", "input"], "input") == "input"
    assert text_of("here", {"INPUT": "a", "input": "b"}, "input") == "b"


def test_a_missing_column_lists_those_that_are_there_and_the_options() -> None:
    with pytest.raises(ValueError, match=r"here: expected a column 'input' but found 'text'; name yours with task"):
        text_of("here", {"text": "a"}, "input")


def test_true_and_lists_of_texts_are_outputs() -> None:
    assert outputs_of("here", {"output": [True, "b"]}, "output") == ("true", "b")
