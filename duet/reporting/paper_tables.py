"""The paper's Tables 1 to 5 on our own runs, each comparison with its intervals, tests and calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from duet.reporting.method_tables import (
    OURS,
    base_of,
    best_instructions_table,
    columns_of,
    comparison_table,
    main_columns,
    published_columns,
    reference_of,
    score_table,
)
from duet.reporting.paper import published_scores
from duet.reporting.runs import Run
from duet.reporting.statistics import Column, MethodScore, common_tasks, difficulty, mean, task_means
from duet.reporting.table import Table

STARTS = ("initial gpt 3.5", "initial gpt 4", "initial gpt 4o", "initial deepseek")  # of which the start alone counts
TABLE_2 = ("without output", "without similarity")
TABLE_5 = ("fixed weight 0.01", "fixed weight 1e-10", "depth 1", "depth 5")
PRINTED = (
    "The printed scores are of other models (GPT-3.5-turbo with Vicuna-13B) and only partly means over three seeds: no "
    "difference to them is computed."
)
BASELINES = {"copy_input": "copy the input", "majority_answer": "majority answer"}


def baseline_columns(runs: Sequence[Run]) -> dict[str, Column]:
    """Returns what needs no search: copying the input, always the majority answer."""
    return {
        title: column
        for key, title in BASELINES.items()
        if (
            column := {
                (run.task, run.result.seed): MethodScore(found[key], 0) for run, found in _known(runs) if key in found
            }
        )
    }


def _known(runs: Sequence[Run]) -> list[tuple[Run, Mapping[str, float]]]:
    return [(run, run.result.baselines) for run in runs]


def initial_columns(runs: Sequence[Run], base: str = OURS) -> dict[str, Column]:
    """The best initial instruction alone, by the model that wrote it: the start of the base's runs as they are, and of
    those that another model starts; and the calls that it took.
    """
    columns: dict[str, dict[tuple[str, int], MethodScore]] = {}
    for run in runs:
        score = run.result.initial_best_test_score
        if run.method == base and run.variant in ("", *STARTS) and score is not None:
            calls = sum(scored.n for scored in run.scored if scored.iteration == 0)
            columns.setdefault(f"{initial_model(run)} alone", {})[run.task, run.result.seed] = MethodScore(score, calls)
    return {label: columns[label] for label in sorted(columns)}


def initial_model(run: Run) -> str:
    """The model that wrote the initial instructions."""
    for box in ("proposer", "black_box"):
        if model := run.settings.get(f"{box}.init_args.model"):
            return str(model)
    return "initial instructions"


def difficulty_table(columns: Mapping[str, Column]) -> Table:
    """Table 3: how hard each task is, from the baselines' errors on it (A.2.1)."""
    means = {label: task_means(column) for label, column in columns.items()}
    rows = []
    for task in common_tasks(columns):
        scores = [by_name[task] for by_name in means.values()]
        rows.append((task, 1 - mean(scores), difficulty(scores, (0.0, 1.0)), difficulty(scores)))
    rows.sort(key=lambda row: -row[3])
    note = (
        f"Over {len(columns)} baseline(s), {', '.join(columns)}, on the tasks that all have: "
        "D = 0.7 mean error + 0.3 std, std with ddof 0; the error is 1 − score."
    )
    header = ("task", "mean error", "standard deviation", "difficulty")
    return Table("table_3", "Table 3. Difficulty of each task, the hardest first", header, tuple(rows), (note,))


def printed_table(columns: Mapping[str, Column]) -> Table | None:
    """The paper's Table 1 by task beside our means, on the tasks that both have; None if there are none."""
    printed, means = published_scores(), {label: task_means(column) for label, column in columns.items()}
    tasks = sorted({task for by_name in means.values() for task in by_name} & printed["paper"].keys())
    if not tasks:
        return None
    rows = [
        (task, *(by_name.get(task) for by_name in means.values()), *(by_name[task] for by_name in printed.values()))
        for task in tasks
    ]
    header = ("task", *means, *(f"printed: {'the paper' if name == 'paper' else name}" for name in printed))
    title = "Table 1 as the paper prints it, beside our scores, for reference only"
    return Table("table_1_printed", title, header, tuple(rows), (PRINTED,))


def variants(runs: Sequence[Run], names: Sequence[str] | None = None, base: str = OURS) -> dict[str, Column]:
    """The base with each of the named changes, or with any but another start; the base as it is comes last."""
    columns = columns_of([run for run in runs if run.method == base and run.variant not in STARTS])
    wanted = [f"{base}, {name}" for name in names] if names is not None else sorted(set(columns) - {base})
    return {label: columns[label] for label in (*wanted, base) if label in columns}


def all_tables(runs: Sequence[Run]) -> tuple[list[Table], list[str]]:
    """The tables that the runs can fill, and a line for each that they can't."""
    columns, beside = main_columns(runs), baseline_columns(runs)
    reference = reference_of(columns)
    if reference is None:
        return [], ["Tables: left out, as no run of an unchanged method has a test score"]
    tables = [
        score_table("table_1", "Table 1. Test score of each method on each task", columns, beside),
    ]
    if len(columns) + len(beside) > 1:
        title = f"Table 1, compared with {reference}"
        tables.append(comparison_table("table_1_comparison", title, columns, reference, beside))
    if printed := printed_table(columns):
        tables.append(printed)
    left_out = [] if beside else ["Baselines: left out, as no run recorded what copying the input scores"]
    base = base_of(columns)
    groups = (
        (
            "table_2",
            "Table 2. Initial instructions alone, and without parts",
            initial_columns(runs, base) | variants(runs, TABLE_2, base),
        ),
        ("table_5", "Table 5. Fixed weights of the similarity term, and depths", variants(runs, TABLE_5, base)),
        ("ablations", "All changes to the method", variants(runs, None, base)),
    )
    for name, title, group in groups:
        if base in group and len(group) > 1:
            tables.append(score_table(name, title, group, {}))
            tables.append(comparison_table(f"{name}_comparison", f"{title.split('.')[0]}, compared", group, base, {}))
        else:
            left_out.append(f"{title.split('.')[0]}: left out, as there are no such runs of {base}")
    if published := published_columns(columns):
        tables.append(difficulty_table(published))
    else:
        left_out.append("Table 3: left out, as there are no runs of a baseline")
    tables.append(best_instructions_table(runs, reference))
    return sorted(tables, key=lambda table: (not table.name.startswith("table"), table.name)), left_out
