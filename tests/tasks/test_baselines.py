"""What needs no search."""

from __future__ import annotations

from duet.tasks.baselines import baselines
from duet.tasks.example import Example
from duet.tasks.metrics import exact_match


def test_copying_and_the_most_frequent_answer_are_marked_like_any_answer() -> None:
    examples = [Example("a", ("A", "b")), Example("b", ("c",)), Example("c", ("d", "c")), Example("d", ("c",))]
    assert baselines(examples, exact_match) == {"copy_input": 0.5, "majority_answer": 0.75}
