"""The table of the held-out benchmark: ``python -m benchmarks.held_out [runs/held_out]``.

The folder is what ``python cli.py benchmark --config configs/benchmarks/held_out.yaml`` left; half a grid does, too.
For each budget: mean test score and average rank over the tasks, what the winner lacks of the best instruction known
(the best test score that any run of the grid found on the task), the winner's luck (validation less test score), and
the paired lead of Duet with its interval over tasks and seeds and Holm's p.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from duet.reporting.runs import Run, find_folders, read_runs
from duet.reporting.statistics import (
    Column,
    MethodScore,
    average_ranks,
    bootstrap_interval,
    compare,
    holm,
    mean,
    task_means,
)
from duet.reporting.table import Interval, MeanWithError, Table, Value, markdown

REFERENCE = "duet"
COLUMN = re.compile(r"(?P<method>.+)\+(?P<calls>\d+)_calls")
HEADER = (
    "method", "runs", "mean", "95 % interval", "average rank", "regret", "validation − test", "lead",
    "interval of the lead", "wins / ties / losses", "Wilcoxon p", "Holm p", "search calls",
)  # fmt: skip
NOTE = (
    "Regret: what the winner lacks of the best test score that any run of the grid found on the task. Lead, wins and "
    "losses are those of {reference} against the method of the row, seeds averaged first; its interval is a bootstrap "
    "over tasks and, within each, over seeds. The test is Wilcoxon's paired one over tasks, two-sided."
)


@dataclass(frozen=True)
class Cell:
    """A finished run of the grid.

    Args:
        run: what it left.
        method: the name of its column, without the budget.
        calls: its cap, final test included.
    """

    run: Run
    method: str
    calls: int

    @property
    def key(self) -> tuple[str, int]:
        """Task and seed."""
        return self.run.result.task, self.run.result.seed


def read_cells(folder: Path) -> list[Cell]:
    """The finished cells, TASK/METHOD+CALLS_calls/SEED.

    Raises:
        ValueError: there is none.
    """
    runs, _ = read_runs(find_folders([folder])[0])
    named = [(run, COLUMN.fullmatch(run.folder.parent.name)) for run in runs]
    cells = [
        Cell(run, name["method"], int(name["calls"]))
        for run, name in named
        if name and run.is_finished and run.result.test_score is not None
    ]
    if not cells:
        raise ValueError(f"{folder}: expected finished runs in TASK/METHOD+CALLS_calls/SEED but found none")
    return cells


def best_known(cells: Sequence[Cell]) -> dict[str, float]:
    """The best test score that any run found on each task, as its winner or among its first instructions."""
    best: dict[str, float] = {}
    for cell in cells:
        found = (cell.run.result.test_score, cell.run.result.initial_best_test_score)
        best[cell.run.result.task] = max(
            best.get(cell.run.result.task, 0.0), *(score for score in found if score is not None)
        )
    return best


def shared(cells: Sequence[Cell], calls: int) -> list[Cell]:
    """The cells with a budget, on the tasks and seeds that every method with that budget has; half a grid has fewer."""
    here = [cell for cell in cells if cell.calls == calls]
    keys = [{cell.key for cell in here if cell.method == method} for method in {cell.method for cell in here}]
    common = set.intersection(*keys)
    return [cell for cell in here if cell.key in common]


def columns_of(cells: Sequence[Cell]) -> dict[str, Column]:
    """Test scores: method -> (task, seed) -> score."""
    columns: dict[str, dict[tuple[str, int], MethodScore]] = {}
    for cell in cells:
        score = MethodScore(cell.run.result.test_score or 0.0, cell.run.search_calls)
        columns.setdefault(cell.method, {})[cell.key] = score
    return dict(columns)


def comparison(cells: Sequence[Cell], calls: int, best: Mapping[str, float], reference: str = REFERENCE) -> Table:
    """All methods with a budget, the best mean first; ``best`` is the best test score known of each task."""
    here = shared(cells, calls)
    columns, ranks = columns_of(here), average_ranks(columns_of(here))
    found = {
        name: compare(columns[reference], column)
        for name, column in columns.items()
        if name != reference and reference in columns
    }
    adjusted = dict(zip(found, holm([each.p if each else None for each in found.values()]), strict=True))
    rows: list[tuple[Value, ...]] = []
    for name, column in columns.items():
        means, each = task_means(column), found.get(name)
        interval = bootstrap_interval(list(means.values()))
        rows.append((
            name, len(column), MeanWithError(mean(list(means.values()))), Interval(*interval) if interval else None,
            ranks.get(name), mean([best[task] - score for task, score in means.items()]),
            mean(list(task_means(luck_of(here, name)).values())),
            each.difference if each else None, Interval(*each.interval) if each and each.interval else None,
            f"{each.wins} / {each.ties} / {each.losses}" if each else None, each.p if each else None,
            adjusted.get(name), round(mean([score.calls for score in column.values()])),
        ))  # fmt: skip
    rows.sort(key=lambda row: -row[2].value if isinstance(row[2], MeanWithError) else 0.0)
    left_out = {cell.key for cell in cells if cell.calls == calls} - {cell.key for cell in here}
    notes = [
        NOTE.format(reference=reference),
        *([f"{len(left_out)} pairs of task and seed are left out, as not every method has them."] * bool(left_out)),
    ]
    return Table(f"calls_{calls}", f"{calls:,} calls, final test included", HEADER, tuple(rows), tuple(notes))


def luck_of(cells: Sequence[Cell], method: str) -> Column:
    """Validation less test score of a method's winners."""
    return {
        cell.key: MethodScore((result.validation_score or 0.0) - (result.test_score or 0.0), 0)
        for cell in cells
        if cell.method == method and (result := cell.run.result)
    }


def by_task(cells: Sequence[Cell], calls: int, best: Mapping[str, float]) -> Table:
    """Mean test score of each method on each task, with the best known."""
    columns = columns_of(shared(cells, calls))
    means: Mapping[str, Mapping[str, float]] = {name: task_means(column) for name, column in columns.items()}
    tasks = sorted({task for by_name in means.values() for task in by_name})
    rows: list[tuple[Value, ...]] = [(task, best[task], *(means[name][task] for name in columns)) for task in tasks]
    title = f"{calls:,} calls, final test included: test scores by task"
    return Table(f"tasks_{calls}", title, ("task", "best known", *columns), tuple(rows))


def main(argv: Sequence[str]) -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("runs/held_out"), help="of the grid's runs")
    parser.add_argument("--methods", nargs="+", help="only these, such as duet ape+fixed; all by default")
    parser.add_argument("--reference", default=REFERENCE, help="what the others are compared with (%(default)s)")
    options = parser.parse_args(argv)
    cells = read_cells(options.folder)
    best = best_known(cells)
    if options.methods:
        cells = [cell for cell in cells if cell.method in options.methods]
    for calls in sorted({cell.calls for cell in cells}):
        tables = (comparison(cells, calls, best, options.reference), by_task(cells, calls, best))
        sys.stdout.write("\n".join(map(markdown, tables)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
