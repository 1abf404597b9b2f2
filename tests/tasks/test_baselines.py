"""What needs no search."""

from __future__ import annotations

from duet.examples.example import Example
from duet.metrics.answer_metric import AnswerMetric
from duet.metrics.extraction import Extraction
from duet.metrics.induction import induction_exact_match
from duet.tasks.baselines import baselines


def test_an_accepted_output_is_not_searched_for_the_part_that_counts() -> None:
    metric = AnswerMetric(induction_exact_match, Extraction({"after": "Answer:"}))
    assert baselines([Example("a", ("a",))], metric) == {"copy_input": 1.0, "majority_answer": 1.0}


def test_copying_and_the_most_frequent_answer_are_marked_like_any_answer() -> None:
    examples = [Example("a", ("A", "b")), Example("b", ("c",)), Example("c", ("d", "c")), Example("d", ("c",))]
    assert baselines(examples, induction_exact_match) == {"copy_input": 0.5, "majority_answer": 0.75}
