"""``benchmark --dry_run``: the most that all cells of a grid can spend together."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from duet.benchmark.grid import Cell
from duet.engine.estimate import Estimate
from duet.exit_codes import CELL_FAILED, EXPECTED
from duet.messages import plain_message
from duet.session import money
from duet.session.duet_cli import planned
from duet.tasks.task import Task


def dry_run(cells: Sequence[Cell], tasks: Mapping[str, Task]) -> int:
    """Prints the sum of the cells' own estimates.

    Settings are read once for all cells that share them: task and seed change nothing but the texts of the requests.
    """
    estimates: list[Estimate] = []
    failed = 0
    splits = {(task, seed): tasks[task].splits(seed) for task, seed in {(cell.task, cell.seed) for cell in cells}}
    for group in by_settings(cells):
        try:
            search = planned(group[0].arguments).search
        except EXPECTED as error:
            sys.stderr.write(f"duet: {group[0]}: {plain_message(str(error))}\n")
            failed += len(group)
            continue
        estimates += [search.forecast.most(splits[cell.task, cell.seed], cell.seed) for cell in group]
    together = Estimate(tuple(part for estimate in estimates for part in estimate.parts))
    sys.stdout.write(f"{len(estimates)} cells, at most, if no call is saved: {money.figures(together)}\n")
    return CELL_FAILED if failed else 0


def by_settings(cells: Sequence[Cell]) -> list[list[Cell]]:
    """The cells in groups that share all settings but task, seed and places."""
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.settings, []).append(cell)
    return list(groups.values())
