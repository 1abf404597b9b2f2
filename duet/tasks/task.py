"""A task: examples to learn from, examples to be judged on, and the metric that judges."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from duet.examples.example import Example, TaskError
from duet.metrics.answer_metric import AnswerMetric, needs_a_judge
from duet.metrics.custom import ScoreFunction
from duet.metrics.extraction import Extraction
from duet.metrics.judge import Judge
from duet.metrics.registry import Metric, resolve_metric
from duet.metrics.trial import trial_notes
from duet.prompts import AnswerPrompt
from duet.tasks.readers import MAX_EXAMPLES, FileFormat
from duet.tasks.sources import (
    PACKAGED,
    Source,
    check_size,
    from_examples,
    read_files,
    read_folder,
    source_notes,
    task_names,
)
from duet.tasks.splits import MAX_TEST, MINIMUM, Splits, SplitSettings, split

__all__ = ["PACKAGED", "Example", "Task", "TaskError", "own_tasks"]


class Task:
    """A task from files of your own, from a folder of the 30 published tasks, or one of the tasks that ship with Duet.

    Args:
        name: The task's name. Without files or a folder it picks a task that ships with Duet.
        train_file: JSONL, JSON, CSV, TSV, Parquet or Arrow, or a folder of Hugging Face datasets; a relative path
            starts from the current directory. CSV may have commas, semicolons or tabs.
        validation_file: The examples to score instructions on. Without it a part of train_file.
        test_file: The examples of the final score. Without it a share of train_file is held out.
        directory: Folder with induce/NAME.json and execute/NAME.json, as ``data download`` fetches them.
        metric: exact_match, lenient_match, label, number, json, contains, regex, f1, exact_set, rouge_l, bleu, chrf,
            edit_distance or judge; file.py:function; the dotted path of a function or a torchmetrics class; with
            arguments {name: number, tolerance: 0.1}. By default the published task's own metric, else exact_match.
        input_column: The column of your files that holds the input, or a list of several; capitals don't matter.
        output_column: The column that holds the output, or a list of accepted outputs.
        encoding: Of your files; auto is UTF-8, or UTF-16 if the first bytes say so. Excel writes cp1252.
        test_share: The share of train_file to hold out if there is no test_file.
        max_test: The most test examples. Of more they are drawn by the seed, as many of each output as it has; of a
            published task they are the first ones.
        max_examples: The most examples of each of your files; of more they are drawn at random, always the same.
        examples: The examples themselves in place of train_file: (input, output) pairs, or records with the columns of
            a file.
        answer: What of an answer is scored.
        prompt: The prompt by which the model carries out an instruction.

    Raises:
        TaskError: the arguments contradict each other, or a file is not as expected.
    """

    def __init__(
        self,
        name: str,
        train_file: str | None = None,
        test_file: str | None = None,
        directory: str | None = None,
        metric: str | dict[str, Any] | Callable[..., float] | None = None,
        input_column: str | list[str] = "input",
        output_column: str = "output",
        test_share: float = 0.2,
        validation_file: str | None = None,
        encoding: str = "auto",
        max_test: int = MAX_TEST,
        max_examples: int = MAX_EXAMPLES,
        answer: Extraction = Extraction(),
        prompt: AnswerPrompt = AnswerPrompt(),
        examples: list[Any] | None = None,
    ) -> None:
        self.arguments = {key: value for key, value in locals().items() if key != "self"}
        others = {"test_file": test_file, "validation_file": validation_file}
        _check_files(name, train_file, directory, examples is not None, others)
        _check_numbers(test_share, max_test, max_examples)
        inputs = input_column if isinstance(input_column, str) else tuple(input_column)
        file_format = FileFormat(inputs, output_column, encoding, max_examples)
        if examples is not None:
            source = from_examples(examples, file_format)
        elif train_file is not None:
            source = read_files(train_file, validation_file, test_file, file_format)
        else:
            source = read_folder(name, directory)
        self.name = name
        self.train, self.validation, self.test = source.train, source.validation, source.test
        self.split_settings = SplitSettings(test_share, max_test, stratified=not source.published)
        self.answer, self.prompt = answer, prompt
        found = _metric(metric, source)
        self.metric_name, self._metric_identity = found.name, found.identity
        self.judge = found.score if isinstance(found.score, Judge) else None
        self.metric = _of_answers(found.score, answer)
        check_size(source)
        self.notes = (
            *source_notes(source, self.split_settings),
            *_prompt_notes(prompt, source.train),
            *_metric_notes(found, source, is_own=not source.published),
        )

    def splits(self, seed: int) -> Splits:
        """Demonstrations, validation and test examples; the seed moves the first two, and a test set that is drawn."""
        return split(self.train, self.test, seed, self.split_settings, self.validation)

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 over everything that makes a score comparable: name, metric, examples, and how they are divided."""
        digest = hashlib.sha256()
        for line in self._facts():
            digest.update(json.dumps(line).encode())
        return digest.hexdigest()

    def _facts(self) -> Iterator[object]:
        """Yields what the fingerprint is of, piece by piece."""
        settings = self.split_settings
        yield [self.name, self._metric_identity, settings.max_test, settings.stratified]
        yield settings.test_share if self.test is None else None
        for part in (self.train, self.validation, self.test):
            yield None if part is None else len(part)
            yield from ([example.input, example.outputs] for example in part or ())
        if self.answer != Extraction():
            yield ["answer", self.answer.extract]
        if self.prompt != AnswerPrompt():
            yield ["prompt", repr(self.prompt)]


def own_tasks() -> list[str]:
    """The names of the tasks that ship with Duet."""
    return task_names(PACKAGED)


def _check_files(
    name: str, train_file: str | None, directory: str | None, has_examples: bool, others: dict[str, str | None]
) -> None:
    if not name.strip():
        raise TaskError("task.name: expected a name but it is empty")
    if train_file is not None and directory is not None:
        raise TaskError("task: expected train_file or directory but found both")
    if has_examples and (train_file is not None or directory is not None):
        raise TaskError("task: expected examples, train_file or directory but found two of them")
    for key, value in others.items():
        if value is not None and train_file is None:
            raise TaskError(f"task.{key}: expected a train_file as well but found none")


def _check_numbers(test_share: float, max_test: int, max_examples: int) -> None:
    if not 0 < test_share < 1:
        raise TaskError(f"task.test_share: expected a share between 0 and 1 but found {test_share}")
    if max_test < 1:
        raise TaskError(f"task.max_test: expected 1 or more but found {max_test}")
    if max_examples < MINIMUM:
        raise TaskError(f"task.max_examples: expected {MINIMUM} or more but found {max_examples}")


def _metric(setting: str | dict[str, Any] | Callable[..., float] | None, source: Source) -> Metric:
    outputs = [output for example in _examples(source) for output in example.outputs]
    return resolve_metric(setting or source.metric or "exact_match", outputs, (Path(), source.path.parent))


def _of_answers(score: ScoreFunction | Judge, answer: Extraction) -> ScoreFunction:
    if isinstance(score, Judge):
        return needs_a_judge
    return score if answer == Extraction() else AnswerMetric(score, answer)


def _metric_notes(metric: Metric, source: Source, *, is_own: bool) -> tuple[str, ...]:
    """What a trial of the metric shows; the tasks that ship and the published ones keep their metric as it is."""
    if isinstance(metric.score, Judge) or (not is_own and metric.name == source.metric):
        return ()
    return trial_notes(metric.score, metric.name, _examples(source))


def _prompt_notes(prompt: AnswerPrompt, train: Sequence[Example]) -> tuple[str, ...]:
    """Names in braces that are no column: they may be meant so.

    Raises:
        TaskError: the prompt holds nothing of the input.
    """
    known = {"input"}.union(*(example.fields for example in train))
    named = prompt.placeholders - {"instruction"}
    listed = ", ".join(f"{{{name}}}" for name in sorted(known))
    if not named & known:
        raise TaskError(f"task.prompt: expected {listed} in it but found none of them")
    other = ", ".join(f"{{{name}}}" for name in sorted(named - known))
    return (f"task.prompt: {other} is sent as it stands; what is filled in is {{instruction}}, {listed}",) * bool(other)


def _examples(source: Source) -> list[Example]:
    return [*source.train, *(source.validation or ()), *(source.test or ())]
