"""Tables about one's own runs: how each of them did, the user's own instructions, and score against length."""

from __future__ import annotations

from collections.abc import Sequence

from duet.reporting.method_tables import OURS, comparison_table, main_columns, reference_of, score_table
from duet.reporting.pareto import (
    ScoredLength,
    count_words,
    pareto_front,
    shortest_within_one_standard_error,
    standard_error_of_mean,
)
from duet.reporting.run_files import ScoredInstruction
from duet.reporting.runs import Run
from duet.reporting.table import Interval, Table, Value

RUNS = "runs"  # the name of the table that says how each run did
ONE_STANDARD_ERROR = (
    "Shortest within one standard error: the shortest instruction whose score is at least the highest one's, less one "
    "standard error of the highest."
)


def own_tables(runs: Sequence[Run]) -> list[Table]:
    """The tables that the runs can fill."""
    columns = main_columns(runs)
    tables = [runs_table(runs)]
    if len(columns) > 1:
        reference = reference_of(columns) or OURS
        tables.append(score_table("methods", "Test score of each method on each task", columns, {}))
        tables.append(
            comparison_table("methods_compared", f"The methods, compared with {reference}", columns, reference, {})
        )
    if any(run.result.own_instructions for run in runs):
        tables.append(own_instructions_table(runs))
    tables.append(pareto_table(runs))
    return tables


def runs_table(runs: Sequence[Run]) -> Table:
    """One row per run, each score with the number of its examples."""
    rows = tuple(
        (
            *_names(run), run.result.best_instruction, run.result.validation_score,
            run.result.validation_n, run.result.test_score,
            Interval(*run.result.test_interval) if run.result.test_interval else None,
            run.result.n_test if run.result.test_score is not None else None, run.result.initial_best_test_score,
            run.result.calls, run.result.cost_usd,
        )
        for run in runs
    )  # fmt: skip
    header = (
        "task", "method", "seed", "instruction", "validation score", "validation examples", "test score",
        "95 % interval", "test examples", "start's test score", "calls", "US dollars",
    )  # fmt: skip
    return Table(RUNS, "Runs", header, rows)


def _names(run: Run) -> tuple[str, str, str]:
    return run.task, run.label, str(run.result.seed)


def own_instructions_table(runs: Sequence[Run]) -> Table:
    """The user's own starting instructions, and what the search made of them."""
    rows: list[tuple[Value, ...]] = []
    for run in runs:
        result = run.result
        rows += [
            (*_names(run), "yours", own.instruction, own.validation_score, own.n, own.test_score)
            for own in result.own_instructions
        ]
        if result.own_instructions:
            best = (result.validation_score, result.validation_n, result.test_score)
            rows.append((*_names(run), "best", result.best_instruction, *best))
    header = ("task", "method", "seed", "whose", "instruction", "validation score", "validation examples", "test score")
    return Table("own_instructions", "Your instructions, and the best one found", header, tuple(rows))


def pareto_table(runs: Sequence[Run]) -> Table:
    """Per run the instructions that no shorter one matches in score."""
    rows: list[tuple[Value, ...]] = []
    unit = length_unit(runs)
    for run in runs:
        lengths = scored_lengths(run, unit)
        chosen = shortest_within_one_standard_error(lengths) if lengths else None
        rows += [
            (
                run.task,
                run.label,
                str(run.result.seed),
                row.length,
                row.score,
                row.n,
                _remark(row, chosen, run),
                row.instruction,
            )
            for row in pareto_front(lengths)
        ]
    header = ("task", "method", "seed", unit, "score", "examples", "remark", "instruction")
    notes = (
        f"Each row scores higher than every instruction with fewer {unit}. Compared are the instructions that were "
        "scored on the most examples, by posterior mean where it is known. " + ONE_STANDARD_ERROR,
    )
    return Table("pareto", f"Score against length ({unit})", header, tuple(rows), notes)


def _remark(row: ScoredLength, chosen: ScoredLength | None, run: Run) -> str:
    remarks = ["best"] if row.instruction == run.result.best_instruction else []
    return ", ".join([*remarks, *(["shortest within one standard error"] if row == chosen else [])]) or "–"


def length_unit(runs: Sequence[Run]) -> str:
    """Prompt tokens where every instruction of every run has them, words otherwise."""
    known = all(row.tokens is not None for run in runs for row in run.scored)
    return "prompt tokens" if known and any(run.scored for run in runs) else "words"


def scored_lengths(run: Run, unit: str) -> list[ScoredLength]:
    """The run's instructions that were scored on the most examples, each text once."""
    most = max((row.n for row in run.scored), default=0)
    compared = {
        row.instruction: (row, score)
        for row, score in zip(run.scored, run.comparable_scores, strict=True)
        if row.n == most
    }
    return [_scored_length(row, score, unit) for row, score in compared.values()]


def _scored_length(row: ScoredInstruction, score: float, unit: str) -> ScoredLength:
    length = row.tokens if unit == "prompt tokens" and row.tokens is not None else count_words(row.instruction)
    error = standard_error_of_mean([score for score in row.scores if score is not None])
    return ScoredLength(row.instruction, score, error, length, row.n)
