"""The paper's Figures 2 to 7 on our own runs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import stats

from duet.reporting.html.charts import Point, best_so_far
from duet.reporting.method_tables import base_of, columns_of, is_ours, main_columns, published_columns, reference_of
from duet.reporting.plots.figure import FigureFile, Palette, blank, drawable
from duet.reporting.runs import Run
from duet.reporting.statistics import common_tasks, difficulty, task_means

BANDWIDTH = 0.05
LEAST_AREA = 8.0  # of a bubble, in square points: a task that every method solves has difficulty 0
Curve = NDArray[np.float64]


def probability_plot(runs: Sequence[Run], label: str, palette: Palette) -> Figure:
    """Figure 2: a method's test scores over tasks against normal quantiles, seed by seed."""
    figure, axes = blank(6, 4.2)
    for index, (seed, scores) in enumerate(scores_by_seed(runs, label).items()):
        colour = palette.cycle[index % len(palette.cycle)]
        (quantiles, ordered), (slope, intercept, fit) = stats.probplot(scores)
        axes.scatter(quantiles, ordered, s=22, color=colour, label=f"seed {seed} (r = {fit:.2f})")
        axes.plot(quantiles, slope * quantiles + intercept, color=colour, linewidth=1)
    axes.set(xlabel="normal quantile", ylabel="test score", title=f"{drawable(label)}: test scores over tasks")
    axes.legend()
    axes.grid(visible=True)
    return figure


def scores_by_seed(runs: Sequence[Run], label: str) -> dict[int, list[float]]:
    """The test scores over tasks of each seed that has three or more different ones."""
    scores: dict[int, list[float]] = {}
    for (_, seed), entry in sorted(columns_of(runs).get(label, {}).items(), key=lambda item: item[0][1]):
        scores.setdefault(seed, []).append(entry.score)
    return {seed: values for seed, values in scores.items() if len(set(values)) > 2}


def ridgeline(runs: Sequence[Run], palette: Palette) -> Figure:
    """Figure 3: how the test scores of each method are spread over tasks and seeds."""
    columns = main_columns(runs)
    figure, axes = blank(6.4, 1.2 + 0.62 * len(columns))
    grid = np.linspace(0, 1, 201)
    for place, (label, column) in enumerate(columns.items()):
        scores = np.array([entry.score for entry in column.values()])
        height = density(scores, grid)
        colour = palette.cycle[0] if is_ours(label) else palette.quiet
        axes.fill_between(grid, place, place + 0.9 * height, color=colour, alpha=0.45, zorder=-place, linewidth=0)
        axes.plot(grid, place + 0.9 * height, color=colour, linewidth=1.2, zorder=-place)
        axes.plot(scores, np.full_like(scores, place), "|", color=palette.ink, markersize=6, alpha=0.5)
        axes.plot(scores.mean(), place, "o", color=palette.ink, markersize=4)
    axes.set_yticks(range(len(columns)), list(map(drawable, columns)))
    axes.set(xlabel="test score (strokes: runs, dot: mean)", xlim=(0, 1), title="Test scores of each method")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


def density(scores: Curve, grid: Curve) -> Curve:
    """(k,), a Gaussian kernel density at the grid's points, its highest 1; what would leave [0, 1] is reflected."""
    points = np.concatenate([scores, -scores, 2 - scores])
    height: Curve = np.exp(-0.5 * ((grid[:, None] - points[None]) / BANDWIDTH) ** 2).sum(1)
    height /= height.max()
    return height


def curves(runs: Sequence[Run], palette: Palette, other: str, title: str, *, shaded: bool) -> Figure:
    """Figures 4 and 7: the best validation score over the iterations, with and without a part.

    Args:
        runs: all of them; only tasks and seeds that both have count.
        palette: colours.
        other: the label of the variant.
        title: of the figure.
        shaded: shades the difference instead of one standard error around each curve.
    """
    places, ours, theirs = paired_curves(runs, other)
    figure, axes = blank(6.4, 4)
    for stack, label, colour in ((ours, method_of(other), palette.cycle[0]), (theirs, other, palette.cycle[1])):
        middle = stack.mean(0)
        axes.step(places, middle, where="post", color=colour, label=label, linewidth=1.8)
        if not shaded and len(stack) > 1:
            error = stack.std(0, ddof=1) / np.sqrt(len(stack))
            band = (middle - error, middle + error)
            axes.fill_between(places, *band, step="post", color=colour, alpha=0.15, linewidth=0)
    if shaded:
        both = (ours.mean(0), theirs.mean(0))
        axes.fill_between(places, *both, step="post", color=palette.quiet, alpha=0.3, linewidth=0)
    what = "shaded: difference" if shaded else "band: ± one standard error"
    axes.set(xlabel=f"iteration (mean of {len(ours)} runs; {what})", ylabel="best validation score", title=title)
    axes.set_xlim(0, max(places, default=0) or 1)
    axes.legend(loc="lower right")
    axes.grid(visible=True)
    return figure


def paired_curves(runs: Sequence[Run], other: str) -> tuple[list[int], Curve, Curve]:
    """Iterations at which a best score rises, and twice (runs, iterations): best score so far of ours and the variant.

    A search that ended stays where it was.
    """
    base = method_of(other)
    by_label: dict[str, dict[tuple[str, int], list[Point]]] = {base: {}, other: {}}
    for run in runs:
        if run.label in by_label and run.scored:
            steps = best_so_far([(row.iteration, row.score) for row in run.scored])
            by_label[run.label][run.task, run.result.seed] = steps
    common = sorted(by_label[base].keys() & by_label[other].keys())
    pairs = [[by_label[label][key] for key in common] for label in (base, other)]
    places = sorted({place for pair in pairs for steps in pair for place, _ in steps})
    ours, theirs = (np.array([heights_at(places, steps) for steps in pair]) for pair in pairs)
    return places, ours, theirs


def method_of(variant: str) -> str:
    """The label of the method that a variant changes.

    >>> method_of("Duet (paper), without output")
    'Duet (paper)'
    """
    return variant.partition(", ")[0]


def heights_at(places: Sequence[int], steps: Sequence[Point]) -> list[float]:
    """The height of a step line at each place; before its first step, that of the first step.

    >>> heights_at([0, 1, 5], [(0, 0.5), (2, 0.75)])
    [0.5, 0.5, 0.75]
    """
    starts = [place for place, _ in steps]
    return [steps[max(0, bisect_right(starts, place) - 1)][1] for place in places]


def bubbles(runs: Sequence[Run], label: str, palette: Palette) -> Figure:
    """Figure 5: a method's score on each task, the bubble as large as the task is difficult."""
    hardness = difficulties(runs)
    means = task_means(main_columns(runs)[label])
    tasks = sorted(hardness, key=lambda task: hardness[task])
    figure, axes = blank(6.4, 1.4 + 0.34 * len(tasks))
    places = range(len(tasks))
    sizes = [max(LEAST_AREA, 900 * hardness[task]) for task in tasks]
    axes.scatter([means[task] for task in tasks], places, s=sizes, color=palette.cycle[0], alpha=0.65, linewidths=0)
    for place, task in zip(places, tasks, strict=True):
        offset = (6 + 15 * hardness[task] ** 0.5, 0)
        axes.annotate(f"{hardness[task]:.2f}", (means[task], place), offset, textcoords="offset points", va="center")
    axes.set_yticks(places, list(map(drawable, tasks)))
    axes.set(
        xlabel="mean test score (area and number: difficulty)",
        xlim=(-0.03, 1.03),
        title=f"{drawable(label)} on each task",
    )
    axes.set_ylim(-0.8, len(tasks) - 0.2)  # room for the largest bubble
    axes.grid(visible=True, axis="x")
    return figure


def difficulties(runs: Sequence[Run]) -> dict[str, float]:
    """Task -> difficulty over the baselines, as in Table 3, for the tasks that all methods have."""
    columns = main_columns(runs)
    means = [task_means(column) for column in published_columns(columns).values()]
    return {task: difficulty([by_name[task] for by_name in means]) for task in common_tasks(columns) if means}


def spread(runs: Sequence[Run], other: str, palette: Palette) -> Figure:
    """Figure 6: the test scores with and without the similarity constraint, pair by pair."""
    pairs = paired_scores(runs, other)
    figure, axes = blank(5.4, 4.2)
    box = axes.boxplot(
        pairs.T.tolist(), positions=[0, 1], widths=0.5, showfliers=False, patch_artist=True,
        medianprops={"color": palette.ink},
    )  # fmt: skip
    for patch, colour in zip(box["boxes"], palette.cycle, strict=False):
        patch.set(facecolor=colour, alpha=0.35, edgecolor=colour)
    for part in (*box["whiskers"], *box["caps"]):
        part.set(color=palette.quiet)
    axes.plot([0, 1], pairs.T, color=palette.quiet, linewidth=0.6, alpha=0.6, marker="o", markersize=3)
    axes.set_xticks([0, 1], ["with similarity", "without"])
    axes.set(ylabel=f"test score ({len(pairs)} pairs of runs)", title="With and without the similarity constraint")
    axes.set_xlim(-0.6, 1.6)
    return figure


def paired_scores(runs: Sequence[Run], other: str) -> Curve:
    """(pairs, 2): test scores of ours and of the variant where both have the task and the seed."""
    columns = columns_of(runs)
    ours, theirs = columns.get(method_of(other), {}), columns.get(other, {})
    return np.array([(ours[key].score, theirs[key].score) for key in sorted(ours.keys() & theirs.keys())])


def all_figures(runs: Sequence[Run]) -> tuple[list[FigureFile], list[str]]:
    """The figures that the runs can fill, and a line for each that they can't."""
    columns = main_columns(runs)
    label = reference_of(columns)
    if label is None:
        return [], ["Figures: left out, as no run of an unchanged method has a test score"]
    base = base_of(columns)
    without_similarity, without_output = f"{base}, without similarity", f"{base}, without output"
    similarity, output = (len(paired_curves(runs, variant)[1]) > 0 for variant in (without_similarity, without_output))
    pairs = f"runs of {base} with and without"
    fourth, seventh = (
        "Score over iterations, with and without similarity",
        "Score over iterations, with and without output",
    )
    possible: Mapping[str, tuple[bool, str, Callable[[Palette], Figure]]] = {
        "Figure 2. Normal probability plot": (
            bool(scores_by_seed(runs, label)), "three tasks with different scores of one seed",
            lambda palette: probability_plot(runs, label, palette),
        ),
        "Figure 3. Scores of each method": (len(columns) > 1, "two methods", lambda palette: ridgeline(runs, palette)),
        f"Figure 4. {fourth}": (
            similarity, f"{pairs} similarity",
            lambda palette: curves(runs, palette, without_similarity, fourth, shaded=False),
        ),
        "Figure 5. Score and difficulty": (
            len(difficulties(runs)) > 1, "a baseline and two tasks that every method has",
            lambda palette: bubbles(runs, label, palette),
        ),
        "Figure 6. Spread with and without similarity": (
            len(paired_scores(runs, without_similarity)) > 1, f"two {pairs} similarity",
            lambda palette: spread(runs, without_similarity, palette),
        ),
        f"Figure 7. {seventh}": (
            output, f"{pairs} output", lambda palette: curves(runs, palette, without_output, seventh, shaded=True)
        ),
    }  # fmt: skip
    figures, left_out = [], []
    for title, (there, needs, draw) in possible.items():
        name = title.partition(".")[0]
        if there:
            figures.append(FigureFile(name.lower().replace(" ", "_"), title, draw))
        else:
            left_out.append(f"{name}: left out, as it needs {needs}")
    return figures, left_out
