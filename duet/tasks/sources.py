"""Reads examples: files of your own, a folder of published tasks, or the tasks that ship with Duet."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from duet.examples.example import Example, TaskError
from duet.tasks.instruction_induction import read_induction
from duet.tasks.manifest import benchmark_metrics
from duet.tasks.readers import FileFormat, examples_of, read_examples
from duet.tasks.splits import MINIMUM, SplitSettings, distinct, held_out

PACKAGED = Path(__file__).parent / "shipped"

MOST_LISTED = 12  # task names in an error


@dataclass(frozen=True)
class Source:
    """The examples that were read.

    Args:
        path: the file of the training examples.
        train: the training examples.
        test: None if a share of ``train`` is to be held out.
        validation: None if a part of ``train`` is to be searched on.
        metric: the name of the metric that belongs to the task, if any.
        published: whether it is of the instruction-induction form, with a protocol of its own.
        notes: one line for each file of which only a part was kept.
    """

    path: Path
    train: tuple[Example, ...]
    test: tuple[Example, ...] | None
    validation: tuple[Example, ...] | None = None
    metric: str | None = None
    published: bool = False
    notes: tuple[str, ...] = ()

    @property
    def usable(self) -> tuple[Example, ...]:
        """The training examples that are in no other part, each once."""
        return distinct(self.train, (*(self.test or ()), *(self.validation or ())))


def read_files(train_file: str, validation_file: str | None, test_file: str | None, file_format: FileFormat) -> Source:
    """A task from files of your own.

    Raises:
        TaskError: one of them can't be read.
    """
    named = {"train": train_file, "validation": validation_file, "test": test_file}
    parts: dict[str, tuple[Example, ...]] = {}
    notes = []
    for split, name in named.items():
        if name is not None:
            path = Path(name).expanduser()
            parts[split], total = read_examples(path, file_format, split)
            kept = len(parts[split])
            if kept < total:
                notes.append(f"{path}: {kept:,} of {total:,} examples are used, drawn at random (task.max_examples)")
    path = Path(train_file).expanduser()
    return Source(path, parts["train"], parts.get("test"), parts.get("validation"), notes=tuple(notes))


def from_examples(items: Sequence[object], file_format: FileFormat) -> Source:
    """A task from examples that a program or a settings file holds itself.

    Raises:
        TaskError: one of them is no example.
    """
    train, total = examples_of(items, file_format)
    note = f"{len(train):,} of {total:,} examples are used, drawn at random (task.max_examples)"
    return Source(Path("task.examples"), train, None, notes=(note,) if len(train) < total else ())


def read_folder(name: str, directory: str | None) -> Source:
    """A task in the instruction-induction form.

    Raises:
        TaskError: there is no such task, or its files can't be read.
    """
    folder = PACKAGED if directory is None else Path(directory).expanduser()
    if name not in task_names(folder):
        raise TaskError(_unknown(name, folder, directory))
    path = folder / "induce" / f"{name}.json"
    train, metric = read_induction(path, name)
    test, _ = read_induction(folder / "execute" / path.name, name)
    return Source(path, train, test, metric=metric or benchmark_metrics().get(name), published=True)


def task_names(folder: Path) -> list[str]:
    """The tasks in a folder of the instruction-induction form."""
    return sorted(path.stem for path in folder.glob("induce/*.json") if (folder / "execute" / path.name).is_file())


def check_size(source: Source) -> None:
    """Checks whether there are enough examples to divide.

    Raises:
        TaskError: there are not.
    """
    n_usable = len(source.usable)
    if n_usable < MINIMUM:
        left_out = "".join(f"; {note}" for note in _left_out(source, n_usable))
        raise TaskError(
            f"{source.path}: expected at least {MINIMUM} examples (some to show, some to search on, some to hold out) "
            f"but found {n_usable}{left_out}"
        )


def source_notes(source: Source, settings: SplitSettings) -> tuple[str, ...]:
    """Returns what to know about the division, whatever the seed."""
    n_usable = len(source.usable)
    notes = [*source.notes, *_left_out(source, n_usable), *_contradictions(source)]
    if source.test is None:
        n_held = held_out(n_usable, settings)
        share = f"{n_held / n_usable:.0%}" if n_held * 100 >= n_usable else "less than 1%"
        notes.append(
            f"No test file: {share} of the training file ({n_held} of {n_usable}) are held out as the test set"
        )
    elif not source.published:
        notes += _test_notes(source.test, settings)
    return tuple(notes)


def _test_notes(test: Sequence[Example], settings: SplitSettings) -> Iterable[str]:
    different = len(distinct(test))
    if different < len(test):
        yield f"{len(test) - different} of {len(test)} test examples are left out: their input occurs twice"
    if different > settings.max_test:
        yield f"{settings.max_test} of {different:,} test examples are tested on, drawn by the seed (task.max_test)"


def _left_out(source: Source, n_usable: int) -> Iterable[str]:
    n_train = len(source.train)
    if n_train > n_usable:
        others = "the test set" if source.validation is None else "the validation or test set"
        reason = f"their input occurs twice or in {others}"
        yield f"{n_train - n_usable} of {n_train} training examples are left out: {reason}"
    if source.validation is not None:
        lost = len(source.validation) - len(distinct(source.validation, source.test or ()))
        if lost:
            total = len(source.validation)
            yield f"{lost} of {total} validation examples are left out: their input occurs twice or in the test set"


def _contradictions(source: Source) -> Iterable[str]:
    """Inputs that occur with different outputs: one of them must be wrong."""
    found = defaultdict(set)
    for example in (*source.train, *(source.validation or ()), *(source.test or ())):
        found[example.input.strip()].add(frozenset(example.outputs))
    doubtful = [text for text, outputs in found.items() if len(outputs) > 1]
    if doubtful and not source.published:
        number = "1 input occurs" if len(doubtful) == 1 else f"{len(doubtful)} inputs occur"
        yield f"{number} with different outputs, such as {doubtful[0][:60]!r}; the first output of each part counts"


def _unknown(name: str, folder: Path, directory: str | None) -> str:
    names = task_names(folder)
    if directory is not None and not names:
        return (
            f"task.directory: expected induce/{name}.json and execute/{name}.json in {folder} but found no task there"
        )
    close = difflib.get_close_matches(name, names, n=3)
    hint = f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""
    if directory is None and name in benchmark_metrics():
        hint = ", a published task, which needs task.directory (fetch it with: data download --directory D)"
    place = "a task that ships with Duet" if directory is None else f"a task in {folder}"
    listed = ", ".join(names[:MOST_LISTED]) or "none"
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return f"task.name: expected {place} but found {name!r}{hint}; there are: {listed}{more}; or name a train_file"
