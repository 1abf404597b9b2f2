"""Finds and reads run folders. A folder that can't be shown gets one line, and the others are shown."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from duet.config_files import flatten
from duet.reporting.records import CANDIDATES, RESULT
from duet.reporting.run_files import ScoredInstruction, ShownExample, read_candidates, read_examples
from duet.reporting.run_result import UNFINISHED, RunResult, run_result
from duet.reporting.untrusted import LARGEST_SETTINGS, NotReportable, parse_json, parse_settings, read_text

CONFIG = "config.yaml"
DEEPEST_FOLDER = 50


@dataclass(frozen=True)
class Run:
    """A run that can be shown.

    Args:
        folder: where it lies.
        result: its result.json, or what candidates.jsonl says of a run that has not finished.
        settings: its config.yaml with dotted keys; empty if there is none.
        scored: its scored instructions in order.
        examples: the examples that it recorded.
        task: the task's name, unique among the runs of a report.
        method: the method's name in tables.
        variant: what sets it apart from the method as it is, such as ``without output``; empty for the method itself.
    """

    folder: Path
    result: RunResult
    settings: Mapping[str, Any]
    scored: tuple[ScoredInstruction, ...]
    examples: tuple[ShownExample, ...]
    task: str
    method: str
    variant: str = ""

    @property
    def label(self) -> str:
        """Method and variant."""
        return f"{self.method}, {self.variant}" if self.variant else self.method

    @property
    def is_finished(self) -> bool:
        """Whether it has a result.json."""
        return self.result.stop_reason != UNFINISHED

    @property
    def has_posterior(self) -> bool:
        """Whether all scored instructions have a posterior mean, by which unequal numbers of examples compare."""
        return all(row.posterior is not None for row in self.scored)

    @property
    def test_pairs(self) -> list[tuple[float, float]]:
        """The best instruction's score and the start's on each test example, where both were recorded."""
        return [
            (example.best_score, example.initial_score)
            for example in self.examples
            if example.best_score is not None and example.initial_score is not None
        ]

    @property
    def comparable_scores(self) -> list[float]:
        """The posterior means where all are known, else the scores."""
        known = self.has_posterior
        return [row.posterior if known and row.posterior is not None else row.score for row in self.scored]

    @property
    def model(self) -> str | None:
        """The model that does the task."""
        return self.result.model or _known(self.settings, "black_box.init_args.model", "black_box.class_path")

    @property
    def metric(self) -> str | None:
        """The name of what scores an answer."""
        return self.result.metric or _known(self.settings, "task.metric")

    @property
    def search_calls(self) -> int:
        """Black-box calls without those of the final test, which no method chooses by."""
        result = self.result
        tested = result.test_score is not None
        start = (
            result.initial_best_test_score is not None and result.initial_best_instruction != result.best_instruction
        )
        return result.calls - result.n_test * (tested + start)


def _known(settings: Mapping[str, Any], *keys: str) -> str | None:
    return next((str(settings[key]) for key in keys if settings.get(key)), None)


def find_folders(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The run folders at or below the paths, each once, and a line for every path without one."""
    folders: dict[Path, Path] = {}
    problems = []
    for path in paths:
        if not path.is_dir():
            problems.append(f"{path}: expected a run folder but {'it is a file' if path.exists() else 'it is missing'}")
            continue
        found = list(_walk(path))
        folders |= {folder.resolve(): folder for folder in reversed(found)}
        if not found:
            problems.append(f"{path}: expected a run folder, or one below, but found no {RESULT}")
    return sorted(folders.values()), problems


def _walk(top: Path) -> Iterator[Path]:
    depth = len(top.parts)
    for place, below, files in os.walk(top):
        if {RESULT, CANDIDATES, CONFIG} & set(files):
            below.clear()
            yield Path(place)
        elif len(Path(place).parts) - depth >= DEEPEST_FOLDER:
            below.clear()


def read_runs(folders: Sequence[Path]) -> tuple[list[Run], list[str]]:
    """The runs, and a line for every folder that holds none."""
    runs, problems = [], []
    for folder in folders:
        try:
            runs.append(read_run(folder))
        except NotReportable as problem:
            problems.append(f"{problem}; left out")
    return runs, problems


def read_only_run(path: Path) -> Run:
    """Reads the one run at or below a path.

    Raises:
        ValueError: there is none, there are several, or a file is not as expected.
    """
    folders, problems = find_folders([path])
    if problems:
        raise ValueError(problems[0])
    if len(folders) > 1:
        raise ValueError(f"{path}: expected one run folder but found {len(folders)}, such as {folders[0]}")
    return read_run(folders[0])


def read_run(folder: Path) -> Run:
    """Reads one run folder.

    Raises:
        NotReportable: no instruction was scored, or a file is not as expected.
    """
    settings = flatten(parse_settings(read_config(folder), str(folder / CONFIG)))
    scored, path = tuple(read_candidates(folder)), folder / RESULT
    if os.path.lexists(path):
        result = run_result(parse_json(read_text(path), str(path)), str(path))
    else:
        result = unfinished_result(folder, scored, settings)
    examples = tuple(read_examples(folder))
    return Run(folder, with_counts(result, scored), settings, scored, examples, result.task, result.method)


def with_counts(result: RunResult, scored: Sequence[ScoredInstruction]) -> RunResult:
    """The result with the numbers of validation examples, which earlier versions didn't write."""
    counts = {row.instruction: row.n for row in scored}
    best, first = counts.get(result.best_instruction), counts.get(result.initial_best_instruction or "")
    return replace(
        result,
        validation_n=best if result.validation_n is None else result.validation_n,
        initial_best_validation_n=(
            first if result.initial_best_validation_n is None else result.initial_best_validation_n
        ),
    )


def unfinished_result(folder: Path, rows: Sequence[ScoredInstruction], settings: Mapping[str, Any]) -> RunResult:
    """Builds the result of a run before its end: its best instruction so far.

    Raises:
        NotReportable: no instruction was scored.
    """
    if not rows:
        raise NotReportable(f"{folder}: unfinished, and no instruction is scored; the same fit command resumes it")
    best, first = most_promising(rows), most_promising([row for row in rows if row.iteration == 0] or rows)
    strategy = str(settings.get("strategy.class_path") or settings.get("strategy") or "unknown method")
    seed = settings.get("seed_everything")
    return RunResult(
        task=str(settings.get("task.name") or folder.name),
        best_instruction=best.instruction,
        method=strategy.rpartition(".")[2],
        seed=seed if isinstance(seed, int) else 0,
        validation_score=best.score,
        validation_n=best.n,
        validation_posterior=best.posterior,
        initial_best_instruction=first.instruction,
        initial_best_validation_score=first.score,
        initial_best_validation_n=first.n,
        calls=sum(row.n for row in rows),
        iterations=max(row.iteration for row in rows),
        stop_reason=UNFINISHED,
    )


def most_promising(rows: Sequence[ScoredInstruction]) -> ScoredInstruction:
    """The one that a search prefers; of equals the first."""
    return min(rows, key=preference)


def preference(row: ScoredInstruction) -> tuple[int, float]:
    """The place of an instruction in the order in which a search prefers them: by examples, then by posterior or score.

    A search gives more examples to what may be best, and a high mean on few of them is often a lucky one.
    """
    return -row.n, -(row.score if row.posterior is None else row.posterior)


def read_config(folder: Path) -> str:
    """The text of config.yaml, or nothing.

    Raises:
        NotReportable: it is no regular file, or too large.
    """
    path = folder / CONFIG
    return read_text(path, LARGEST_SETTINGS) if os.path.lexists(path) else ""
