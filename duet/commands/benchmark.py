"""``benchmark``: tasks x methods x seeds x ablations. Each cell is a ``fit``, so the same command resumes it."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from duet.benchmark.grid import Cell, Grid, read_grid, shard, shown
from duet.benchmark.ray_workers import RayCluster
from duet.benchmark.workers import Arguments, Outcome, outcomes
from duet.commands import fit, report
from duet.commands.benchmark_estimate import dry_run
from duet.config_files import find_config
from duet.exit_codes import CELL_FAILED
from duet.messages import OneLineParser, suggest
from duet.reporting.records import RESULT
from duet.session import money
from duet.session.duet_cli import planned
from duet.session.output import quiet
from duet.tasks.task import Task

CPUS, GPUS = 1.0, 0.0  # per cell, on a cluster
Runner = Callable[[Sequence[Arguments]], Iterator[tuple[int, Outcome[None]]]]


def run(argv: Sequence[str]) -> int:
    """Runs ``benchmark``; returns 1 if a cell failed twice.

    Raises:
        ValueError: a wrong argument, grid or task, or money without a cap.
    """
    arguments = _parser().parse_args(argv)
    cluster = cluster_of(arguments)
    file = Path(find_config(arguments.config))
    grid = read_grid(file)
    if arguments.models:
        grid = replace(grid, models=arguments.models)
    output: Path = arguments.output or Path("runs") / file.stem
    shared_disk = cluster is None or cluster.is_this_machine
    cells = chosen(grid.cells(output, arguments.yes, shared_cache=shared_disk), arguments.columns)
    cells = shard(cells, arguments.shard)
    if output.exists() and not output.is_dir():
        raise ValueError(f"--output: expected a folder but {output} is a file")
    if arguments.commands:
        sys.stdout.write("".join(f"{command(cell)}\n" for cell in cells))
        return 0
    tasks = read_tasks(grid)
    quiet()
    if arguments.dry_run:
        return dry_run(cells, tasks)
    runner = partial(cluster.outcomes if cluster else partial(outcomes, processes=arguments.jobs), fit_cell)
    return search(cells, runner, arguments.yes, output, with_report=not arguments.no_report)


def _parser() -> OneLineParser:
    parser = OneLineParser(prog="duet benchmark", description=__doc__)
    parser.add_argument(
        "--config",
        metavar="FILE",
        required=True,
        help="the grid: a file, or the name of one that ships with Duet, such as benchmarks/embedded_quick.yaml",
    )
    parser.add_argument(
        "--output", metavar="DIR", type=Path,
        help="where each cell has its run folder, TASK/METHOD/SEED; runs/NAME by default, after the grid file",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", metavar="K", type=int, default=1,
        help="processes at the same time; they share the cores unless OMP_NUM_THREADS is set (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--ray", metavar="ADDRESS",
        help="a task per cell on a Ray cluster instead: local starts one of this machine, auto, HOST:PORT or "
        "ray://HOST:PORT joins one, whose machines find program and --output at the same place; needs the extra ray",
    )  # fmt: skip
    parser.add_argument(
        "--cpus_per_cell", metavar="C", type=float, default=CPUS, help="with --ray: processors (default: %(default)g)"
    )
    parser.add_argument(
        "--gpus_per_cell", metavar="G", type=float, default=GPUS,
        help="with --ray: GPUs, 0.25 for four cells on each; 0 leaves them uncounted (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--columns", metavar="NAME", nargs="+",
        help="only these columns of the grid, each a METHOD or METHOD+VARIANT; all by default",
    )  # fmt: skip
    parser.add_argument(
        "--models", metavar="NAME", nargs="+",
        help="names of the files in configs/models, or files, in place of the grid's models",
    )  # fmt: skip
    parser.add_argument(
        "--shard", metavar="I/N", default="1/1",
        help="every N-th cell from the I-th on, so that N machines do the whole (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--dry_run", action="store_true", help="print the maximum that all cells can spend together, and make no calls"
    )
    parser.add_argument("--commands", action="store_true", help="print each cell's command line without running it")
    parser.add_argument("--no_report", action="store_true", help="leave out the tables and figures at the end")
    parser.add_argument("--yes", action="store_true", help="start without a cap even if an endpoint costs money")
    return parser


def cluster_of(arguments: Namespace) -> RayCluster | None:
    """Returns where the cells run, if not in processes of this machine.

    Raises:
        ValueError: the arguments don't go together, or Ray is not installed.
    """
    if arguments.jobs < 1:
        raise ValueError(f"--jobs: expected at least 1 but found {arguments.jobs}")
    if arguments.ray is None:
        if (arguments.cpus_per_cell, arguments.gpus_per_cell) != (CPUS, GPUS):
            raise ValueError("--cpus_per_cell, --gpus_per_cell: expected --ray as well but it is missing")
        return None
    if arguments.jobs > 1:
        raise ValueError("--jobs can't be combined with --ray: Ray schedules the cells; set --cpus_per_cell instead")
    return RayCluster(arguments.ray, arguments.cpus_per_cell, arguments.gpus_per_cell)


def chosen(cells: Sequence[Cell], columns: Sequence[str] | None) -> list[Cell]:
    """The cells of the columns that are named; all where none is.

    Raises:
        ValueError: there is no such column.
    """
    names = list(dict.fromkeys(cell.method for cell in cells))
    for column in columns or ():
        if column not in names:
            raise ValueError(
                f"--columns: no such column: {column}{suggest(column, names)}; there are {', '.join(names)}"
            )
    return [cell for cell in cells if columns is None or cell.method in columns]


def command(cell: Cell) -> str:
    """The cell as a line for a shell."""
    return shlex.join([shown(Path(sys.executable)), "-m", "duet", "fit", *cell.arguments])


def read_tasks(grid: Grid) -> dict[str, Task]:
    """Reads every task, so that a wrong name is known before anything is paid for.

    Raises:
        ValueError: one can't be read.
    """
    tasks = {}
    for name, row in grid.tasks.items():
        try:
            tasks[name] = Task(name, **row.task)
        except TypeError as error:
            raise ValueError(f"tasks: {name}: {error}") from error
    return tasks


# What is done with a cell


def fit_cell(arguments: tuple[str, ...]) -> None:
    """The run; a finished one says so and costs nothing."""
    fit.run(arguments)


# What is done with all cells


def search(cells: Sequence[Cell], runner: Runner, yes: bool, output: Path, *, with_report: bool) -> int:
    """Runs all cells, those that failed once more, and reports."""
    if not yes and cells:
        check_cap(cells[0])
    progress = Progress(len(cells))
    failed = [cell for cell, outcome in finished(cells, runner, progress) if outcome.problem]
    if failed:
        progress.say(f"{len(failed)} failed and are retried once")
        failed = [cell for cell, outcome in finished(failed, runner, progress) if outcome.problem]
    if with_report and len(failed) < len(cells):
        report.run([str(output), "--output", str(output / "report"), "--paper"])
    for cell in failed:
        sys.stderr.write(f"duet: {cell}: failed twice; its command is: {command(cell)}\n")
    return CELL_FAILED if failed else 0


def check_cap(cell: Cell) -> None:
    """Wants a cap where a call may cost money; models and budget are the same for all cells.

    Raises:
        ValueError: there is none.
    """
    try:
        money.require_cap(planned(cell.arguments).search)
    except ValueError as error:
        raise ValueError(f"{cell}: {error}; --dry_run prints what all cells can spend") from error


def finished(cells: Sequence[Cell], runner: Runner, progress: Progress) -> Iterator[tuple[Cell, Outcome[None]]]:
    """Runs the cells and says of each how it ended."""
    for number, outcome in runner([cell.arguments for cell in cells]):
        progress.tell(cells[number], outcome)
        yield cells[number], outcome


@dataclass
class Progress:
    """One line per cell that has ended.

    Args:
        total: how many there are.
        done: how many are finished.
    """

    total: int
    done: int = 0

    def tell(self, cell: Cell, outcome: Outcome[None]) -> None:
        """Its test score and time, or why it failed."""
        self.done += outcome.problem is None
        self.say(f"{cell}: {f'failed: {outcome.problem}' if outcome.problem else ending(cell.folder)}")

    def say(self, text: str) -> None:
        """A line, at once."""
        sys.stdout.write(f"{self.done} of {self.total}: {text}\n")
        sys.stdout.flush()


def ending(folder: Path) -> str:
    """Test score and seconds of a finished run."""
    result = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    score = "not tested" if result["test_score"] is None else f"test score {result['test_score']:.3f}"
    return f"{score}, {result['seconds']:.0f} s"
