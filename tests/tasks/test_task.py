"""Tasks from files, from a folder, and by name; the 30 published ones against the reference."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from jsonargparse import ArgumentParser

import duet.tasks.sources
import duet.tasks.task
from duet.metrics.extraction import Extraction
from duet.metrics.judge import Judge
from duet.metrics.matching import ExactMatch, TokenF1
from duet.metrics.numbers import Number
from duet.metrics.registry import PUBLISHED
from duet.prompts import AnswerPrompt
from duet.tasks.manifest import benchmark_metrics, manifest_files
from duet.tasks.task import Example, Task, TaskError, own_tasks

Golden = Callable[[str], Any]


def lines(path: Path, inputs: Sequence[object]) -> str:
    path.write_text("".join(json.dumps({"input": f"{each}", "output": f"answer {each}"}) + "\n" for each in inputs))
    return str(path)


def pair(folder: Path, name: str, metric: str | None = None) -> None:
    metadata = {} if metric is None else {"metric": metric}
    for part, offset in (("induce", 0), ("execute", 10)):
        (folder / part).mkdir(exist_ok=True)
        rows = {str(n): {"input": f"{n + offset}", "output": "x"} for n in range(1, 7)}
        (folder / part / f"{name}.json").write_text(json.dumps({"metadata": metadata, "examples": rows}))


@pytest.fixture
def train(tmp_path: Path) -> str:
    return lines(tmp_path / "train.jsonl", range(50))


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setattr(duet.tasks.sources, "PACKAGED", folder)
    monkeypatch.setattr(duet.tasks.task, "PACKAGED", folder)
    pair(folder, "reverse_word", "exact_set")
    pair(folder, "count_words", "exact_match")
    return folder


def test_files_make_a_task_with_exact_match_by_default(tmp_path: Path, train: str) -> None:
    task = Task("routing", train, lines(tmp_path / "test.jsonl", ["a", "b"]))
    assert (task.name, task.metric_name, task.metric) == ("routing", "exact_match", ExactMatch())
    assert task.notes == ()
    assert task.splits(0).test == (Example("a", ("answer a",)), Example("b", ("answer b",)))


def test_without_a_test_file_a_share_is_held_out_and_the_notes_say_so(train: str) -> None:
    task = Task("routing", train)
    assert task.notes == ("No test file: 20% of the training file (10 of 50) are held out as the test set",)
    assert len(task.splits(0).test) == 10
    assert len(Task("routing", train, test_share=0.5).splits(0).test) == 25


def test_examples_that_are_left_out_are_mentioned(tmp_path: Path) -> None:
    train = lines(tmp_path / "train.jsonl", [*range(10), 3, 4])
    task = Task("routing", train, lines(tmp_path / "test.jsonl", [0, "b"]))
    assert task.notes == ("3 of 12 training examples are left out: their input occurs twice or in the test set",)
    assert "0" not in {example.input for example in task.splits(0).demonstrations + task.splits(0).validation}


def test_the_config_key_builds_a_task_and_its_help_explains_every_option(train: str) -> None:
    parser = ArgumentParser()
    parser.add_class_arguments(Task, "task")
    config = parser.parse_args(["--task.name", "routing", "--task.train_file", train, "--task.metric", "f1"])
    assert parser.instantiate(config).task.metric == TokenF1()
    assert "The share of train_file to hold out" in parser.format_help()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"train_file": "x.jsonl", "directory": "d"}, "expected train_file or directory but found both"),
        ({"test_file": "x.jsonl"}, "task.test_file: expected a train_file as well"),
        ({"directory": "d", "test_file": "x.jsonl"}, "task.test_file: expected a train_file as well"),
        ({"train_file": "nowhere.jsonl"}, "nowhere.jsonl: expected a readable file but found: No such file"),
        ({"train_file": "x.jsonl", "test_share": 1.0}, "task.test_share: expected a share between 0 and 1"),
        ({"name": " "}, "task.name: expected a name"),
        ({"directory": "nowhere"}, "task.directory: expected induce/routing.json"),
    ],
)
def test_arguments_that_make_no_task_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(TaskError, match=words):
        Task(**{"name": "routing", **arguments})


def own(tmp_path: Path, *outputs: str, **arguments: Any) -> Task:
    rows = [json.dumps({"input": f"{number}", "output": output}) for number, output in enumerate(outputs)]
    (tmp_path / "own.jsonl").write_text("\n".join(rows))
    return Task("own", str(tmp_path / "own.jsonl"), **arguments)


def test_a_metric_with_arguments_a_function_and_a_file_beside_the_examples(tmp_path: Path) -> None:
    outputs = [str(number) for number in range(6)]
    assert own(tmp_path, *outputs, metric={"name": "number", "tolerance": 0.5}).metric == Number(tolerance=0.5)
    assert own(tmp_path, *outputs, metric=lambda answer, accepted: answer in accepted).metric("3", ["3"]) == 1
    (tmp_path / "mine.py").write_text("def score(answer, outputs):\n    return answer in outputs\n")
    task = own(tmp_path, *outputs, metric="mine.py:score")
    assert (task.metric_name, task.metric("3", ["3"]), task.metric("3", ["4"])) == ("mine.py:score", 1, 0)


def test_the_labels_are_those_of_all_examples(tmp_path: Path) -> None:
    task = own(tmp_path, "yes", "no", "yes", "no", "maybe", metric="label")
    assert task.metric("Yes, no ... I would say: maybe.", ["maybe"]) == 1


def test_what_a_trial_of_the_metric_shows_is_a_note(tmp_path: Path) -> None:
    assert own(tmp_path, "3.14", "3.99", "a", "b").notes[1:] == ()
    notes = own(tmp_path, "3.14", "3.99", "a", "b", metric="induction_exact_match").notes
    assert notes[1:] == ("task.metric: induction_exact_match calls different outputs equal: '3.14' and '3.99'",)


def test_the_published_tasks_keep_their_metric_without_a_note() -> None:
    task = Task("sum_two_numbers") if "sum_two_numbers" in own_tasks() else Task(own_tasks()[0])
    assert task.metric_name in PUBLISHED
    assert task.notes == ()


def test_an_answer_is_scored_by_the_part_that_is_extracted(tmp_path: Path) -> None:
    task = own(tmp_path, "1", "2", "3", "4", answer=Extraction({"after": "Answer:"}))
    assert task.metric("Let me see. Answer: 3", ["3"]) == 1
    assert task.metric("3", ["3"]) == 0
    assert task.answer("Let me see. Answer: 3") == "3"


def test_a_judge_is_no_function_and_is_not_tried(tmp_path: Path) -> None:
    task = own(tmp_path, "a", "b", "c", "d", metric={"name": "judge", "rubric": "short"})
    assert task.judge == Judge("short")
    with pytest.raises(TaskError, match="a judge scores with a black box"):
        task.metric("a", ["a"])


def test_the_fingerprint_tells_metrics_extractions_and_prompts_apart(tmp_path: Path) -> None:
    outputs = [str(number) for number in range(6)]
    several: list[dict[str, Any]] = [
        {}, {"metric": "number"}, {"metric": {"name": "number", "tolerance": 1}}, {"answer": Extraction("last_line")},
        {"prompt": AnswerPrompt("{instruction}: {input}")}, {"prompt": AnswerPrompt(stop=("x",))},
        {"prompt": AnswerPrompt(system="Be short.")},
    ]  # fmt: skip
    assert len({own(tmp_path, *outputs, **arguments).fingerprint for arguments in several}) == len(several)


def test_names_in_braces_that_are_no_column_are_noted(tmp_path: Path) -> None:
    notes = own(tmp_path, "1", "2", "3", "4", prompt=AnswerPrompt("{instruction} {input} {subjct}")).notes
    assert notes[1] == "task.prompt: {subjct} is sent as it stands; what is filled in is {instruction}, {input}"
    with pytest.raises(TaskError, match=r"task.prompt: expected \{input\} in it but found none"):
        own(tmp_path, "1", "2", "3", "4", prompt=AnswerPrompt("{instruction} {subjct}"))


def test_an_unknown_metric_is_refused(train: str) -> None:
    with pytest.raises(TaskError, match=r"task.metric: expected one of exact_match, .*, f1, .* but found 'f2'"):
        Task("routing", train, metric="f2")


@pytest.mark.parametrize(
    ("inputs", "found"),
    [([1, 2, 3], "found 3"), ([1, 1, 1, 2, 3], "found 3; 2 of 5"), ([1, 2, 3, "t"], "found 3; 1 of 4")],
)
def test_fewer_than_four_examples_are_refused_with_the_reason(tmp_path: Path, inputs: list[object], found: str) -> None:
    train, test = lines(tmp_path / "train.jsonl", inputs), lines(tmp_path / "test.jsonl", ["t"])
    with pytest.raises(TaskError, match=f"train.jsonl: expected at least 4 examples .* but {found}"):
        Task("routing", train, test)


def test_a_task_that_ships_is_found_by_name_with_its_metric(packaged: Path) -> None:
    assert own_tasks() == ["count_words", "reverse_word"]
    task = Task("reverse_word")
    assert task.metric_name == "exact_set"
    assert len(task.splits(0).demonstrations) == 3
    assert Task("reverse_word", metric="f1").metric_name == "f1"


def test_an_unknown_name_is_answered_with_close_and_all_names(packaged: Path) -> None:
    with pytest.raises(
        TaskError, match=r"'reverse_wrod' \(did you mean 'reverse_word'\?\); .*: count_words, reverse_word;"
    ):
        Task("reverse_wrod")


def test_the_name_of_a_published_task_alone_says_how_to_get_it(packaged: Path) -> None:
    with pytest.raises(TaskError, match=r"needs task\.directory .*data download --directory"):
        Task("sum")


def test_an_unknown_name_in_a_folder_lists_that_folder(packaged: Path) -> None:
    with pytest.raises(TaskError, match=r"expected a task in .*data but found '\.\./x'.*: count_words, reverse_word"):
        Task("../x", directory=str(packaged))


def test_a_task_of_the_same_form_may_lie_in_any_folder(tmp_path: Path) -> None:
    pair(tmp_path, "mine")
    assert Task("mine", directory=str(tmp_path)).metric_name == "exact_match"


def test_the_fingerprint_tells_tasks_apart(tmp_path: Path, train: str) -> None:
    test = lines(tmp_path / "test.jsonl", ["a", "b"])
    other = lines(tmp_path / "other.jsonl", range(1, 51))
    tested = lines(tmp_path / "tested.jsonl", ["a", "c"])
    several = [
        Task("routing", train, test),
        Task("another", train, test),
        Task("routing", train, test, metric="f1"),
        Task("routing", other, test),
        Task("routing", train, tested),
        Task("routing", train),
        Task("routing", train, test_share=0.3),
    ]
    assert len({task.fingerprint for task in several}) == len(several)
    assert Task("routing", train, test).fingerprint == several[0].fingerprint
    assert len(several[0].fingerprint) == 64


@pytest.mark.parametrize("name", benchmark_metrics())
def test_a_published_task_loads_with_its_counts_and_scores_trivial_answers_like_the_peers(
    name: str, golden: Golden, published: Path
) -> None:
    task, row = Task(name, directory=str(published)), golden("task_baselines.json")[name]
    assert task.test is not None
    assert (len(task.train), len(task.test)) == (row["n_induce"], row["n_execute"])
    assert task.metric_name == benchmark_metrics()[name]

    def mean(reply: Callable[[Example], str]) -> float:
        total = sum(task.metric(reply(example), example.outputs) for example in task.test or ())
        return total / int(row["n_execute"])

    assert mean(lambda each: each.input) == pytest.approx(row["echo"])
    assert mean(lambda each: "") == row["empty"]
    assert mean(lambda each: row["majority"]) == pytest.approx(row["majority_score"])
    assert mean(lambda each: each.outputs[0]) == row["gold_first"]
    answers = [len(example.outputs) for example in task.test]
    assert (min(answers), max(answers)) == (row["answers_min"], row["answers_max"])


@pytest.mark.parametrize("name", benchmark_metrics())
def test_a_published_task_divides_without_overlap(name: str, published: Path) -> None:
    task = Task(name, directory=str(published))
    parts = task.splits(0)
    shown, searched, kept = (
        {example.input.strip() for example in part} for part in (parts.demonstrations, parts.validation, parts.test)
    )
    assert not shown & searched
    assert not shown & kept
    assert not searched & kept
    assert len(parts.demonstrations) == min((len(shown) + len(searched)) // 2, 100)
    assert all(output.strip() for example in task.train for output in example.outputs)


def test_every_published_file_has_the_size_of_the_manifest(published: Path) -> None:
    assert all((published / file.name).stat().st_size == file.size for file in manifest_files())
