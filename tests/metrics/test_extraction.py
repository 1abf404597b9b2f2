"""What of an answer is scored."""

from __future__ import annotations

from typing import Any

import pytest

from duet.examples.example import TaskError
from duet.metrics.answer_metric import AnswerMetric, without_extraction
from duet.metrics.extraction import Extraction
from duet.metrics.matching import ExactMatch

ANSWER = """<think>
Answer: 7? No.
</think>
Let me compute.

Answer: see below
```json
{"result": {"items": [{"name": "x"}, 42.50]}}
```
So it is = 1, = 2
"""


@pytest.mark.parametrize(
    ("extract", "part"),
    [
        (None, ANSWER), ("last_line", "So it is = 1, = 2"),
        ("fenced_block", '{"result": {"items": [{"name": "x"}, 42.50]}}'), ({"regex": "= (\\d)"}, "2"),
        ({"regex": "So it"}, "So it"), ({"json": "result.items[1]"}, "42.50"),
        ({"json": "$.result.items[0].name"}, "x"),
        ({"json": "result.items[0]"}, '{"name": "x"}'), ({"json": "nothing"}, ""), ({"after": "No such mark"}, ""),
        (["fenced_block", {"json": "result.items[0].name"}], "x"), ({"regex": "(?P<a>Z)?So"}, ""),
        (["after_think", {"after": "answer:"}, {"regex": "[a-z ]{4,}"}], "o it is "),
    ],
)  # fmt: skip
def test_a_step_finds_its_part_and_nothing_else(extract: Any, part: str) -> None:
    assert Extraction(extract)(ANSWER) == part


def test_steps_follow_each_other() -> None:
    assert Extraction(["after_think", {"after": "Answer:"}, "last_line"])(ANSWER) == "So it is = 1, = 2"
    assert Extraction(["after_think", "fenced_block", {"json": "result.items[1]"}])(ANSWER) == "42.50"
    assert Extraction({"after": "So", "regex": "= \\d"})(ANSWER) == "= 2"


@pytest.mark.parametrize(
    "extract", ["last_line", "fenced_block", "after_think", "json", {"after": "A"}, {"regex": "A"}]
)
@pytest.mark.parametrize("answer", ["", "\n \n"])
def test_an_empty_answer_has_no_part(extract: Any, answer: str) -> None:
    assert Extraction(extract)(answer).strip() == ""


def test_reasoning_that_was_cut_off_leaves_nothing_to_score() -> None:
    assert Extraction("after_think")("<think>It may be 42") == ""


@pytest.mark.parametrize(
    ("extract", "words"),
    [
        ("lastline", "expected last_line, fenced_block, after_think, json, {after: ...}, .* but found lastline"),
        ({"after": ""}, "expected a text for after but it is empty"),
        ({"regex": "("}, r"expected a regular expression but found '\('"),
        ({"json": "a[b"}, "expected a path such as result.items"),
        (["last_line", {"between": "a"}], r"but found \{between: a\}"),
        ({"last_line": "x"}, r"but found \{last_line: x\}"),
    ],
)
def test_a_step_that_is_none_is_refused_in_one_line(extract: Any, words: str) -> None:
    with pytest.raises(TaskError, match=f"^task.answer.extract: .*{words}"):
        Extraction(extract)


def test_accepted_outputs_are_compared_without_extraction() -> None:
    metric = AnswerMetric(ExactMatch(), Extraction({"after": "Answer:"}))
    assert metric("Answer: 42", ["42"]) == 1
    assert metric("42", ["42"]) == 0
    assert without_extraction(metric)("42", ["42"]) == 1
    assert without_extraction(ExactMatch()) == ExactMatch()
