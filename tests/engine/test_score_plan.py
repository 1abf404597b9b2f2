"""What the calls of scores are divided into, and that a start after a crash divides them alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from duet.engine.plans import PLANS, Plans
from duet.evaluation.allocation import Allocation
from duet.spending.budget import Budget


def test_a_cap_is_spent_until_the_leaders_have_all_examples(run: Callable[..., Any]) -> None:
    tight, ample = (
        run(iterations=3, threshold=1.1, allocation=Allocation(), budget=Budget(max_calls=calls), folder=str(calls))
        for calls in (40, 70)
    )
    examples = len(ample.search.splits.validation)
    assert 36 <= tight.result["calls"] <= 40
    assert tight.result["validation_n"] < examples == ample.result["validation_n"]
    assert ample.result["calls"] <= 70


def test_a_decision_that_was_made_is_not_made_again(tmp_path: Path) -> None:
    assert Plans(tmp_path).remember("a", lambda: 3) == 3
    assert Plans(tmp_path).remember("a", lambda: 4) == 3
    assert Plans(tmp_path).remember("b", lambda: 4) == 4
    assert json.loads((tmp_path / PLANS).read_text()) == {"a": 3, "b": 4}


@pytest.mark.parametrize("content", ["{", "[1]", '{"a": "b"}', '{"a": true}'])
def test_a_damaged_plan_is_one_line(content: str, tmp_path: Path) -> None:
    (tmp_path / PLANS).write_text(content)
    with pytest.raises(ValueError, match=r"plans\.json: expected .* choose another run_dir"):
        Plans(tmp_path).remember("a", lambda: 3)


def test_a_larger_budget_is_planned_anew(run: Callable[..., Any]) -> None:
    first = run(iterations=3, threshold=1.1, allocation=Allocation(), budget=Budget(max_calls=50))
    names = json.loads((first.folder / PLANS).read_text())
    run(iterations=3, threshold=1.1, allocation=Allocation(), budget=Budget(max_calls=70))
    assert len(json.loads((first.folder / PLANS).read_text())) > len(names)
