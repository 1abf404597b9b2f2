"""A metric is tried on the accepted outputs before anything is paid."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from duet.examples.example import Example, TaskError
from duet.metrics.induction import induction_exact_match
from duet.metrics.json_data import Json
from duet.metrics.matching import ExactMatch, Label, Regex
from duet.metrics.trial import trial_notes


def examples(*outputs: str | tuple[str, ...]) -> list[Example]:
    return [Example(f"q{n}", (out,) if isinstance(out, str) else out) for n, out in enumerate(outputs)]


def test_a_metric_that_tells_all_outputs_apart_needs_no_note() -> None:
    assert trial_notes(ExactMatch(), "exact_match", examples("3.14", "3.99", "a", ("b", "B"), "3.14")) == ()


def test_outputs_that_a_metric_calls_equal_are_named() -> None:
    found = trial_notes(induction_exact_match, "m", examples("3.14", "x", "3.99", "$12.50", "$12.99"))
    assert found == ("task.metric: m calls different outputs equal: '$12.50' and '$12.99', '3.14' and '3.99'",)


def test_many_such_pairs_are_counted() -> None:
    [note] = trial_notes(induction_exact_match, "m", examples(*(f"1.{number}" for number in range(9))))
    assert note.endswith(", and 33 more pairs")


def test_outputs_of_one_example_may_be_equal() -> None:
    assert trial_notes(ExactMatch(ignore_case=True), "m", examples(("yes", "YES"), "no")) == ()


def test_two_alike_outputs_among_hundreds_are_found() -> None:
    [note] = trial_notes(ExactMatch(ignore_case=True), "m", examples("apple", *map(str, range(200)), "appLe"))
    assert note == "task.metric: m calls different outputs equal: 'appLe' and 'apple'"


def test_what_right_answers_score_is_said_where_it_is_not_one() -> None:
    def half(answer: str, outputs: Sequence[str]) -> float:
        return 0.5 if answer == "b" else float(answer in outputs)

    assert trial_notes(half, "half", examples("a", "b")) == (
        "task.metric: half gives 1 of 2 accepted outputs less than 1, such as 0.50 for 'b': no instruction can reach 1",
    )


def test_a_metric_that_can_only_score_zero_is_refused() -> None:
    with pytest.raises(TaskError, match="every one of 2 scores 0, such as 'blue'"):
        trial_notes(Json(), "json", examples("blue", "green"))


def test_what_a_library_prints_meanwhile_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    def chatty(answer: str, outputs: Sequence[str]) -> float:
        print("[data] Error loading\n[data] from nowhere")
        os.write(1, b"past Python")
        os.write(2, b"as a library in C, or a stream that was kept")
        raise TaskError("no data")

    with pytest.raises(TaskError, match="no data"):
        trial_notes(chatty, "chatty", examples("a"))
    print("shown again")
    assert capfd.readouterr() == ("shown again\n", "")


def test_outputs_that_are_patterns_must_be_patterns() -> None:
    assert trial_notes(Regex(), "regex", examples(r"\d+ km", "a|b")) == ()
    with pytest.raises(TaskError, match=r"to be a regular expression but found '\(a': missing \)"):
        trial_notes(Regex(), "regex", examples("b", "(a"))


def test_too_many_labels_are_no_labels() -> None:
    outputs = [f"text {number}" for number in range(60)]
    assert trial_notes(Label(tuple(outputs)), "label", examples(*outputs)) == (
        "task.metric: label is for a small set of labels, but the outputs are 60 texts",
    )
