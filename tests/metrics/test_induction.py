"""The published metrics against the peers' own values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from duet.metrics.induction import normalize
from duet.metrics.registry import PUBLISHED

Golden = Callable[[str], Any]
NAMES = {
    "em": "induction_exact_match", "f1": "induction_f1", "es": "induction_exact_set", "contains": "induction_contains",
}  # fmt: skip


def test_every_reference_text_is_normalised_as_the_peers_do(golden: Golden) -> None:
    cases = golden("normalize.json")
    assert cases
    assert [case for case in cases if normalize(case["text"]) != case["normalized"]] == []


def test_every_reference_case_gets_the_peers_score(golden: Golden) -> None:
    cases = [case for case in golden("metrics.json") if case["metric"] in NAMES]
    assert {case["metric"] for case in cases} == set(NAMES)
    for case in cases:
        score = PUBLISHED[NAMES[case["metric"]]](case["prediction"], case["answers"])
        assert score == pytest.approx(case["score"], abs=1e-12), case["id"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_without_accepted_answers_every_metric_is_zero(name: str) -> None:
    assert PUBLISHED[name]("anything", []) == 0.0


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_right_answer_scores_one_and_an_empty_reply_zero(name: str) -> None:
    assert PUBLISHED[name]("Blue whale.", ["red fox", "blue whale"]) == 1.0
    assert PUBLISHED[name]("", ["red fox", "blue whale"]) == 0.0
