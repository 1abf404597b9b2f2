"""Examples that a program or a settings file holds itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from duet.examples.example import TaskError
from duet.tasks.readers import FileFormat, examples_of
from duet.tasks.task import Task

WORDS = [(f"word {number}", str(number)) for number in range(12)]


def test_pairs_give_the_examples_of_a_file_of_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("input,output\n" + "".join(f"{text},{output}\n" for text, output in WORDS))
    from_file, from_pairs = Task("t", str(path)), Task("t", examples=WORDS)
    assert from_pairs.train == from_file.train
    assert from_pairs.fingerprint == from_file.fingerprint
    assert from_pairs.notes == from_file.notes


def test_numbers_are_their_text_and_several_outputs_are_a_list() -> None:
    items = [(1, 2.5), {"input": "a", "output": ("b", 3)}, {"Input": True, "Output": {"y"}}]
    [first, second, third], total = examples_of(items, FileFormat())
    assert ((first.input, first.outputs), second.outputs, total) == (("1", ("2.5",)), ("b", "3"), 3)
    assert (third.input, third.outputs) == ("true", ("y",))


def test_of_more_examples_than_wanted_some_are_drawn_and_a_note_says_so() -> None:
    task = Task("t", examples=[(f"word {number}", "x") for number in range(50)], max_examples=20)
    assert len(task.train) == 20
    assert any("20 of 50 examples are used" in note for note in task.notes)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("ab", r"item 2: expected a pair \(input, output\) or a record but found 'ab'"),
        (("a", "b", "c"), "item 2: expected a pair"),
        ({}, "item 2: expected a pair"),
        (("a", ""), "item 2: expected text in 'output' but it is empty"),
        (("a", None), "item 2: expected text or a number in 'output' but found null"),
        ({"input": "a", "answer": "b"}, "item 2: expected a column 'output' but found 'input', 'answer'"),
    ],
)
def test_what_is_no_example_is_refused_in_one_line(item: Any, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        Task("t", examples=[WORDS[0], item, *WORDS[1:]])


def test_examples_beside_a_file_or_none_are_refused() -> None:
    with pytest.raises(TaskError, match="found two of them"):
        Task("t", "train.csv", examples=WORDS)
    with pytest.raises(TaskError, match="expected at least 4 examples"):
        Task("t", examples=[])
