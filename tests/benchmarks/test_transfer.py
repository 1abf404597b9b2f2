"""The comparison with the right answers, which the benchmark of former predictors measures."""

from __future__ import annotations

import pytest
import torch

from benchmarks.transfer import gold_relative


def test_a_right_answer_has_no_distance_from_the_gold_one() -> None:
    gold = torch.tensor([[1.0, 2.0], [1.0, 2.0]])
    relative, distance = gold_relative(torch.tensor([[1.0, 2.0], [4.0, -2.0]]), gold)
    assert relative.tolist() == [[0, 0], [3, -4]]
    assert distance.tolist() == [0, 5]


def test_gold_states_of_another_number_of_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="Expected as many states of right answers"):
        gold_relative(torch.zeros(3, 2), torch.zeros(1, 2))
