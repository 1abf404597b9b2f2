"""The marks as a torchmetrics.Metric."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from duet.tasks.metrics import METRICS
from duet.tasks.streaming_metrics import TextScore

PREDICTIONS = ["Paris.", "a red fox", "bird and dog", ""]
ANSWERS = [["Paris"], ["red fox", "fox"], ["dog, bird"], ["x"]]


@pytest.mark.parametrize("name", METRICS)
def test_batches_give_the_mean_of_the_single_scores(name: str) -> None:
    score = TextScore(name)
    score.update(PREDICTIONS[:3], ANSWERS[:3])
    score.update(PREDICTIONS[3:], ANSWERS[3:])
    singles = [METRICS[name](said, some) for said, some in zip(PREDICTIONS, ANSWERS, strict=True)]
    assert score.compute() == pytest.approx(sum(singles) / 4)
    assert score.compute().shape == ()


def test_before_the_first_example_the_score_is_zero() -> None:
    score = TextScore()
    score.update([], [])
    assert score.compute() == 0.0
    with pytest.warns(UserWarning, match="before the ``update``"):
        assert TextScore().compute() == 0.0


def test_reset_forgets() -> None:
    score = TextScore()
    score.update(["a"], [["a"]])
    score.reset()
    score.update(["a"], [["b"]])
    assert torch.equal(score.compute(), torch.tensor(0.0))


def test_predictions_and_answers_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="Expected 1 lists of answers but got 0"):
        TextScore().update(["a"], [])


def test_reading_tasks_and_downloading_do_not_import_torch() -> None:
    code = (
        "import sys, duet.tasks.task, duet.tasks.download; "
        "assert 'torch' not in sys.modules; assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[2])
