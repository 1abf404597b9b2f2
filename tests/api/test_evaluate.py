from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import duet
from duet.models.errors import BudgetSpent
from duet.models.function_black_box import FunctionBlackBox
from tests.api.conftest import PAIRS, SecondWord

GOOD, POOR = "Write the second word of the two, please, now.", "Copy."


def test_each_instruction_has_its_interval_and_its_difference_from_the_first(
    quick: dict[str, Any], model: SecondWord
) -> None:
    found = duet.evaluate([POOR, GOOD, POOR], PAIRS, model, progress=False)
    assert [row.instruction for row in found.scores] == [POOR, GOOD]
    poor, good = found.scores
    assert good.score == 1.0
    assert poor.interval[0] <= poor.score <= poor.interval[1] < good.score
    assert len(poor.scores) == len(good.outputs) == 8
    [difference] = found.differences
    assert (difference.mean_a, difference.mean_b) == (good.score, poor.score)
    assert found.best is good
    assert json.loads((found.folder / "evaluation.json").read_text()) == json.loads(json.dumps(found.to_dict()))


def test_what_was_answered_is_kept_and_the_validation_split_is_another_one(
    quick: dict[str, Any], model: SecondWord
) -> None:
    box = FunctionBlackBox(model, "second-word")
    first = duet.evaluate(GOOD, PAIRS, box)
    number = len(model.requests)
    assert duet.evaluate(GOOD, PAIRS, box).to_dict() == first.to_dict()
    assert len(model.requests) == number == 8
    validation = duet.evaluate(GOOD, PAIRS, box, split="validation")
    assert (validation.split, len(validation.scores[0].scores) > 8) == ("validation", True)


def test_the_budget_has_room_for_the_first_ones_or_for_none(quick: dict[str, Any], model: SecondWord) -> None:
    found = duet.evaluate([GOOD, POOR], PAIRS, model, budget=duet.Budget(max_calls=12))
    assert ([row.instruction for row in found.scores], found.missing) == ([GOOD], (POOR,))
    with pytest.raises(BudgetSpent):
        duet.evaluate([GOOD], PAIRS, model, budget=duet.Budget(max_calls=3))
    assert len(model.requests) == 8


def test_it_runs_where_an_event_loop_is_running(quick: dict[str, Any], model: SecondWord) -> None:
    async def main() -> float:
        return duet.evaluate(GOOD, PAIRS, model).best.score

    assert asyncio.run(main()) == 1.0


@pytest.mark.parametrize("wrong", [[], [""], [3]])
def test_what_is_no_instruction_is_refused_before_anything_is_made(
    quick: dict[str, Any], model: SecondWord, wrong: Any
) -> None:
    with pytest.raises(ValueError, match=r"^instructions: expected"):
        duet.evaluate(wrong, PAIRS, model)
    assert (model.requests, list(Path().iterdir())) == ([], [])


def test_a_model_that_may_cost_money_needs_a_budget(quick: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"can spend up to 8 calls, .* or give a budget, or uncapped=True$"):
        duet.evaluate(GOOD, PAIRS, "gpt-4o-mini")
