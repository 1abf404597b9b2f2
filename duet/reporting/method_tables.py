"""Tables of methods over tasks: mean scores, comparisons with intervals, tests and calls, and best instructions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from duet.reporting.runs import Run
from duet.reporting.statistics import (
    SAME,
    Column,
    Comparison,
    MethodScore,
    average_ranks,
    bootstrap_interval,
    by_task,
    common_tasks,
    compare,
    holm,
    mean,
    standard_error,
    task_means,
)
from duet.reporting.table import Interval, MeanWithError, Table, Value

OURS = "Duet"
AS_WRITTEN = f"{OURS} (paper)"  # the paper's method, configs/methods/paper.yaml
RANDOM_SEARCH = "random search"
COMPARISON = (
    "method", "runs", "mean", "95 % interval", "average rank", "tasks compared", "difference",
    "interval of the difference", "wins / ties / losses", "Wilcoxon p", "Holm p", "calls", "equal calls",
)  # fmt: skip
COMPARED = (
    "Difference, wins and losses are those of {reference} against the method of the row, over tasks that both have, "
    "seeds averaged first. Its interval is a bootstrap over tasks and, within each, over seeds; the test is Wilcoxon's "
    "paired one over tasks, two-sided, and Holm p is adjusted for all methods of the table. Calls are those of a "
    "search, the final test aside."
)
UNEQUAL = "† The searches made different numbers of calls, so the difference is not due to the methods alone."


def columns_of(runs: Sequence[Run]) -> dict[str, Column]:
    """Label -> (task, seed) -> test score and calls; runs without a test score are left out."""
    columns: dict[str, dict[tuple[str, int], MethodScore]] = {}
    for run in runs:
        if run.result.test_score is not None:
            entry = MethodScore(run.result.test_score, run.search_calls)
            columns.setdefault(run.label, {})[run.task, run.result.seed] = entry
    return dict(columns)


def main_columns(runs: Sequence[Run]) -> dict[str, Column]:
    """The methods as they are, ours last as in the paper; variants aside."""
    columns = columns_of([run for run in runs if not run.variant])
    return {label: columns[label] for label in sorted(columns, key=lambda label: (is_ours(label), label))}


def is_ours(label: str) -> bool:
    """Whether it is Duet, from whichever of its files.

    >>> [is_ours(label) for label in ("Duet", "Duet (paper)", "Duet (fixed)", "random search")]
    [True, True, True, False]
    """
    return label == OURS or label.startswith(f"{OURS} (")


def published_columns(columns: Mapping[str, Column]) -> dict[str, Column]:
    """The paper's baselines: all methods but Duet and random search."""
    return {label: column for label, column in columns.items() if not is_ours(label) and label != RANDOM_SEARCH}


def base_of(columns: Mapping[str, Column]) -> str:
    """The method that the ablations change: the paper's own where it is there, else ours, from whichever file."""
    return next((label for label in (AS_WRITTEN, OURS, *filter(is_ours, columns)) if label in columns), OURS)


def reference_of(columns: Mapping[str, Column]) -> str | None:
    """The paper's method, else ours, else the method with the highest mean."""
    if base_of(columns) in columns:
        return base_of(columns)
    return max(columns, key=lambda label: mean(list(task_means(columns[label]).values())), default=None)


def score_table(name: str, title: str, columns: Mapping[str, Column], beside: Mapping[str, Column]) -> Table:
    """Tasks by columns: mean over seeds with its standard error, and the mean over the tasks that all have.

    Args:
        name: of the files.
        title: what it shows.
        columns: what competes; the best of each row is set in bold.
        beside: further columns that don't.
    """
    every = {**columns, **beside}
    scores = {label: by_task(column) for label, column in every.items()}
    tasks = sorted({task for by_name in scores.values() for task in by_name})
    rows = [(task, *_row([scores[label].get(task) for label in every], len(columns))) for task in tasks]
    common = common_tasks(every)
    means = [[mean(scores[label][task]) for task in common] if common else None for label in every]
    last = tuple(
        replace(entry, error=None) if isinstance(entry, MeanWithError) else entry for entry in _row(means, len(columns))
    )
    notes = [_seeds_note(columns)]
    if len(common) < len(tasks):
        notes.append(f"The mean is over the {len(common)} of {len(tasks)} tasks that every column has.")
    return Table(name, title, ("task", *every), (*rows, ("mean", *last)), tuple(notes))


def _row(scores: Sequence[list[float] | None], competing: int) -> tuple[Value, ...]:
    entries = [None if not seeds else MeanWithError(mean(seeds), standard_error(seeds)) for seeds in scores]
    top = max((entry.value for entry in entries[:competing] if entry), default=0.0)
    return tuple(
        replace(entry, best=competing > 1 and index < competing and entry.value > top - SAME) if entry else None
        for index, entry in enumerate(entries)
    )


def _seeds_note(columns: Mapping[str, Column]) -> str:
    counts = sorted({len(scores) for column in columns.values() for scores in by_task(column).values()})
    seeds = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"Test scores; mean over {seeds} seed(s), ± standard error of that mean."


def comparison_table(
    name: str, title: str, columns: Mapping[str, Column], reference: str, beside: Mapping[str, Column]
) -> Table:
    """Every column against the reference."""
    ranks = average_ranks(columns)
    every = {**columns, **beside}
    found = {label: compare(every[reference], column) for label, column in every.items() if label != reference}
    tested = [label for label in columns if label != reference]  # what needs no search is no rival
    adjusted = dict(zip(tested, holm([each.p if (each := found[label]) else None for label in tested]), strict=True))
    rows = tuple(
        _comparison_row(label, every[label], found.get(label), ranks.get(label), adjusted.get(label)) for label in every
    )
    notes = [COMPARED.format(reference=reference)]
    if len(common_tasks(columns)) < len({task for column in columns.values() for task, _ in column}):
        notes.append(f"Ranks are over the {len(common_tasks(columns))} tasks that every method has.")
    if any(str(row[-1]).startswith("†") for row in rows):
        notes.append(UNEQUAL)
    return Table(name, title, COMPARISON, rows, tuple(notes))


def _comparison_row(
    label: str, column: Column, found: Comparison | None, rank: float | None, holm_p: float | None
) -> tuple[Value, ...]:
    means = list(task_means(column).values())
    interval = bootstrap_interval(means)
    calls = round(mean([entry.calls for entry in column.values()]))
    first: tuple[Value, ...] = (
        label, len(column), MeanWithError(mean(means)), Interval(*interval) if interval else None, rank,
    )  # fmt: skip
    if found is None:
        return (*first, None, None, None, None, None, None, calls, None)
    equal = "yes" if found.equal_calls else f"† {found.calls[0]:,.0f} : {found.calls[1]:,.0f}"
    return (
        *first, found.tasks, found.difference, Interval(*found.interval) if found.interval else None,
        f"{found.wins} / {found.ties} / {found.losses}", found.p, holm_p, calls, equal,
    )  # fmt: skip


def best_instructions_table(runs: Sequence[Run], reference: str) -> Table:
    """Table 4: per task the instruction with the highest validation score over the seeds, never chosen by the test."""
    best: dict[str, Run] = {}
    for run in runs:
        if run.label == reference:
            best[run.task] = max(best.get(run.task, run), run, key=_preference)
    rows = tuple(
        (task, run.result.best_instruction, run.result.validation_score, run.result.test_score, run.result.seed)
        for task, run in sorted(best.items())
    )
    header = ("task", "instruction", "validation score", "test score", "seed")
    note = "The seed is chosen by the validation score, so the test score stays unbiased."
    return Table("table_4", f"Table 4. Best instruction of {reference} for each task", header, rows, (note,))


def _preference(run: Run) -> tuple[float, int, int]:
    score = run.result.validation_score
    return -1.0 if score is None else score, -len(run.result.best_instruction), -run.result.seed
