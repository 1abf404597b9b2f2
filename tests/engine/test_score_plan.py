"""What the calls of scores are divided into, and that a start after a crash divides them alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from duet.engine.plans import PLANS, Plans
from duet.engine.score_plan import ScorePlan
from duet.engine.scoring import Scorer
from duet.evaluation.allocation import Allocation
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.spending.budget import Budget, Usage
from duet.spending.spend_tracker import SpendTracker


def test_a_cap_is_spent_until_the_leaders_have_all_examples(run: Callable[..., Any]) -> None:
    tight, ample = (
        run(iterations=3, threshold=1.1, allocation=Allocation(), budget=Budget(max_calls=calls), folder=str(calls))
        for calls in (40, 70)
    )
    examples = len(ample.search.splits.validation)
    is_first = tight.result["best_instruction"] == tight.result["initial_best_instruction"]  # then one test is saved
    assert 36 <= tight.result["calls"] + 6 * is_first <= 40
    assert tight.result["validation_n"] < examples == ample.result["validation_n"]
    assert ample.result["calls"] <= 70


class Oracle:
    """Scores at once, from the scores of each instruction."""

    def __init__(self, scores: Mapping[str, Sequence[int]]) -> None:
        self._scores = scores

    def scored(self, text: str, n: int) -> ScoredInstruction:
        return ScoredInstruction(Candidate(text, "initial"), 0, tuple(map(float, self._scores[text][:n])), ("",) * n)

    def score(self, pool: Pool, raised: Mapping[str, int]) -> Pool:
        return Pool(tuple(self.scored(row.text, max(row.n, raised.get(row.text, 0))) for row in pool))


class CheaperThanExpected:
    """A tracker whose room for answers is what the list says, each time anew."""

    budget = Budget(max_cost_usd=1)
    so_far = ", $0.50 so far"

    def __init__(self, *room: int) -> None:
        self._room = iter(room)

    def affordable(self, needed: Callable[[int], Usage], count: int) -> int:
        return min(next(self._room), count)


def test_what_the_rungs_leave_over_tells_tied_leaders_apart(run: Callable[..., Any], tmp_path: Path) -> None:
    scores = {"Later wrong.": (1, 1, 1, 0), "Right.": (1, 1, 1, 1), "Bad.": (0, 0, 0, 0), "Worse.": (0, 0, 0, 0)}
    oracle, search = Oracle(scores), run(iterations=1, threshold=1.1).search
    plan = ScorePlan(Allocation(examples=3, keep=0.7, rungs=1), range(9), search.needs, search.accounts, tmp_path)
    pool = Pool(tuple(oracle.scored(text, 1) for text in scores))
    plan.make(len(scores), pool)
    # 8 calls: three rows on 3 examples, and 2 calls for the two leaders
    found = plan.halve(pool, cast(Scorer, oracle))
    assert {row.text: row.n for row in found} == {"Later wrong.": 4, "Right.": 4, "Bad.": 3, "Worse.": 1}
    assert found.best().text == "Right."


@pytest.mark.parametrize(
    ("allocation", "new", "expected"),
    [
        # 24 calls, 4 for first scores; half of the other 20 for 4 instructions, so 5 for 2 of them: twice two more
        (Allocation(examples=6, promotion_share=0.5), 2, {"First.": 3, "Second.": 3}),
        (Allocation(examples=6, promotion_share=0.5), 4, {"First.": 3, "Second.": 3, "Third.": 8}),
        (Allocation(examples=6, promotion_share=0), 4, {}),
        (Allocation("fixed", examples=6), 4, {}),
    ],
)
def test_leaders_are_promoted_with_a_share_of_what_first_scores_leave(
    allocation: Allocation, new: int, expected: dict[str, int], run: Callable[..., Any], tmp_path: Path
) -> None:
    search, counts = run(iterations=1, threshold=1.1).search, {"First.": 1, "Second.": 1, "Third.": 4}
    plan = ScorePlan(allocation, range(9), search.needs, search.accounts, tmp_path)
    plan.make(4, Pool())
    leaders = [Oracle({text: (1,) * 9}).scored(text, n) for text, n in counts.items()]
    assert plan.promoted(leaders, plan.promotion_calls(new)) == expected


def test_a_rung_leaves_those_alone_that_have_more_examples(run: Callable[..., Any], tmp_path: Path) -> None:
    search, asked = run(iterations=1, threshold=1.1).search, dict[str, int]()

    class Asked(Oracle):
        def score(self, pool: Pool, raised: Mapping[str, int]) -> Pool:
            asked.update(raised)
            return super().score(pool, raised)

    oracle = Asked(dict.fromkeys(("Promoted.", "Second.", "Third."), (1,) * 9))
    plan = ScorePlan(Allocation(examples=4, keep=0.9, rungs=1, tie_share=0), range(9), search.needs, search.accounts,
                     tmp_path)  # fmt: skip
    pool = Pool(tuple(oracle.scored(text, n) for text, n in (("Promoted.", 8), ("Second.", 1), ("Third.", 1))))
    plan.make(3, pool)
    assert {row.n for row in plan.halve(pool, cast(Scorer, oracle))} == {8, 2}
    assert asked == {"Second.": 2, "Third.": 2}


def test_tied_leaders_get_examples_until_one_is_ahead_as_long_as_there_is_money(
    run: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scores = {"Later wrong.": (1,) * 6 + (0,) * 3, "Right.": (1,) * 9, "Bad.": (0,) * 9, "Worse.": (0,) * 9}
    oracle, search = Oracle(scores), run(iterations=1, threshold=1.1).search

    def halved(*room: int) -> Pool:
        folder = tmp_path / str(len(room))
        folder.mkdir()
        tracker = cast(SpendTracker, CheaperThanExpected(12, *room))
        plan = ScorePlan(Allocation(keep=0.7, rungs=1), range(9), search.needs, tracker, folder)
        pool = Pool(tuple(oracle.scored(text, 1) for text in scores))
        plan.make(len(scores), pool)
        return plan.halve(pool, cast(Scorer, oracle))

    caplog.set_level("INFO", logger="duet")
    counts = {row.text: row.n for row in halved(8, 5, 4)}  # after the rung's six, the answers were cheap
    assert counts == {"Later wrong.": 7, "Right.": 7, "Bad.": 3, "Worse.": 1}
    assert [line for line in caplog.messages if line.startswith(("final", "2 instr"))] == [
        "final round 1/1: 3 instructions on 3 examples, $0.50 so far",
        "2 instructions were tied: now on 5 examples, $0.50 so far",
        "2 instructions were tied: now on 7 examples, $0.50 so far",
    ]
    assert halved(8, 1).best().n == 3


@pytest.mark.parametrize(
    ("allocation", "examples"),
    [
        # 4 rows on 4 examples are 16 calls, and half of them more for the two leaders: four each, in two steps
        (Allocation("fixed", examples=4, tie_share=0.5), {"Later wrong.": 8, "Right.": 8, "Bad.": 4, "Worse.": 4}),
        (Allocation("fixed", examples=4, tie_share=0.1), {"Later wrong.": 5, "Right.": 5, "Bad.": 4, "Worse.": 4}),
        (Allocation("fixed", examples=4, tie_share=0), {"Later wrong.": 4, "Right.": 4, "Bad.": 4, "Worse.": 4}),
        # 16 calls: one for each of the four, six more for each of the two leaders; and a tenth on top, one more each
        (
            Allocation(examples=4, keep=0.4, rungs=1, tie_share=0.1),
            {"Later wrong.": 8, "Right.": 8, "Bad.": 1, "Worse.": 1},
        ),
        (
            Allocation(examples=4, keep=0.4, rungs=1, tie_share=0),
            {"Later wrong.": 7, "Right.": 7, "Bad.": 1, "Worse.": 1},
        ),
    ],
)
def test_without_a_cap_tied_leaders_may_take_a_share_on_top(
    allocation: Allocation, examples: dict[str, int], run: Callable[..., Any], tmp_path: Path
) -> None:
    later_wrong = (*(1,) * 7, 0, 0)
    oracle = Oracle({"Later wrong.": later_wrong, "Right.": (1,) * 9, "Bad.": (0,) * 9, "Worse.": (0,) * 9})
    search = run(iterations=1, threshold=1.1).search
    plan = ScorePlan(allocation, range(9), search.needs, search.accounts, tmp_path)
    plan.make(4, Pool())
    pool = Pool(tuple(oracle.scored(text, plan.first_examples) for text in examples))
    found = plan.halve(pool, cast(Scorer, oracle))
    assert {row.text: row.n for row in found} == examples
    assert found.best().text == ("Right." if examples["Right."] == 8 else "Later wrong.")


def test_tied_leaders_take_no_more_than_a_fixed_plan_has_on_top_though_the_cap_would_allow_it(
    run: Callable[..., Any],
) -> None:
    fixed = Allocation("fixed", examples=2, tie_share=0.5)
    done = run(lambda _: 1.0, iterations=3, threshold=1.1, allocation=fixed, budget=Budget(max_calls=1000))
    assert [row.n for row in done.search.pool] == [3] * 8  # half of sixteen calls on top, and all are tied
    assert done.result["calls"] <= done.search.estimate().most.calls


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
