"""The same marks as a torchmetrics.Metric, for a validation loop that streams batches. Imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from duet.tasks.metrics import resolve_metric


class TextScore(Metric):
    """Mean of a metric over every example since the last reset; 0 before the first.

    Args:
        metric: a key of ``duet.tasks.metrics.METRICS``, or the dotted path of a torchmetrics.Metric.

    >>> score = TextScore("exact_match")
    >>> score.update(["Paris.", "Rome"], [["Paris"], ["Berlin"]])
    >>> score.compute()
    tensor(0.5000)
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, metric: str = "exact_match", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._name = metric
        self._score = resolve_metric(metric)
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, predictions: Sequence[str], answers: Sequence[Sequence[str]]) -> None:
        """Mark one batch.

        Args:
            predictions: (n,), the model's texts.
            answers: (n,), the accepted answers of each.

        Raises:
            ValueError: there are not as many answers as predictions.
        """
        if len(predictions) != len(answers):
            raise ValueError(f"Expected {len(predictions)} lists of answers but got {len(answers)}")
        self.total += sum(self._score(said, accepted) for said, accepted in zip(predictions, answers, strict=True))
        self.count += len(predictions)

    def compute(self) -> Tensor:
        """(), the mean score."""
        return self.total / self.count.clamp(min=1)
