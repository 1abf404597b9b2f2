"""``report``: tables, figures and one page from run folders alone. It calls no model and needs no torch."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from duet.atomic_files import replace_text
from duet.config_files import CONFIGS, DEFAULTS
from duet.messages import OneLineParser, printable
from duet.reporting.html.page import PAGE, run_page, runs_page
from duet.reporting.labels import Names, dotted, label_runs
from duet.reporting.paper_tables import all_tables
from duet.reporting.plots.figure import write_figure
from duet.reporting.plots.paper_figures import all_figures
from duet.reporting.plots.pareto_figure import pareto_figures
from duet.reporting.run_tables import own_tables
from duet.reporting.runs import Run, find_folders, read_runs
from duet.reporting.table import comma_separated, latex, markdown

FORMS = {".md": markdown, ".csv": comma_separated, ".tex": latex}
FORMER = (
    "tables/table_[1-5]*.*", "tables/ablations*.*", "figures/figure_[2-7].*", "tables/runs.*", "tables/methods*.*",
    "tables/own_instructions.*", "tables/pareto.*", "figures/pareto.*",
)  # fmt: skip
MANY = 20  # run folders, which take longer than a second
log = logging.getLogger("duet")


def run(argv: Sequence[str]) -> int:
    """Runs ``report``; returns the exit code.

    Raises:
        ValueError: nothing could be reported.
    """
    options = _parser().parse_args(argv)
    if options.output.exists() and not options.output.is_dir():
        raise ValueError(f"--output: expected a folder but {options.output} is a file")
    runs, problems = gather(options.runs)
    for problem in problems:
        log.warning("%s", printable(problem))
    if not runs:
        raise ValueError(f"report: expected a run but found none in {', '.join(map(str, options.runs))}")
    left_out = write(runs, options.output, problems, paper=options.paper)
    sys.stdout.write("\n".join([*left_out, f"{len(runs)} run(s): {options.output / PAGE}"]) + "\n")
    return 0


def _parser() -> OneLineParser:
    parser = OneLineParser(prog="duet report", description=__doc__)
    parser.add_argument(
        "runs", metavar="RUNS", nargs="+", type=Path, help="run folders, or folders that hold some at any depth"
    )
    parser.add_argument(
        "--output", metavar="DIR", type=Path, default=Path("report"),
        help="where report.html, tables/ and figures/ are written; made if missing (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--paper", action="store_true", help="make the tables and figures of the paper, from runs of its grid"
    )
    return parser


def gather(paths: Sequence[Path]) -> tuple[list[Run], list[str]]:
    """The finished runs at or below the paths, labelled, and a line for all that is left out."""
    folders, missing = find_folders(paths)
    if len(folders) > MANY:
        log.info("Reading %d run folders", len(folders))
    runs, unread = read_runs(folders)
    labelled, repeats = label_runs(runs, configured_names())
    return labelled, missing + unread + repeats


def configured_names() -> Names:
    """The methods, ablations and defaults of the folder configs/."""
    first, then = map(_settings, DEFAULTS)
    return Names(_named("methods"), _named("ablations"), first | then)


def _named(kind: str) -> dict[str, dict[str, Any]]:
    """Name -> settings, of each file in a folder: ``depth 5``, ``without output``."""
    return {path.stem.replace("_", " "): _settings(path) for path in sorted((CONFIGS / kind).glob("*.yaml"))}


def _settings(path: Path) -> dict[str, Any]:
    return dotted(yaml.safe_load(path.read_text(encoding="utf-8")))


def write(runs: Sequence[Run], output: Path, problems: Sequence[str], *, paper: bool = False) -> list[str]:
    """Writes everything that the runs can fill and returns a line for each part that they can't.

    Args:
        runs: labelled.
        output: the folder.
        problems: a line for each folder that was left out.
        paper: writes the tables and figures of the paper instead of those about the runs.
    """
    tables, without_tables = all_tables(runs) if paper else (own_tables(runs), [])
    figures, without_figures = all_figures(runs) if paper else pareto_figures(runs)
    left_out = without_tables + without_figures
    remove_former(output)
    for table in tables:
        for ending, form in FORMS.items():
            replace_text(output / "tables" / f"{table.name}{ending}", form(table))
    pictures = [write_figure(figure, output / "figures") for figure in figures]
    one_run = len(runs) == 1 and not paper
    page = run_page(runs[0]) if one_run else runs_page(runs, tables, pictures, [*problems, *left_out])
    replace_text(output / PAGE, page)
    return left_out


def remove_former(output: Path) -> None:
    """Takes away the tables and figures of an earlier report, which other runs may have filled."""
    for pattern in FORMER:
        for path in output.glob(pattern):
            path.unlink()
