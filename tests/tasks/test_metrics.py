"""Evaluation against the peers' own values, intervals against scipy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import Tensor
from torchmetrics import Metric

from duet.tasks.example import TaskError
from duet.tasks.metrics import METRICS, mean_interval, normalize, resolve_metric

STATS = import_module("scipy.stats")  # imported by name: scipy has no types
Golden = Callable[[str], Any]
NAMES = {"em": "exact_match", "f1": "f1", "es": "exact_set", "contains": "contains"}


class FirstLetter(Metric):
    """1 if the prediction starts like an answer."""

    higher_is_better = True
    hits: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("hits", torch.tensor(0.0), dist_reduce_fx="sum")

    def update(self, predictions: Sequence[str], answers: Sequence[Sequence[str]]) -> None:
        """Add a batch."""
        self.hits += sum(said[0] in {one[0] for one in some} for said, some in zip(predictions, answers, strict=True))

    def compute(self) -> Tensor:
        """The number of hits."""
        return self.hits


class OutOfRange(FirstLetter):
    """Returns 2 where it should return 1."""

    def compute(self) -> Tensor:
        """Twice the hits."""
        return self.hits * 2


class TwoNumbers(FirstLetter):
    """Returns a pair."""

    def compute(self) -> Tensor:
        """Two numbers."""
        return torch.stack([self.hits, self.hits])


class Loss(FirstLetter):
    """Lower is better."""

    higher_is_better = False


class NeedsArgument(FirstLetter):
    """Can't be made from a name."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width


def test_every_reference_text_is_normalised_as_the_peers_do(golden: Golden) -> None:
    cases = golden("normalize.json")
    assert cases
    assert [case for case in cases if normalize(case["text"]) != case["normalized"]] == []


def test_every_reference_case_gets_the_peers_score(golden: Golden) -> None:
    cases = [case for case in golden("metrics.json") if case["metric"] in NAMES]
    assert {case["metric"] for case in cases} == set(NAMES)
    for case in cases:
        score = METRICS[NAMES[case["metric"]]](case["prediction"], case["answers"])
        assert score == pytest.approx(case["score"], abs=1e-12), case["id"]


@pytest.mark.parametrize("name", METRICS)
def test_without_accepted_answers_every_metric_is_zero(name: str) -> None:
    assert METRICS[name]("anything", []) == 0.0


@pytest.mark.parametrize("name", METRICS)
def test_a_right_answer_scores_one_and_an_empty_reply_zero(name: str) -> None:
    assert METRICS[name]("Blue whale.", ["red fox", "blue whale"]) == 1.0
    assert METRICS[name]("", ["red fox", "blue whale"]) == 0.0


def test_a_metric_is_found_by_its_name() -> None:
    assert resolve_metric("f1") is METRICS["f1"]


def test_a_torchmetrics_class_is_found_by_its_path_and_forgets_each_example() -> None:
    score = resolve_metric(f"{__name__}.FirstLetter")
    assert [score("blue", ["black"]), score("red", ["black"]), score("bird", ["cat", "bee"])] == [1.0, 0.0, 1.0]


def test_torchmetrics_own_text_metrics_fit() -> None:
    score = resolve_metric("torchmetrics.text.CHRFScore")
    assert score("the cat sat on the mat", ["the cat sat on the mat"]) == pytest.approx(1.0)
    assert score("the cat sat on the mat", ["a dog"]) < 0.3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exact_mach", "did you mean 'exact_match'"),
        ("bleu", "exact_match, f1, exact_set, contains"),
        ("no_such_module.Metric", "No module named"),
        ("torchmetrics.text.Nothing", "Nothing"),
        (".relative", "importable"),
        ("math.sqrt", "torchmetrics.Metric subclass"),
        (f"{__name__}.Loss", "higher is better"),
        (f"{__name__}.NeedsArgument", "no arguments"),
    ],
)
def test_a_metric_that_does_not_fit_is_refused_in_one_line(name: str, words: str) -> None:
    with pytest.raises(TaskError) as error:
        resolve_metric(name)
    assert words in str(error.value)
    assert repr(name) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("name", "words"), [("OutOfRange", r"\[0, 1\]"), ("TwoNumbers", "one number")])
def test_a_class_that_returns_no_score_is_refused(name: str, words: str) -> None:
    score = resolve_metric(f"{__name__}.{name}")
    with pytest.raises(TaskError, match=words):
        score("blue", ["black"])


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 20), (20, 20), (7, 20), (50, 100), (99, 100)])
def test_zero_one_scores_get_wilsons_interval(hits: int, n: int) -> None:
    expected = STATS.binomtest(hits, n).proportion_ci(method="wilson")
    low, high = mean_interval([1.0] * hits + [0.0] * (n - hits))
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8, 20, 99, 100, 501])
def test_other_scores_get_students_interval(n: int) -> None:
    scores = [0.4 + 0.2 * (index * 7 % n) / n for index in range(n)]
    mean, error = sum(scores) / n, float(STATS.sem(scores))
    expected = STATS.t.interval(0.95, n - 1, loc=mean, scale=error)
    clipped = max(0.0, expected[0]), min(1.0, expected[1])
    assert mean_interval(scores) == pytest.approx(clipped, abs=1e-9)


def test_an_interval_stays_between_zero_and_one() -> None:
    assert mean_interval([0.0, 0.9, 1.0]) == (0.0, 1.0)
    assert mean_interval([0.5]) == (0.0, 1.0)


def test_no_scores_have_no_interval() -> None:
    with pytest.raises(ValueError, match="at least one score"):
        mean_interval([])
