"""Scores the baselines that need no search: copying the input, and always giving the majority answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from duet.examples.example import Example
from duet.metrics.answer_metric import without_extraction
from duet.metrics.custom import ScoreFunction


def baselines(examples: Sequence[Example], metric: ScoreFunction) -> dict[str, float]:
    """The scores on the examples, which are the test's: ``copy_input`` and ``majority_answer``.

    The majority answer is the most frequent first answer of these very examples, so it is an upper bound of what
    guessing one answer can score. Neither is searched for the part that counts: they are no model's answers.
    """
    metric = without_extraction(metric)
    (majority, _), *_ = Counter(example.outputs[0] for example in examples).most_common(1)
    return {
        "copy_input": sum(metric(example.input, example.outputs) for example in examples) / len(examples),
        "majority_answer": sum(metric(majority, example.outputs) for example in examples) / len(examples),
    }
