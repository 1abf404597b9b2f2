from __future__ import annotations

from collections.abc import Sequence

import pytest

from duet.evaluation.evaluation import Evaluation, EvaluationConfig, Evaluator, mark
from duet.evaluation.racing import Racing
from duet.models.base import NOT_SENT, CallFailure, Outcome, Request
from duet.models.errors import BudgetSpent
from duet.models.fakes import ScriptedBlackBox
from duet.pool import Candidate
from duet.tasks.example import Example

EXAMPLES = [Example("ab", ("ba",)), Example("cd", ("dc", "DC"))]


def same(answer: str, outputs: Sequence[str]) -> float:
    return float(answer in outputs)


def reverser() -> ScriptedBlackBox:
    """Reverses the input when asked to, else copies it."""

    def answer(request: Request) -> str:
        text = request.prompt.split("Input: ")[1].removesuffix("\nOutput:")
        return text[::-1] if "Reverse" in request.prompt else text

    return ScriptedBlackBox(answer)


def evaluator(box: ScriptedBlackBox, evaluation: EvaluationConfig | None = None) -> Evaluator:
    return Evaluator(box, EXAMPLES, same, evaluation or EvaluationConfig())


def test_each_instruction_is_marked_on_each_example() -> None:
    marks = mark(["Reverse it.", "Copy it."], EXAMPLES, same, reverser(), EvaluationConfig())
    assert marks == [Evaluation((1.0, 1.0), ("ba", "dc")), Evaluation((0.0, 0.0), ("ab", "cd"))]


def test_all_prompts_go_in_one_stream_in_the_order_of_the_instructions() -> None:
    box = reverser()
    mark(["A b.", "C d."], EXAMPLES, same, box, EvaluationConfig(max_tokens=9))
    form = "Instruction: {}\n\nInput: {}\nOutput:"
    assert box.asked == [Request(form.format(text, one.input), 9) for text in ("A b.", "C d.") for one in EXAMPLES]


def test_a_template_of_ones_own_is_used() -> None:
    box = ScriptedBlackBox(lambda request: request.prompt)
    [found] = mark(["Do {input}."], EXAMPLES, same, box, EvaluationConfig(template="{input} <- {instruction}"))
    assert found == Evaluation((0.0, 0.0), ("ab <- Do {input}.", "cd <- Do {input}."))


def test_an_instruction_with_a_failed_call_has_no_score() -> None:
    failure = CallFailure("busy")
    box = ScriptedBlackBox(lambda r: failure if "Flaky" in r.prompt and "cd" in r.prompt else "ba")
    marks = mark(["Flaky one.", "Steady one."], EXAMPLES, same, box, EvaluationConfig())
    assert marks == [failure, Evaluation((1.0, 0.0), ("ba", "ba"))]
    rows = evaluator(box).score([Candidate("Flaky one.", "x"), Candidate("Steady one.", "y")], 3)
    assert [(row.text, row.candidate.origin, row.score, row.iteration) for row in rows] == [
        ("Steady one.", "y", 0.5, 3)
    ]


def test_an_empty_answer_is_an_answer() -> None:
    [row] = evaluator(ScriptedBlackBox(lambda _: "")).score([Candidate("Do it.", "x")], 0)
    assert (row.scores, row.outputs) == ((0.0, 0.0), ("", ""))


def test_a_spent_budget_is_not_caught() -> None:
    def refuse(_: Request) -> str:
        raise BudgetSpent("cap")

    with pytest.raises(BudgetSpent):
        evaluator(ScriptedBlackBox(refuse)).score([Candidate("Do it.", "x")], 0)


def test_an_instruction_costs_a_call_per_example() -> None:
    box = reverser()
    one = evaluator(box)
    one.score([Candidate("Do it.", "x")] * 3, 0)
    assert len(box.asked) == 3 * one.calls_per_instruction == 6


def test_no_candidates_make_no_observations() -> None:
    assert evaluator(reverser()).score([], 1) == []


@pytest.mark.parametrize("options", [{"examples": 0}, {"max_tokens": -1}])
def test_sizes_are_positive(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"Expected evaluation\.examples and max_tokens"):
        EvaluationConfig(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("template", ["{instruction}", "{input}", "", "{instruction }{input}"])
def test_a_template_names_both_parts(template: str) -> None:
    with pytest.raises(ValueError, match=r"Expected a template with \{instruction\} and \{input\}"):
        EvaluationConfig(template=template)


def test_the_log_says_what_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    box = ScriptedBlackBox(lambda r: CallFailure("busy") if "Flaky" in r.prompt else "ba")
    evaluator(box).score([Candidate("Flaky one.", "x"), Candidate("Steady one.", "y")], 0)
    assert caplog.messages == ["1 of 2 instructions lack an answer (busy)"]


def test_what_the_time_had_no_room_for_is_no_failure_of_the_provider() -> None:
    box = ScriptedBlackBox(lambda r: NOT_SENT if "Late" in r.prompt else "ba")
    rows = evaluator(box).score([Candidate("Early one.", "x"), Candidate("Late one.", "y")], 0)
    assert [row.text for row in rows] == ["Early one."]
    with pytest.raises(BudgetSpent, match="The time was up before an instruction had all its answers"):
        evaluator(box).score([Candidate("Late one.", "y")], 0)


TEN = [Example(f"{letter}z", (f"z{letter}",)) for letter in "abcdefghij"]
RACE = EvaluationConfig(racing=Racing(0.05, 2))


def racer(box: ScriptedBlackBox) -> Evaluator:
    return Evaluator(box, TEN, same, RACE)


def test_in_a_race_a_bad_instruction_costs_a_part_of_the_calls() -> None:
    box = reverser()
    good, bad = racer(box).score([Candidate("Reverse it.", "x"), Candidate("Copy it.", "x")], 0)
    assert (good.score, len(good.scores), bad.score) == (1.0, 10, 0.0)
    assert bad.outputs == tuple(one.input for one in TEN[: len(bad.outputs)])
    assert len(bad.scores) < 10
    assert len(box.asked) == len(good.scores) + len(bad.scores)


def test_a_race_is_run_against_the_best_so_far() -> None:
    [alone], [beaten] = (racer(reverser()).score([Candidate("Copy it.", "x")], 1, best) for best in (0.0, 1.0))
    assert (len(alone.scores), len(beaten.scores)) == (10, 2)


def test_a_failure_in_a_later_round_leaves_the_instruction_out() -> None:
    box = ScriptedBlackBox(lambda r: CallFailure("busy") if "hz" in r.prompt else "zz")
    assert racer(box).score([Candidate("Do it.", "x")], 0) == []


def test_when_the_room_ends_in_a_race_what_was_paid_is_kept() -> None:
    box, room = reverser(), [20]

    class Limited(ScriptedBlackBox):
        def complete(self, requests: Sequence[Request]) -> list[Outcome]:
            if len(requests) > room[0]:
                raise BudgetSpent("cap")
            room[0] -= len(requests)
            return box.complete(requests)

    texts = ["Reverse it.", "Reverse this.", "Reverse that."]
    rows = racer(Limited({})).score([Candidate(text, "x") for text in texts], 0)
    assert [(row.text, len(row.scores)) for row in rows] == [(text, 6) for text in texts]
    room[0] = 5
    with pytest.raises(BudgetSpent):
        racer(Limited({})).score([Candidate(text, "x") for text in texts], 0)


def test_when_the_time_ends_in_a_race_what_was_paid_is_kept() -> None:
    box = ScriptedBlackBox(lambda r: NOT_SENT if "ez" in r.prompt else "zz")
    [row] = racer(box).score([Candidate("Do it.", "x")], 0)
    assert len(row.scores) == 4
