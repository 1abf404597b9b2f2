"""The data of the page's tables that can be sorted and filtered: columns, rows, and answers side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from duet.reporting.runs import Run, read_candidates, read_examples

MOST_ROWS = 10_000
View = dict[str, Any]


def column(label: str, kind: str = "text", *, choices: bool = False) -> dict[str, Any]:
    """A column.

    Args:
        label: its heading.
        kind: text, long, instruction, number, integer or mark.
        choices: whether a menu of its values filters the rows.
    """
    return {"label": label, "kind": kind, "choices": choices}


def instructions_view(runs: Sequence[Run]) -> tuple[View, bool]:
    """Every scored instruction with its answers, and whether some were left out.

    Beyond ``MOST_ROWS`` each run keeps its best ones.
    """
    several = len(runs) > 1
    counted = len({one.n for run in runs for one in run.scored}) > 1  # of unequal length, as in a race
    total = sum(len(run.scored) for run in runs)
    most = max(1, MOST_ROWS // len(runs)) if total > MOST_ROWS else None
    rows: list[list[Any]] = []
    details: list[dict[str, Any]] = []
    sets: list[list[dict[str, Any]]] = []
    known: dict[str, int] = {}
    for run in runs:
        place = _set_of(run, sets, known)
        for one in _best_candidates(run, most):
            rows.append([*_names(run, several), *_instruction_row(one), *([one["n"]] if counted else [])])
            details.append(_detail(one, place))
    names = [column("Task", choices=True), column("Method", choices=True), column("Seed", "integer")]
    columns = [
        *(names if several else []), column("Score", "number"), column("Iteration", "integer"),
        column("Instruction", "instruction"), column("Predicted", "number"), column("Origin", choices=True),
        *([column("Examples", "integer")] if counted else []),
    ]  # fmt: skip
    sort = [3 if several else 0, -1]
    view = {
        "id": "instructions-table", "title": "All scored instructions", "noun": "instructions", "columns": columns,
        "rows": rows, "details": details, "sets": sets, "sort": sort,
    }  # fmt: skip
    return view, len(rows) < total


def _names(run: Run, several: bool) -> list[Any]:
    return [run.task, run.label, run.result.seed] if several else []


def _instruction_row(one: Mapping[str, Any]) -> list[Any]:
    return [one["score"], one["iteration"], one["instruction"], one.get("predicted"), str(one.get("origin") or "–")]


def _best_candidates(run: Run, most: int | None) -> list[dict[str, Any]]:
    every = list(read_candidates(run.folder))
    return every if most is None else sorted(every, key=lambda one: -one["score"])[:most]


def _detail(one: Mapping[str, Any], place: int) -> dict[str, Any]:
    indices = {"indices": one["examples"]} if one.get("examples") else {}
    return {"outputs": one["outputs"], "scores": one["scores"], "set": place} | indices


def _set_of(run: Run, sets: list[list[dict[str, Any]]], known: dict[str, int]) -> int:
    """The place of the run's validation examples among the sets, each of which is kept once."""
    validation = [
        {"input": one["input"], "expected": one["expected"]}
        for one in read_examples(run.folder)
        if one["split"] == "validation"
    ]
    key = json.dumps(validation)
    if key not in known:
        known[key] = len(sets)
        sets.append(validation)
    return known[key]


def tested_view(run: Run) -> View | None:
    """The test examples with the answers at the start and at the end, where the run recorded them."""
    tested = [one for one in read_examples(run.folder) if one["split"] == "test" and one.get("best_output") is not None]
    if not tested:
        return None
    rows = [
        [
            place, one["input"], "\n".join(one["expected"]), one.get("initial_output"), one.get("initial_score"),
            one["best_output"], one["best_score"],
        ]
        for place, one in enumerate(tested, start=1)
    ]  # fmt: skip
    columns = [
        column("Number", "integer"), column("Input", "long"), column("Expected", "long"),
        column("Start", "long"), column("Start's mark", "mark"), column("Best", "long"), column("Best's mark", "mark"),
    ]  # fmt: skip
    return {
        "id": "test-table", "title": "Test examples", "noun": "examples", "columns": columns, "rows": rows,
        "details": None, "sets": [], "sort": [0, 1],
    }  # fmt: skip


def runs_view(runs: Sequence[Run]) -> View:
    """One row per run."""
    columns = [
        column("Task", choices=True), column("Method", choices=True), column("Seed", "integer"),
        column("Test", "number"), column("Low", "number"), column("High", "number"), column("Start", "number"),
        column("Calls", "integer"), column("Best instruction", "instruction"),
    ]  # fmt: skip
    return {
        "id": "runs-table", "title": "All runs", "noun": "runs", "columns": columns,
        "rows": [_run_row(run) for run in runs], "details": None, "sets": [], "sort": [0, 1],
    }  # fmt: skip


def _run_row(run: Run) -> list[Any]:
    one = run.result
    low, high = one.test_interval or (None, None)
    return [
        run.task, run.label, one.seed, one.test_score, low, high, one.initial_best_test_score, one.calls,
        one.best_instruction,
    ]  # fmt: skip


def as_script_data(views: Sequence[View]) -> str:
    """JSON that can't leave its script element, whatever a model wrote."""
    text = json.dumps(views, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
