"""Reading run folders back. What can't be reported is said in one line, and the rest still is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import NoneType
from typing import Any

import yaml

from duet.reporting.records import CANDIDATES, EXAMPLES, RESULT, Result

CONFIG = "config.yaml"
TEXTS = ("task", "method", "best_instruction", "initial_best_instruction", "stop_reason")
NUMBERS = (
    "seed", "validation_score", "n_test", "initial_best_validation_score", "calls", "prompt_tokens",
    "completion_tokens", "iterations", "seconds",
)  # fmt: skip
MAYBE_NUMBERS = ("test_score", "initial_best_test_score", "cost_usd")
ADDED_LATER: dict[str, Any] = {"task_fingerprint": "", "versions": {}, "baselines": {}}  # and None for all else
CANDIDATE_TYPES: dict[str, type | tuple[type, ...]] = {
    "iteration": int, "instruction": str, "score": (int, float), "n": int, "scores": list, "outputs": list,
}  # fmt: skip
EXAMPLE_TYPES: dict[str, type | tuple[type, ...]] = {"split": str, "input": str, "expected": list}


class NotReportable(ValueError):
    """A folder that holds no finished run; the message says why."""


@dataclass(frozen=True)
class Scored:
    """What the curves need of one line of candidates.jsonl."""

    iteration: int
    n: int
    score: float


@dataclass(frozen=True)
class Run:
    """A finished run.

    Args:
        folder: where it lies.
        result: its result.json.
        settings: its config.yaml with dotted keys; empty where there is none.
        scored: its scored instructions in order.
        task: the task's name, unique among the runs of a report.
        method: the method's name in tables.
        variant: what sets it apart from the method as it is, such as ``without output``; empty for the method itself.
    """

    folder: Path
    result: Result
    settings: Mapping[str, Any]
    scored: tuple[Scored, ...]
    task: str
    method: str
    variant: str = ""

    @property
    def label(self) -> str:
        """Method and variant."""
        return f"{self.method}, {self.variant}" if self.variant else self.method

    @property
    def search_calls(self) -> int:
        """Black-box calls without those of the final test, which no method chooses by."""
        one = self.result
        tested = one.test_score is not None
        start = one.initial_best_test_score is not None and one.initial_best_instruction != one.best_instruction
        return one.calls - one.n_test * (tested + start)


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
    for place, below, files in os.walk(top):
        if {RESULT, CANDIDATES, CONFIG} & set(files):
            below.clear()
            yield Path(place)


def read_runs(folders: Sequence[Path]) -> tuple[list[Run], list[str]]:
    """The finished runs, and a line for every other folder."""
    runs, problems = [], []
    for folder in folders:
        try:
            runs.append(read_run(folder))
        except NotReportable as problem:
            problems.append(str(problem))
    return runs, problems


def read_run(folder: Path) -> Run:
    """Reads one run folder.

    Raises:
        NotReportable: it is unfinished, or a file is not as expected.
    """
    if not (folder / RESULT).is_file():
        count = sum(1 for _ in read_candidates(folder))
        raise NotReportable(
            f"{folder}: left out, as it is unfinished (no {RESULT}, {count} instructions scored); "
            "the same fit command goes on with it"
        )
    raw = _read_result(folder / RESULT)
    values: dict[str, Any] = {field.name: raw.get(field.name, ADDED_LATER.get(field.name)) for field in fields(Result)}
    scored = tuple(Scored(one["iteration"], one["n"], one["score"]) for one in read_candidates(folder))
    settings = _read_settings(folder)
    return Run(folder, Result(**values), settings, scored, raw["task"], raw["method"])


def _read_settings(folder: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(read_config(folder)) or {}
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise NotReportable(f"{folder / CONFIG}: expected YAML but found: {problem}") from error
    if not isinstance(content, dict):
        raise NotReportable(f"{folder / CONFIG}: expected keys and values but found {type(content).__name__}")
    return flatten(content)


def _read_result(path: Path) -> dict[str, Any]:
    raw = _parse(path.read_text(encoding="utf-8", errors="replace"), str(path))
    _check(raw, str(path), dict.fromkeys(TEXTS, str) | dict.fromkeys(NUMBERS, (int, float)))
    _check(raw, str(path), dict.fromkeys(MAYBE_NUMBERS, (int, float, NoneType)))
    return raw


def read_candidates(folder: Path) -> Iterator[dict[str, Any]]:
    """The lines of candidates.jsonl.

    Raises:
        NotReportable: a line is not as expected.
    """
    return _read_lines(folder / CANDIDATES, CANDIDATE_TYPES)


def read_examples(folder: Path) -> list[dict[str, Any]]:
    """The lines of examples.jsonl; none where a run didn't write it.

    Raises:
        NotReportable: a line is not as expected.
    """
    return list(_read_lines(folder / EXAMPLES, EXAMPLE_TYPES))


def read_config(folder: Path) -> str:
    """The text of config.yaml, or nothing."""
    path = folder / CONFIG
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _read_lines(path: Path, types: Mapping[str, type | tuple[type, ...]]) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            place = f"{path}, line {number}"
            one = _parse(line, place)
            _check(one, place, types)
            yield one


def _parse(text: str, place: str) -> dict[str, Any]:
    try:
        content = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise NotReportable(f"{place}: expected JSON but found: {error}") from error
    if not isinstance(content, dict):
        raise NotReportable(f"{place}: expected a JSON object but found {type(content).__name__}")
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _check(content: Mapping[str, Any], place: str, types: Mapping[str, type | tuple[type, ...]]) -> None:
    for key, kind in types.items():
        if not isinstance(content.get(key), kind):
            found = repr(content[key])[:40] if key in content else "nothing"
            raise NotReportable(f"{place}: expected another kind of value for {key} but found {found}")


def flatten(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Nested settings with dotted keys.

    >>> flatten({"a": {"b": 1}, "c": [2]})
    {'a.b': 1, 'c': [2]}
    """
    if not isinstance(settings, dict):
        return {prefix: settings}
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= flatten(value, f"{prefix}.{key}" if prefix else str(key))
    return flat
