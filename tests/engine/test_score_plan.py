"""What the calls of scores are divided into, and that a start after a crash divides them alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from duet.engine.plans import PLANS, Plans
from duet.engine.score_plan import ScorePlan
from duet.engine.scoring import Scorer
from duet.evaluation.allocation import Allocation
from duet.pool import Candidate, Pool, ScoredInstruction
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


def test_what_the_rungs_leave_over_tells_tied_leaders_apart(run: Callable[..., Any], tmp_path: Path) -> None:
    marks = {"Later wrong.": (1, 1, 1, 0), "Right.": (1, 1, 1, 1), "Bad.": (0, 0, 0, 0), "Worse.": (0, 0, 0, 0)}

    def scored(text: str, n: int) -> ScoredInstruction:
        return ScoredInstruction(Candidate(text, "initial"), 0, tuple(map(float, marks[text][:n])), ("",) * n)

    class Oracle:
        def score(self, pool: Pool, raised: Mapping[str, int]) -> Pool:
            return Pool(tuple(scored(row.text, max(row.n, raised.get(row.text, 0))) for row in pool))

    search = run(iterations=1, threshold=1.1).search
    plan = ScorePlan(Allocation(examples=3, keep=0.7, rungs=1), range(9), search.needs, search.accounts, tmp_path)
    pool = Pool(tuple(scored(text, 1) for text in marks))
    plan.make(len(marks), pool)
    # 8 calls: three rows on 3 examples, and 2 calls for the two leaders
    found = plan.halve(pool, cast(Scorer, Oracle()))
    assert {row.text: row.n for row in found} == {"Later wrong.": 4, "Right.": 4, "Bad.": 3, "Worse.": 1}
    assert found.best().text == "Right."


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
