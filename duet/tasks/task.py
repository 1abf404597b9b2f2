"""A task: examples to learn from, examples to be judged on, and the metric that judges."""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from duet.tasks.example import Example, TaskError
from duet.tasks.manifest import benchmark_metrics
from duet.tasks.metrics import resolve_metric
from duet.tasks.readers import read_examples, read_induction
from duet.tasks.splits import MINIMUM, Splits, distinct, held_out, split

__all__ = ["Example", "Task", "TaskError", "own_tasks"]

PACKAGED = Path(__file__).parent / "shipped"


@dataclass(frozen=True)
class _Source:
    """What was read: ``test`` is None where a share of ``train`` is to be held out."""

    path: Path
    train: tuple[Example, ...]
    test: tuple[Example, ...] | None
    metric: str | None = None


class Task:
    """A task from files of your own, from a folder of the 30 published tasks, or one of the tasks that ship with Duet.

    Args:
        name: The task's name. Without files or a folder it picks a task that ships with Duet.
        train_file: JSONL or CSV with one example per line; a relative path starts from the current directory.
        test_file: The same form. Without it a share of train_file is held out.
        directory: Folder with induce/NAME.json and execute/NAME.json, as ``data download`` fetches them.
        metric: exact_match, f1, exact_set, contains or the dotted path of a torchmetrics.Metric. By default the
            published task's own metric, else exact_match.
        input_column: The column of train_file and test_file that holds the input.
        output_column: The column that holds the output, or a list of accepted outputs.
        test_share: The share of train_file to hold out where there is no test_file.

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
    ) -> None:
        _check_arguments(name, train_file, test_file, directory, test_share)
        if train_file is not None:
            source = _from_files(train_file, test_file, input_column, output_column)
        else:
            source = _from_folder(name, directory)
        self.name = name
        self.train = source.train
        self.test = source.test
        self.test_share = test_share
        self.metric_name = metric or source.metric or "exact_match"
        self.metric = resolve_metric(self.metric_name)
        n_usable = len(distinct(source.train, source.test or ()))
        _check_size(source, n_usable)
        self.notes = _notes(source, n_usable, test_share)

    def splits(self, seed: int) -> Splits:
        """Demonstrations, validation and test examples; the seed moves the first two, and a held-out test set."""
        return split(self.train, self.test, seed, test_share=self.test_share)

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 over everything that makes a score comparable: name, metric, examples, and the share held out."""
        content = {
            "name": self.name,
            "metric": self.metric_name,
            "train": [[example.input, example.outputs] for example in self.train],
            "test": self.test_share if self.test is None else [[one.input, one.outputs] for one in self.test],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def own_tasks() -> list[str]:
    """The names of the tasks that ship with Duet."""
    return _names(PACKAGED)


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("induce/*.json") if (folder / "execute" / path.name).is_file())


def _check_arguments(
    name: str, train_file: str | None, test_file: str | None, directory: str | None, test_share: float
) -> None:
    if not name.strip():
        raise TaskError("task.name: expected a name but it is empty")
    if train_file is not None and directory is not None:
        raise TaskError("task: expected train_file or directory but found both")
    if test_file is not None and train_file is None:
        raise TaskError("task.test_file: expected a train_file beside it but found none")
    if not 0 < test_share < 1:
        raise TaskError(f"task.test_share: expected a share between 0 and 1 but found {test_share}")


def _from_files(train_file: str, test_file: str | None, input_column: str, output_column: str) -> _Source:
    path = Path(train_file).expanduser()
    train = read_examples(path, input_column, output_column)
    if test_file is None:
        return _Source(path, train, None)
    return _Source(path, train, read_examples(Path(test_file).expanduser(), input_column, output_column))


def _from_folder(name: str, directory: str | None) -> _Source:
    """A task in the instruction-induction form."""
    folder = PACKAGED if directory is None else Path(directory).expanduser()
    if name not in _names(folder):
        raise TaskError(_unknown(name, folder, directory))
    path = folder / "induce" / f"{name}.json"
    train, metric = read_induction(path, name)
    test, _ = read_induction(folder / "execute" / path.name, name)
    return _Source(path, train, test, metric or benchmark_metrics().get(name))


def _unknown(name: str, folder: Path, directory: str | None) -> str:
    names = _names(folder)
    if directory is not None and not names:
        return (
            f"task.directory: expected induce/{name}.json and execute/{name}.json in {folder} but found no task there"
        )
    close = difflib.get_close_matches(name, names, n=3)
    hint = f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""
    if directory is None and name in benchmark_metrics():
        hint = ", a published task, which needs task.directory (fetch it with: data download --directory D)"
    place = "a task that ships with Duet" if directory is None else f"a task in {folder}"
    listed = ", ".join(names) or "none"
    return f"task.name: expected {place} but found {name!r}{hint}; there are: {listed}; or name a train_file"


def _check_size(source: _Source, n_usable: int) -> None:
    if n_usable < MINIMUM:
        raise TaskError(
            f"{source.path}: expected at least {MINIMUM} examples (some to show, some to search on, some to hold out) "
            f"but found {n_usable}{_left_out(source, n_usable, '; ')}"
        )


def _left_out(source: _Source, n_usable: int, before: str = "") -> str:
    n_train = len(source.train)
    if n_train == n_usable:
        return ""
    reason = "their input occurs twice or in the test set"
    return f"{before}{n_train - n_usable} of {n_train} training examples are left out: {reason}"


def _notes(source: _Source, n_usable: int, test_share: float) -> tuple[str, ...]:
    """What the user should know about the division."""
    notes = [_left_out(source, n_usable)]
    if source.test is None:
        n_held = held_out(n_usable, test_share)
        share = f"{n_held / n_usable:.0%}"
        notes.append(
            f"No test file: {share} of the training file ({n_held} of {n_usable}) are held out as the test set"
        )
    return tuple(note for note in notes if note)
