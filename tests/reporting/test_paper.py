"""The published scores that ship with Duet."""

from __future__ import annotations

import pytest

from duet.reporting.paper import published_scores
from duet.tasks.manifest import benchmark_metrics


def test_every_method_has_a_score_for_each_of_the_thirty_tasks() -> None:
    scores = published_scores()
    assert set(scores) == {"APE", "InstructZero", "EvoPrompt", "INSTINCT", "paper"}
    assert all(set(by_task) == set(benchmark_metrics()) for by_task in scores.values())
    assert all(0 <= score <= 1 for by_task in scores.values() for score in by_task.values())


def test_the_means_are_those_that_the_paper_prints() -> None:
    means = {method: sum(by_task.values()) / len(by_task) for method, by_task in published_scores().items()}
    printed = {"APE": 0.6207, "InstructZero": 0.6733, "EvoPrompt": 0.68, "INSTINCT": 0.6113, "paper": 0.6955}
    assert means == pytest.approx(printed, abs=1e-4)
