from __future__ import annotations

from duet.models.answer_counts import AnswerCounts, CountingBlackBox
from duet.models.base import CallFailure, Completion, Outcome, Request
from duet.models.fakes import ScriptedBlackBox

OUTCOMES: list[Outcome] = [
    Completion("a", 1, 1), Completion("b", 1, 1, cut=True), Completion(" \n", 1, 1), Completion("", 1, 1, cut=True),
    CallFailure("no", kind="refused"), CallFailure("no", kind="too_long"), CallFailure("no", kind="refused"),
]  # fmt: skip


def test_what_says_little_is_counted() -> None:
    counts = AnswerCounts.of(OUTCOMES)
    assert counts == AnswerCounts(4, 2, 2, {"refused": 2, "too_long": 1})
    assert str(counts) == "2 of 7 answers cut, 2 empty, 2 refused, 1 too long"
    assert counts == AnswerCounts.of(OUTCOMES[:3]) + AnswerCounts.of(OUTCOMES[3:])


def test_where_every_answer_came_whole_there_is_nothing_to_say() -> None:
    assert str(AnswerCounts.of(OUTCOMES[:1])) == str(AnswerCounts()) == ""


def test_a_black_box_is_counted_and_changed_in_nothing() -> None:
    inner = ScriptedBlackBox({"a": "A", "b": ""}, follows_requests=False)
    box = CountingBlackBox(inner)
    requests = [Request("a"), Request("b"), Request("c")]
    assert box.complete(requests) == inner.complete(requests)
    assert box.counts == AnswerCounts(2, 0, 1, {"rejected": 1})
    assert (box.identity, box.follows_requests, box.answer_overhead) == (inner.identity, False, 0)
