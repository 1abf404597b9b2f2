from __future__ import annotations

import math
import random

import pytest

from duet.evaluation.evaluation import EvaluationConfig, Evaluator
from duet.examples.example import Example
from duet.models.base import NOT_SENT, CallFailure, Request
from duet.models.errors import BudgetSpent, ProviderError
from duet.models.fakes import ScriptedBlackBox
from duet.strategies.bandit_selection import BanditSelection, upper_confidence_bounds

EXAMPLES = [Example(f"in{number}", (str(number),)) for number in range(20)]
TEXTS = [f"Worth {share} of ten." for share in (3, 1, 9, 5, 0, 7, 2, 6, 4)]


def worth(request: Request) -> str:
    """Right on as many of ten examples as the instruction says."""
    share, number = int(request.prompt.split("Worth ")[1][0]), int(request.prompt.split("Input: in")[1].split()[0])
    return str(number if number % 10 < share else -1)


def evaluator(box: ScriptedBlackBox) -> Evaluator:
    return Evaluator(box, EXAMPLES, lambda answer, outputs: float(answer in outputs), EvaluationConfig())


def test_the_bound_is_that_of_a_hand_computed_example() -> None:
    bounds = upper_confidence_bounds([[1.0, 0.0, 0.0, 0.0], [1.0, 0.5], []], 2.0)
    assert bounds[:2] == pytest.approx([0.25 + 2 * math.sqrt(math.log(6) / 4), 0.75 + 2 * math.sqrt(math.log(6) / 2)])
    assert bounds[2] == math.inf


def test_a_round_is_a_share_of_the_proposals_on_a_few_examples_each() -> None:
    box = ScriptedBlackBox(worth)
    BanditSelection(rounds=1, share=1 / 3, examples=5).best(TEXTS, 1, evaluator(box), random.Random(0))
    tried = [request.prompt.split("\n")[0] for request in box.requests]
    assert tried == [f"Instruction: {text}" for text in TEXTS[:3] for _ in range(5)]


def test_all_are_tried_before_one_is_tried_again_and_then_the_promising_ones() -> None:
    box = ScriptedBlackBox(worth)
    trials = BanditSelection(rounds=5, share=1 / 3, examples=5, exploration=0.1)
    assert trials.best(TEXTS, 3, evaluator(box), random.Random(0))[0] == TEXTS.index("Worth 9 of ten.")
    counts = {text: sum(text in request.prompt for request in box.requests) for text in TEXTS}
    assert sum(counts.values()) == 5 * 3 * 5
    assert min(counts.values()) == 5
    assert {text for text, count in counts.items() if count > 5} <= {f"Worth {share} of ten." for share in (9, 7, 6, 5)}


def test_no_example_is_shown_twice_and_when_all_have_been_the_means_are_the_scores() -> None:
    box = ScriptedBlackBox(worth)
    order = BanditSelection(rounds=100).best(TEXTS, len(TEXTS), evaluator(box), random.Random(0))
    assert len(box.requests) == len(set(box.requests)) == len(TEXTS) * len(EXAMPLES)
    assert [TEXTS[place] for place in order] == sorted(TEXTS, reverse=True)


def test_who_was_never_tried_can_not_win() -> None:
    def wrong(request: Request) -> str:
        return "wrong"

    trials = BanditSelection(rounds=1, share=1 / 3)
    assert trials.best(TEXTS, 9, evaluator(ScriptedBlackBox(wrong)), random.Random(0)) == [0, 1, 2]


def test_a_failed_call_is_no_answer() -> None:
    def flaky(request: Request) -> str | CallFailure:
        return CallFailure("busy") if "Worth 9" in request.prompt or "in1" in request.prompt else worth(request)

    trials = BanditSelection(rounds=100)
    assert TEXTS.index("Worth 9 of ten.") not in trials.best(
        TEXTS, 9, evaluator(ScriptedBlackBox(flaky)), random.Random(0)
    )
    with pytest.raises(ProviderError, match="No proposal got an answer"):
        trials.best(TEXTS, 1, evaluator(ScriptedBlackBox(lambda request: CallFailure("busy"))), random.Random(0))
    with pytest.raises(BudgetSpent):
        trials.best(TEXTS, 1, evaluator(ScriptedBlackBox(lambda request: NOT_SENT)), random.Random(0))


@pytest.mark.parametrize(
    "wrong", [{"proposals": 0}, {"rounds": 0}, {"examples": 0}, {"share": 0.0}, {"share": 1.1}, {"exploration": -1.0}]
)
def test_wrong_numbers_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Expected trials with"):
        BanditSelection(**wrong)  # type: ignore[arg-type]
