"""Files of one's own: what is read, what is left out, and what is said about it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from duet.examples.labels import label_counts
from duet.tasks.sources import PACKAGED
from duet.tasks.task import Task, TaskError


def jsonl(path: Path, rows: Iterable[tuple[str, str]]) -> str:
    path.write_text("".join(json.dumps({"input": text, "output": label}) + "\n" for text, label in rows))
    return str(path)


def numbered(n: int, label: str = "answer {}") -> list[tuple[str, str]]:
    return [(f"text {number}", label.format(number)) for number in range(n)]


def test_a_test_file_that_is_sorted_by_label_is_drawn_from_and_the_notes_say_so(tmp_path: Path) -> None:
    train = jsonl(tmp_path / "train.jsonl", [*numbered(60, "billing"), *((f"x{n}", "refund") for n in range(60))])
    test = jsonl(tmp_path / "test.jsonl", [(f"t{n}", "billing" if n < 250 else "refund") for n in range(500)])
    task = Task("routing", train, test)
    assert task.notes == ("100 of 500 test examples are tested on, drawn by the seed (task.max_test)",)
    assert label_counts(task.splits(0).test) == {"billing": 50, "refund": 50}
    assert set(task.splits(0).test) != set(task.splits(1).test)
    assert len(Task("routing", train, test, max_test=500).splits(0).test) == 500


def test_repeated_rows_are_used_once_and_said_in_every_part(tmp_path: Path) -> None:
    train = jsonl(tmp_path / "train.jsonl", [*numbered(12), ("text 0", "answer 0"), ("t0", "x"), ("v0", "x")])
    validation = jsonl(tmp_path / "validation.jsonl", [("v0", "x"), ("v1", "x"), ("v1", "x"), ("t0", "x")])
    test = jsonl(tmp_path / "test.jsonl", [("t0", "x"), (" t0 ", "x"), ("t1", "x")])
    task = Task("routing", train, test, validation_file=validation)
    assert task.notes == (
        "3 of 15 training examples are left out: their input occurs twice or in the validation or test set",
        "2 of 4 validation examples are left out: their input occurs twice or in the test set",
        "1 of 3 test examples are left out: their input occurs twice",
    )
    parts = task.splits(0)
    assert [len(part) for part in (parts.demonstrations, parts.validation, parts.test)] == [12, 2, 2]


def test_an_input_with_two_outputs_is_said(tmp_path: Path) -> None:
    train = jsonl(tmp_path / "train.jsonl", [*numbered(9), ("text 3", "another")])
    [_, note, _] = Task("routing", train, max_test=2).notes
    assert note == "1 input occurs with different outputs, such as 'text 3'; the first output of each part counts"


def test_of_a_large_file_a_sample_is_used_that_is_always_the_same(tmp_path: Path) -> None:
    train = jsonl(tmp_path / "train.jsonl", numbered(3000))
    task = Task("routing", train, max_examples=500)
    assert task.notes[0] == f"{train}: 500 of 3,000 examples are used, drawn at random (task.max_examples)"
    assert len(task.train) == 500
    assert max(int(example.input.split()[1]) for example in task.train) > 2900
    assert task.fingerprint == Task("routing", train, max_examples=500).fingerprint
    assert task.fingerprint != Task("routing", train, max_examples=501).fingerprint


def test_only_the_rows_that_are_used_are_parsed(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text('{"input": "a", "output": "b"}\n' + "no JSON\n" * 400_000)
    with pytest.raises(TaskError, match="expected valid JSON"):
        Task("routing", str(path))
    rows = [json.dumps({"input": f"{n}", "output": "b"}) if n % 1000 != 500 else "{" for n in range(100_000)]
    path.write_text("\n".join(rows))
    assert len(Task("routing", str(path), max_examples=10).train) == 10


def test_every_form_of_the_same_examples_is_the_same_task(tmp_path: Path) -> None:
    rows = [{"input": text, "output": label} for text, label in numbered(40)]
    paths = [tmp_path / name for name in ("a.jsonl", "a.json", "a.csv", "b.csv")]
    paths[0].write_text("\n".join(map(json.dumps, rows)))
    paths[1].write_text(json.dumps(rows, indent=2))
    for path, delimiter, encoding in ((paths[2], ",", "utf-8"), (paths[3], ";", "utf-16")):
        with path.open("w", newline="", encoding=encoding) as stream:
            writer = csv.DictWriter(stream, ["input", "output"], delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
    assert len({Task("routing", str(path)).fingerprint for path in paths}) == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"max_test": 0}, "task.max_test: expected 1 or more but found 0"),
        ({"max_examples": 3}, "task.max_examples: expected 4 or more but found 3"),
        ({"encoding": "klingon"}, "task.encoding: expected auto or a name"),
        ({"validation_file": "nowhere.jsonl"}, "nowhere.jsonl: expected a readable file"),
        ({"train_file": None, "validation_file": "x.jsonl"}, "task.validation_file: expected a train_file as well"),
    ],
)
def test_wrong_settings_are_one_line(tmp_path: Path, settings: dict[str, Any], words: str) -> None:
    train = jsonl(tmp_path / "train.jsonl", numbered(9))
    with pytest.raises(TaskError, match=words):
        Task(**{"name": "routing", "train_file": train, **settings})


def test_a_task_of_the_published_form_is_divided_as_published() -> None:
    name = sorted(path.stem for path in (PACKAGED / "induce").glob("*.json"))[0]
    task = Task(name)
    assert not task.split_settings.stratified
    assert task.splits(0).test == task.splits(1).test == (task.test or ())[:100]
