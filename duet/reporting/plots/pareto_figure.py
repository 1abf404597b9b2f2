"""Score against length of the instructions, run by run."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from duet.reporting.pareto import pareto_front
from duet.reporting.plots.figure import FigureFile, Palette, blank, drawable
from duet.reporting.run_tables import length_unit, scored_lengths
from duet.reporting.runs import Run

MOST_RUNS = 7  # as many as there are colours


def pareto_figures(runs: Sequence[Run]) -> tuple[list[FigureFile], list[str]]:
    """The figure, or a line that says why there is none."""
    shown = [run for run in runs if run.scored]
    if not shown:
        return [], ["Score against length: left out, as no instruction was recorded"]
    if len(shown) > MOST_RUNS:
        return [], [
            f"Score against length: no figure, as {len(shown)} runs are too many for one figure; the table lists all"
        ]
    return [FigureFile("pareto", "Score against length", lambda palette: pareto_plot(shown, palette))], []


def pareto_plot(runs: Sequence[Run], palette: Palette) -> Figure:
    """A dot for each instruction, a step line for each front."""
    figure, axes = blank(6.4, 4)
    unit = length_unit(runs)
    known = all(run.has_posterior for run in runs)
    height = "posterior mean of the validation score" if known else "validation score"
    for run, colour in zip(runs, palette.cycle, strict=False):
        rows = scored_lengths(run, unit)
        front = pareto_front(rows)
        name = run.task if len(runs) == 1 else f"{run.task}, {run.label}, seed {run.result.seed}"
        axes.scatter(
            [row.length for row in rows], [row.score for row in rows], s=14, color=colour, alpha=0.3, linewidths=0
        )
        lengths = [*(row.length for row in front), max(row.length for row in rows)]
        scores = [*(row.score for row in front), front[-1].score]
        axes.step(lengths, scores, where="post", color=colour, linewidth=1.8, label=drawable(name))
        axes.scatter(lengths[:-1], scores[:-1], s=30, color=colour)
    axes.set(xlabel=f"length of the instruction, {unit}", ylabel=height, title="Score against length")
    axes.margins(0.05)
    axes.legend(loc="lower right", fontsize=8)
    axes.grid(visible=True)
    return figure
