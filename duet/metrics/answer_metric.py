"""A metric of raw answers: what counts of the answer is taken out, then compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from duet.examples.example import TaskError
from duet.metrics.custom import ScoreFunction
from duet.metrics.extraction import Extraction


@dataclass(frozen=True)
class AnswerMetric:
    """Scores what an extraction leaves of an answer.

    >>> from duet.metrics.matching import ExactMatch
    >>> AnswerMetric(ExactMatch(), Extraction("last_line"))("Let me see.\\n42", ["42"])
    1.0

    Args:
        compare: scores the part that counts.
        extraction: finds it.
    """

    compare: ScoreFunction
    extraction: Extraction = field(default_factory=Extraction)

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """In [0, 1]."""
        return self.compare(self.extraction(answer), outputs)


def without_extraction(metric: ScoreFunction) -> ScoreFunction:
    """The metric of a text that is no answer of a model, such as an accepted output."""
    return metric.compare if isinstance(metric, AnswerMetric) else metric


def needs_a_judge(answer: str, outputs: Sequence[str]) -> float:
    """Stands where a metric would, for a task whose answers a model scores.

    Raises:
        TaskError: always.
    """
    raise TaskError("task.metric: a judge scores with a black box, not by itself")
