"""Answers become scores: in order, nested, and never one for an answer that may still come."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from duet.evaluation.evaluation import Evaluation, EvaluationConfig, Evaluator, Judging, Trial
from duet.examples.example import Example
from duet.metrics.judge import Judge
from duet.models.base import NOT_SENT, CallFailure, Completion, Outcome, Request
from duet.models.errors import BudgetSpent
from duet.models.fakes import ScriptedBlackBox
from duet.prompts import AnswerPrompt

EXAMPLES = [Example("ab", ("ba",)), Example("cd", ("dc", "DC")), Example("ef", ("fe",))]
WHOLE = [Trial("Reverse it.", 0, 3), Trial("Copy it.", 0, 3)]


def same(answer: str, outputs: Sequence[str]) -> float:
    return float(answer in outputs)


def reverser() -> ScriptedBlackBox:
    """Reverses the input where the instruction says so, else copies it."""

    def answer(request: Request) -> str:
        text = request.prompt.split("Input: ")[1].removesuffix("\nOutput:")
        return text[::-1] if "Reverse" in request.prompt else text

    return ScriptedBlackBox(answer)


def evaluator(box: ScriptedBlackBox, config: EvaluationConfig = EvaluationConfig()) -> Evaluator:
    return Evaluator(box, EXAMPLES, same, config)


def test_each_instruction_is_scored_on_each_example() -> None:
    assert evaluator(reverser()).evaluate(WHOLE) == [
        Evaluation((1.0, 1.0, 1.0), ("ba", "dc", "fe"), ("", "", ""), (6, 6, 6)),
        Evaluation((0.0, 0.0, 0.0), ("ab", "cd", "ef"), ("", "", ""), (6, 6, 6)),
    ]


def test_a_trial_meets_its_own_examples_only() -> None:
    [first, rest] = evaluator(reverser()).evaluate([Trial("Reverse it.", 0, 1), Trial("Reverse it.", 1, 3)])
    assert isinstance(first, Evaluation)
    assert isinstance(rest, Evaluation)
    assert first.outputs + rest.outputs == ("ba", "dc", "fe")


def test_all_prompts_go_in_one_stream_in_the_order_of_the_instructions() -> None:
    box = reverser()
    evaluator(box, EvaluationConfig(max_tokens=9)).evaluate([Trial("A b.", 1, 3), Trial("C d.", 0, 1)])
    form = "Instruction: {}\n\nInput: {}\nOutput:"
    pairs = [("A b.", "cd"), ("A b.", "ef"), ("C d.", "ab")]
    assert box.requests == [Request(form.format(*pair), 9) for pair in pairs]


def test_the_tasks_own_prompt_is_used() -> None:
    box = ScriptedBlackBox(lambda request: request.prompt)
    own = Evaluator(box, EXAMPLES, same, EvaluationConfig(), AnswerPrompt("{input} <- {instruction}", stop=("x",)))
    [found] = own.evaluate([Trial("Do {input}.", 0, 1)])
    assert found == Evaluation((0.0,), ("ab <- Do {input}.",), ("",), (4,))
    assert box.requests[0].stop == ("x",)


def judge_of(reply: str | CallFailure) -> tuple[Evaluator, ScriptedBlackBox]:
    """Answers are scored by a model that always says the same."""
    judge = ScriptedBlackBox(lambda request: reply)
    judging = Judging(Judge("Right or wrong?"), judge, lambda answer: answer.upper())
    return Evaluator(reverser(), EXAMPLES, same, EvaluationConfig(), judging=judging), judge


def test_a_judge_scores_what_is_extracted_of_each_answer_in_one_stream() -> None:
    judged, judge = judge_of("Fine.\nScore: 7")
    first, second = judged.evaluate(WHOLE)
    assert isinstance(first, Evaluation)
    assert isinstance(second, Evaluation)
    assert first.scores == second.scores == (0.7, 0.7, 0.7)
    assert first.outputs == ("ba", "dc", "fe")
    assert len(judge.requests) == 6
    assert "<answer>\nBA\n</answer>" in judge.requests[0].prompt


def test_a_judge_that_gives_no_score_counts_as_wrong_and_is_named() -> None:
    judged, _ = judge_of("I can't say.")
    assert judged.evaluate(WHOLE[:1]) == [Evaluation((0.0,) * 3, ("ba", "dc", "fe"), ("not judged",) * 3, (6,) * 3)]


def test_a_judgement_that_may_still_come_is_no_score() -> None:
    failure = CallFailure("busy")
    judged, _ = judge_of(failure)
    assert judged.evaluate(WHOLE[:1]) == [failure]


def test_a_trial_with_an_answer_that_may_still_come_has_no_score() -> None:
    failure = CallFailure("busy")
    box = ScriptedBlackBox(lambda r: failure if "Flaky" in r.prompt and "cd" in r.prompt else "ba")
    flaky, steady = evaluator(box).evaluate([Trial("Flaky one.", 0, 3), Trial("Steady one.", 0, 3)])
    assert flaky == failure
    assert isinstance(steady, Evaluation)
    assert steady.scores == (1.0, 0.0, 0.0)


@pytest.mark.parametrize("kind", ["rejected", "refused", "filtered", "tool_calls", "empty"])
def test_an_answer_that_can_never_come_counts_as_wrong_and_is_named(kind: str) -> None:
    failure = CallFailure("no", kind=kind)  # type: ignore[arg-type]
    box = ScriptedBlackBox(lambda request: failure if "cd" in request.prompt else "ba")
    [found] = evaluator(box).evaluate([Trial("Say it.", 0, 2)])
    assert found == Evaluation((1.0, 0.0), ("ba", ""), ("", kind), (6, 0))


def test_cut_and_empty_answers_are_scored_as_they_are_and_named() -> None:
    answers = {"ab": Completion("b", 1, 1, cut=True), "cd": Completion(" ", 1, 0), "ef": Completion("fe", 1, 1)}

    class Answering(ScriptedBlackBox):
        def complete(self, requests: Sequence[Request]) -> list[Outcome]:
            return [next(answers[key] for key in answers if key in request.prompt) for request in requests]

    [found] = evaluator(Answering({})).evaluate([Trial("Say it.", 0, 3)])
    assert found == Evaluation((0.0, 0.0, 1.0), ("b", " ", "fe"), ("cut", "empty", ""), (1, 1, 1))


def test_what_was_answered_before_the_time_was_up_is_kept() -> None:
    class Late(ScriptedBlackBox):
        def complete(self, requests: Sequence[Request]) -> list[Outcome]:
            return [*super().complete(requests[:4]), *[NOT_SENT] * len(requests[4:])]

    late = Late(reverser()._answer)
    whole, part, none = evaluator(late).evaluate([*WHOLE, Trial("Reverse it.", 0, 3)])
    assert isinstance(whole, Evaluation)
    assert part == Evaluation((0.0,), ("ab",), ("",), (6,))
    assert none == NOT_SENT


def test_pairs_are_scored_one_by_one() -> None:
    failing = CallFailure("busy")
    box = ScriptedBlackBox(lambda r: failing if "ef" in r.prompt else "ba")
    assert evaluator(box).score_pairs([("Say it.", 0), ("Say it.", 1), ("Say it.", 2)]) == [1.0, 0.0, None]


def test_pairs_stop_where_the_time_is_up() -> None:
    box = ScriptedBlackBox(lambda request: NOT_SENT)
    with pytest.raises(BudgetSpent, match="Time ran out"):
        evaluator(box).score_pairs([("Say it.", 0)])
