"""An example that no answer can come for is left out for all instructions, on demand; scores stay paired and nested."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from duet.engine.left_out import ValidationExamples, unanswerable
from duet.evaluation.allocation import Allocation
from duet.evaluation.evaluation import EvaluationConfig
from duet.examples.example import Example
from duet.models.base import AbstractBlackBox, AbstractWrapper, Arrived, CallFailure, Request, always
from duet.models.errors import ProviderError
from duet.pool import Candidate, Pool, ScoredInstruction

LEAVE_OUT = EvaluationConfig(unanswered="leave_out")
HALVING = Allocation(examples=6, first_share=0.3)


class Filtering(AbstractWrapper):
    """Filters every input that ends with one of some numbers, whatever the instruction."""

    def __init__(self, inner: AbstractBlackBox, endings: Sequence[str]) -> None:
        super().__init__(inner)
        self._endings = tuple(f"{ending}\nOutput:" for ending in endings)

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Any:
        for arrived in self._inner.stream(requests, may_send):
            yield self._filtered(requests, arrived)

    def _filtered(self, requests: Sequence[Request], arrived: Arrived) -> Arrived:
        failure = CallFailure("blocked", kind="filtered")
        return {
            place: failure if requests[place].prompt.endswith(self._endings) else outcome
            for place, outcome in arrived.items()
        }


def filtering(*endings: str) -> Callable[[AbstractBlackBox], Filtering]:
    return lambda box: Filtering(box, endings)


def lines(done: Any, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (done.folder / name).read_text().splitlines()]


@pytest.mark.parametrize("allocation", [Allocation("fixed", examples=6), HALVING], ids=lambda each: each.kind)
def test_an_example_without_an_answer_is_left_out_for_all_instructions(
    allocation: Allocation, run: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    options = {"wrap": filtering("2", "5"), "evaluation": LEAVE_OUT, "allocation": allocation, "threshold": 1.1}
    done = run(lambda _: 0.7, **options)
    left_out = done.result["left_out"]
    assert {each["why"] for each in left_out} == {"filtered"}
    assert all(each["input"].endswith(("2", "5")) for each in left_out)
    validation = [line["input"] for line in lines(done, "examples.jsonl") if line["split"] == "validation"]
    reached = max(line["n"] for line in lines(done, "candidates.jsonl"))
    assert not any(text.endswith(("2", "5")) for text in validation[:reached])
    for line in lines(done, "candidates.jsonl"):  # every score belongs to the example of its place
        assert line["n"] == len(line["scores"]) > 0
        rights = [text.split()[1] for text in validation]
        assert [float(answer == right) for answer, right in zip(line["outputs"], rights, strict=False)] == line[
            "scores"
        ]
    assert done.result["answers"] == {}
    tested = [line["input"] for line in lines(done, "examples.jsonl") if line["split"] == "test"]
    assert done.result["n_test"] == len(tested) == 4  # of 100 to 105, but 102 and 105
    assert "An example is left out for all instructions (filtered): a" in caplog.text


def test_by_default_it_counts_as_wrong_for_all(run: Callable[..., Any]) -> None:
    done = run(lambda _: 1.0, wrap=filtering("2", "5"), threshold=1.1)
    assert done.result["left_out"] == []
    assert done.result["n_test"] == 6
    assert done.result["test_score"] == pytest.approx(4 / 6)


def test_where_no_example_can_be_answered_the_run_stops(run: Callable[..., Any]) -> None:
    everything = EvaluationConfig(max_unanswered=1.0, unanswered="leave_out")
    with pytest.raises(ProviderError, match="No validation example can be answered"):
        run(wrap=filtering(*"0123456789"), evaluation=everything)


def test_what_was_left_out_counts_towards_the_share_that_stops_a_run(run: Callable[..., Any]) -> None:
    strict = EvaluationConfig(max_unanswered=0.1, unanswered="leave_out")
    with pytest.raises(ProviderError, match="answers will never arrive"):
        run(wrap=filtering("2", "5", "7", "1", "3"), evaluation=strict, allocation=Allocation("fixed", examples=9))


def test_an_instruction_that_alone_is_refused_is_wrong_and_no_example_is_left_out() -> None:
    assert unanswerable([["refused", "refused"], ["", ""], ["", ""]]) == {}


def test_a_resumed_run_leaves_the_same_examples_out() -> None:
    examples = [Example(str(number), ("x",)) for number in range(5)]
    first, second = ValidationExamples(examples), ValidationExamples(examples)
    row = ScoredInstruction(Candidate("Do it.", "a"), 0, (1.0, 0.0, 0.5), ("x", "", "y"), ("", "refused", ""))
    pool = first.settled(Pool((row,)))
    assert (pool.observations[0].scores, pool.observations[0].outputs) == ((1.0, 0.5), ("x", "y"))
    assert [example.input for example in first] == ["0", "2", "3", "4"]
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert (list(second), second.left_out) == (list(first), first.left_out)
