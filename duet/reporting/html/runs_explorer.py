"""The data of the page's table of runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from duet.reporting.advice import TROUBLES
from duet.reporting.html.explorer import Explorer, column
from duet.reporting.runs import Run


def runs_explorer(runs: Sequence[Run]) -> Explorer:
    """One row per run; the winner of a task has the highest validation score, never the highest test score."""
    fields = _run_fields(runs)
    return {
        "id": "runs-table", "title": "All runs", "noun": "runs", "columns": [field for field, _ in fields],
        "rows": [[value(run) for _, value in fields] for run in runs], "details": None, "sets": [], "texts": [],
        "winners": winning_runs(runs), "sort": [0, 1],
    }  # fmt: skip


def _run_fields(runs: Sequence[Run]) -> list[tuple[dict[str, Any], Callable[[Run], Any]]]:
    """Columns with their values; those that would say nothing about these runs are left out."""
    models = {run.model for run in runs}
    paid = any(run.result.cost_usd for run in runs)
    troubles = [name for name in TROUBLES if any(run.result.answers.get(name) for run in runs)]
    return [
        (column("Task", choices=True), lambda run: run.task),
        (column("Method", choices=True), lambda run: run.label),
        (column("Seed", "integer"), lambda run: run.result.seed),
        *([(column("Model", choices=True), lambda run: run.model or "–")] if len(models) > 1 else []),
        (column("Best instruction", "instruction"), lambda run: run.result.best_instruction),
        (column("Validation", "number"), lambda run: run.result.validation_score),
        (column("n", "integer"), lambda run: run.result.validation_n),
        (column("Test", "number"), lambda run: run.result.test_score),
        (column("95 % interval, n"), _interval),
        (column("Start's test", "number"), lambda run: run.result.initial_best_test_score),
        (column("Calls", "integer"), lambda run: run.result.calls),
        *([(column("Dollars", "dollars"), lambda run: run.result.cost_usd)] if paid else []),
        *((column(name.capitalize(), "integer"), partial(_answers, name)) for name in troubles),
    ]


def _interval(run: Run) -> str | None:
    result = run.result
    return "{:.3f} to {:.3f}, {:,}".format(*result.test_interval, result.n_test) if result.test_interval else None


def _answers(name: str, run: Run) -> int:
    return run.result.answers.get(name, 0)


def winning_runs(runs: Sequence[Run]) -> list[int]:
    """The place of the run with the highest validation score of each task that has several runs."""
    by_task: dict[str, list[int]] = {}
    for place, run in enumerate(runs):
        if run.result.validation_score is not None:
            by_task.setdefault(run.task, []).append(place)
    return [
        max(
            places, key=lambda place: (runs[place].result.validation_score or 0.0, runs[place].result.validation_n or 0)
        )
        for places in by_task.values()
        if len(places) > 1
    ]
