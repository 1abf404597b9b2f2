"""A task: examples to learn from, examples to be judged on, and the metric that judges."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property

from duet.tasks.example import Example, TaskError
from duet.tasks.metrics import resolve_metric
from duet.tasks.readers import MAX_EXAMPLES, FileFormat
from duet.tasks.sources import PACKAGED, check_size, read_files, read_folder, source_notes, task_names
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
        metric: exact_match, f1, exact_set, contains or the dotted path of a torchmetrics.Metric. By default the
            published task's own metric, else exact_match.
        input_column: The column of your files that holds the input; capitals don't matter.
        output_column: The column that holds the output, or a list of accepted outputs.
        encoding: Of your files; auto is UTF-8, or UTF-16 where the file's first bytes say so. Excel's is cp1252.
        test_share: The share of train_file to hold out where there is no test_file.
        max_test: The most test examples. Of more they are drawn by the seed, as many of each output as it has; of a
            published task they are the first ones.
        max_examples: The most examples of each of your files; of more they are drawn at random, always the same.

    Raises:
        TaskError: the arguments contradict each other, or a file is not as expected.
    """

    def __init__(
        self,
        name: str,
        train_file: str | None = None,
        test_file: str | None = None,
        directory: str | None = None,
        metric: str | None = None,
        input_column: str = "input",
        output_column: str = "output",
        test_share: float = 0.2,
        validation_file: str | None = None,
        encoding: str = "auto",
        max_test: int = MAX_TEST,
        max_examples: int = MAX_EXAMPLES,
    ) -> None:
        _check_files(name, train_file, directory, {"test_file": test_file, "validation_file": validation_file})
        _check_numbers(test_share, max_test, max_examples)
        if train_file is not None:
            file_format = FileFormat(input_column, output_column, encoding, max_examples)
            source = read_files(train_file, validation_file, test_file, file_format)
        else:
            source = read_folder(name, directory)
        self.name = name
        self.train, self.validation, self.test = source.train, source.validation, source.test
        self.split_settings = SplitSettings(test_share, max_test, stratified=not source.published)
        self.metric_name = metric or source.metric or "exact_match"
        self.metric = resolve_metric(self.metric_name)
        check_size(source)
        self.notes = source_notes(source, self.split_settings)

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
        """What the fingerprint is of, piece by piece."""
        settings = self.split_settings
        yield [self.name, self.metric_name, settings.max_test, settings.stratified]
        yield settings.test_share if self.test is None else None
        for part in (self.train, self.validation, self.test):
            yield None if part is None else len(part)
            yield from ([example.input, example.outputs] for example in part or ())


def own_tasks() -> list[str]:
    """The names of the tasks that ship with Duet."""
    return task_names(PACKAGED)


def _check_files(name: str, train_file: str | None, directory: str | None, others: dict[str, str | None]) -> None:
    if not name.strip():
        raise TaskError("task.name: expected a name but it is empty")
    if train_file is not None and directory is not None:
        raise TaskError("task: expected train_file or directory but found both")
    for key, value in others.items():
        if value is not None and train_file is None:
            raise TaskError(f"task.{key}: expected a train_file beside it but found none")


def _check_numbers(test_share: float, max_test: int, max_examples: int) -> None:
    if not 0 < test_share < 1:
        raise TaskError(f"task.test_share: expected a share between 0 and 1 but found {test_share}")
    if max_test < 1:
        raise TaskError(f"task.max_test: expected 1 or more but found {max_test}")
    if max_examples < MINIMUM:
        raise TaskError(f"task.max_examples: expected {MINIMUM} or more but found {max_examples}")
