"""The paper's Tables 1 to 5 on our own runs, each comparison with its intervals, tests and calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from duet.reporting.runs import Run
from duet.reporting.statistics import (
    SAME,
    Cell,
    Column,
    average_ranks,
    bootstrap_interval,
    by_task,
    common_tasks,
    compare,
    difficulty,
    mean,
    standard_error,
    task_means,
)
from duet.reporting.table import Estimate, Interval, Table, Value

OURS = "Duet"
STARTS = ("initial gpt 3.5", "initial gpt 4", "initial gpt 4o", "initial deepseek")  # of which the start alone counts
TABLE_2 = ("without output", "without similarity")
TABLE_5 = ("fixed weight 0.01", "fixed weight 1e-10", "depth 1", "depth 5")
BASELINES = {"copy_input": "copy the input", "majority_answer": "majority answer"}
COMPARISON = (
    "method", "runs", "mean", "95 % interval", "average rank", "tasks compared", "difference",
    "interval of the difference", "wins / ties / losses", "Wilcoxon p", "calls", "equal calls",
)  # fmt: skip
COMPARED = (
    "Difference, wins and losses are those of {reference} against the method of the row, over tasks that both have, "
    "seeds averaged first. Its interval is a bootstrap over tasks; the test is Wilcoxon's paired one, two-sided, not "
    "adjusted for the number of comparisons. Calls are those of a search, the final test aside."
)
UNEQUAL = "† The searches asked different numbers of calls, so the difference is not one of the methods alone."


def columns_of(runs: Sequence[Run]) -> dict[str, Column]:
    """Label -> (task, seed) -> test score and calls; runs without a test score are left out."""
    columns: dict[str, dict[tuple[str, int], Cell]] = {}
    for run in runs:
        if run.result.test_score is not None:
            cell = Cell(run.result.test_score, run.search_calls)
            columns.setdefault(run.label, {})[run.task, run.result.seed] = cell
    return dict(columns)


def main_columns(runs: Sequence[Run]) -> dict[str, Column]:
    """The methods as they are, ours last as in the paper; variants aside."""
    columns = columns_of([run for run in runs if not run.variant])
    return {label: columns[label] for label in sorted(columns, key=lambda one: (one == OURS, one))}


def baseline_columns(runs: Sequence[Run]) -> dict[str, Column]:
    """What needs no search: copying the input, always the majority answer."""
    return {
        title: column
        for key, title in BASELINES.items()
        if (column := {(run.task, run.result.seed): Cell(found[key], 0) for run, found in _known(runs) if key in found})
    }


def _known(runs: Sequence[Run]) -> list[tuple[Run, Mapping[str, float]]]:
    return [(run, run.result.baselines) for run in runs]


def initial_columns(runs: Sequence[Run]) -> dict[str, Column]:
    """The best initial instruction alone, by the model that wrote it: the start of our runs as they are, and of those
    that another model starts; and what it asked.
    """
    columns: dict[str, dict[tuple[str, int], Cell]] = {}
    for run in runs:
        score = run.result.initial_best_test_score
        if run.method == OURS and run.variant in ("", *STARTS) and score is not None:
            calls = sum(one.n for one in run.scored if one.iteration == 0)
            columns.setdefault(f"{initial_model(run)} alone", {})[run.task, run.result.seed] = Cell(score, calls)
    return {label: columns[label] for label in sorted(columns)}


def initial_model(run: Run) -> str:
    """The model that wrote the initial instructions."""
    for box in ("initial_black_box", "black_box"):
        if model := run.settings.get(f"{box}.init_args.model"):
            return str(model)
    return "initial instructions"


def reference_of(columns: Mapping[str, Column]) -> str | None:
    """Ours, else the method with the highest mean."""
    if OURS in columns:
        return OURS
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
    tasks = sorted({task for one in scores.values() for task in one})
    rows = [(task, *_row([scores[label].get(task) for label in every], len(columns))) for task in tasks]
    common = common_tasks(every)
    means = [[mean(scores[label][task]) for task in common] if common else None for label in every]
    last = tuple(replace(one, error=None) if isinstance(one, Estimate) else one for one in _row(means, len(columns)))
    notes = [_seeds_note(columns)]
    if len(common) < len(tasks):
        notes.append(f"The mean is over the {len(common)} of {len(tasks)} tasks that every column has.")
    return Table(name, title, ("task", *every), (*rows, ("mean", *last)), tuple(notes))


def _row(scores: Sequence[list[float] | None], competing: int) -> tuple[Value, ...]:
    cells = [None if not one else Estimate(mean(one), standard_error(one)) for one in scores]
    top = max((cell.value for cell in cells[:competing] if cell), default=0.0)
    return tuple(
        replace(cell, best=competing > 1 and index < competing and cell.value > top - SAME) if cell else None
        for index, cell in enumerate(cells)
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
    rows = tuple(_comparison_row(label, every, reference, ranks) for label in every)
    notes = [COMPARED.format(reference=reference)]
    if len(common_tasks(columns)) < len({task for column in columns.values() for task, _ in column}):
        notes.append(f"Ranks are over the {len(common_tasks(columns))} tasks that every method has.")
    if any(str(row[-1]).startswith("†") for row in rows):
        notes.append(UNEQUAL)
    return Table(name, title, COMPARISON, rows, tuple(notes))


def _comparison_row(
    label: str, columns: Mapping[str, Column], reference: str, ranks: Mapping[str, float]
) -> tuple[Value, ...]:
    column = columns[label]
    means = list(task_means(column).values())
    interval = bootstrap_interval(means)
    calls = round(mean([cell.calls for cell in column.values()]))
    first: tuple[Value, ...] = (
        label, len(column), Estimate(mean(means)), Interval(*interval) if interval else None, ranks.get(label),
    )  # fmt: skip
    found = None if label == reference else compare(columns[reference], column)
    if found is None:
        return (*first, None, None, None, None, None, calls, None)
    equal = "yes" if found.equal_calls else f"† {found.calls[0]:,.0f} : {found.calls[1]:,.0f}"
    return (
        *first, found.tasks, found.difference, Interval(*found.interval) if found.interval else None,
        f"{found.wins} / {found.ties} / {found.losses}", found.p, calls, equal,
    )  # fmt: skip


def difficulty_table(columns: Mapping[str, Column]) -> Table:
    """Table 3: how hard each task is, from the methods' scores on it."""
    means = {label: task_means(column) for label, column in columns.items()}
    rows = []
    for task in common_tasks(columns):
        scores = [one[task] for one in means.values()]
        spread = difficulty(scores, (0.0, 1.0))
        rows.append((task, mean(scores), spread, difficulty(scores)))
    rows.sort(key=lambda row: -row[3])
    note = f"Over {len(columns)} method(s), on the tasks that all have: D = 0.7 (1 − mean) + 0.3 std, std with ddof 0."
    header = ("task", "mean score", "standard deviation", "difficulty")
    return Table("table_3", "Table 3. Difficulty of each task, the hardest first", header, tuple(rows), (note,))


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
    note = "The seed is chosen by the validation score, so the test score stays an honest one."
    return Table("table_4", f"Table 4. Best instruction of {reference} for each task", header, rows, (note,))


def _preference(run: Run) -> tuple[float, int, int]:
    return run.result.validation_score, -len(run.result.best_instruction), -run.result.seed


def variants(runs: Sequence[Run], names: Sequence[str] | None = None) -> dict[str, Column]:
    """Ours with each of the named changes, or with any but another start; the method as it is comes last."""
    columns = columns_of([run for run in runs if run.method == OURS and run.variant not in STARTS])
    wanted = [f"{OURS}, {name}" for name in names] if names is not None else sorted(set(columns) - {OURS})
    return {label: columns[label] for label in (*wanted, OURS) if label in columns}


def all_tables(runs: Sequence[Run]) -> tuple[list[Table], list[str]]:
    """The tables that the runs can fill, and a line for each that they can't."""
    columns, beside = main_columns(runs), baseline_columns(runs)
    reference = reference_of(columns)
    if reference is None:
        return [], ["Tables: left out, as no run of a method as it is has a test score"]
    tables = [
        score_table("table_1", "Table 1. Test score of each method on each task", columns, beside),
    ]
    if len(columns) + len(beside) > 1:
        title = f"Table 1, compared with {reference}"
        tables.append(comparison_table("table_1_comparison", title, columns, reference, beside))
    left_out = [] if beside else ["Baselines: left out, as no run recorded what copying the input scores"]
    groups = (
        (
            "table_2",
            "Table 2. Initial instructions alone, and without parts",
            initial_columns(runs) | variants(runs, TABLE_2),
        ),
        ("table_5", "Table 5. Fixed weights of the similarity term, and depths", variants(runs, TABLE_5)),
        ("ablations", "All changes to the method", variants(runs)),
    )
    for name, title, group in groups:
        if OURS in group and len(group) > 1:
            tables.append(score_table(name, title, group, {}))
            tables.append(comparison_table(f"{name}_comparison", f"{title.split('.')[0]}, compared", group, OURS, {}))
        else:
            left_out.append(f"{title.split('.')[0]}: left out, as there are no such runs of {OURS}")
    tables += [difficulty_table(columns), best_instructions_table(runs, reference)]
    return sorted(tables, key=lambda table: (not table.name.startswith("table"), table.name)), left_out
