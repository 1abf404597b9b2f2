"""What needs no search: the scores of copying the input and of always giving the majority answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from duet.tasks.example import Example
from duet.tasks.metrics import ScoreFunction


def baselines(examples: Sequence[Example], metric: ScoreFunction) -> dict[str, float]:
    """The scores on the examples, which are the test's: ``copy_input`` and ``majority_answer``.

    The majority answer is the most frequent first answer of these very examples, so it is an upper bound of what
    guessing one answer can score.
    """
    (majority, _), *_ = Counter(example.outputs[0] for example in examples).most_common(1)
    return {
        "copy_input": sum(metric(one.input, one.outputs) for one in examples) / len(examples),
        "majority_answer": sum(metric(majority, one.outputs) for one in examples) / len(examples),
    }
