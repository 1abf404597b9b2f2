"""The parts of one run's page."""

from __future__ import annotations

from collections import Counter
from html import escape

from duet.reporting.advice import TROUBLES
from duet.reporting.html.charts import best_so_far, curve_chart, scatter_chart, score_row
from duet.reporting.html.elements import copy_button, folded, note, numbers, static_table
from duet.reporting.pareto import pareto_front
from duet.reporting.run_result import Prompt
from duet.reporting.run_tables import length_unit, pareto_table, scored_lengths
from duet.reporting.runs import Run, read_config
from duet.reporting.statistics import bootstrap_interval
from duet.reporting.table import Table, minus
from duet.reporting.untrusted import NotReportable
from duet.reporting.whole_prompt import whole_prompt

MOST_OWN, MOST_SPLITS = 50, 5


def facts(run: Run) -> str:
    """Model, metric, examples and cost, for the head of the page."""
    result = run.result
    splits = ", ".join(f"{count:,} {name}" for name, count in result.splits.items())
    named = {
        "Model": run.model or "not recorded",
        "Metric": run.metric or "not recorded",
        "Examples": splits or _known_splits(run),
        "Calls": f"{result.calls:,}",
        "Cost": money(result.cost_usd, result.possibly_charged_usd),
        "Time": duration(result.seconds),
    }
    troubles = {f"Answers {name}": f"{count:,}" for name in TROUBLES if (count := result.answers.get(name))}
    return numbers(named | troubles | _rejected(run), "facts")


def _rejected(run: Run) -> dict[str, str]:
    """How many texts were no instruction, and why; nothing for a run that did not count them."""
    written, rejected = run.result.written, Counter(dict(run.result.rejected))
    if written is None:
        return {}
    reasons = "; ".join(f"{count:,} {reason}" for reason, count in rejected.most_common())
    return {"Texts rejected": f"{rejected.total():,} of {written:,}" + (f": {reasons}" if reasons else "")}


def _known_splits(run: Run) -> str:
    counts = Counter(example.split for example in run.examples)
    return ", ".join(f"{count:,} {name}" for name, count in counts.most_common(MOST_SPLITS)) or "not recorded"


def best_instruction(run: Run) -> str:
    """The instruction and the whole prompt, to be read and copied."""
    text = run.result.best_instruction
    try:
        prompt: Prompt | None = whole_prompt(run)
    except NotReportable:
        prompt = None
    button = f" {copy_button(prompt.text, 'Copy the whole prompt')}" if prompt else ""
    whole = folded("The whole prompt, with {input} where the input goes", prompt.text) if prompt else ""
    return (
        f'<div class="best"><blockquote>{escape(text)}</blockquote>{copy_button(text, "Copy the instruction")}{button}'
        f"</div>{whole}"
    )


def scores(run: Run) -> str:
    """The scores on the test examples, then those on the validation examples, each with its number of examples."""
    result = run.result
    same = result.initial_best_instruction == result.best_instruction
    n_test = result.n_test or None
    own = [(f"Yours {place}", each) for place, each in enumerate(result.own_instructions[:MOST_OWN], start=1)]
    test = [
        *(
            score_row(label, each.test_score, None, n_test, "start")
            for label, each in own
            if each.test_score is not None
        ),
        score_row("Start", result.initial_best_test_score, None, n_test, "start"),
        score_row("Best", result.test_score, result.test_interval, n_test),
    ]
    validation = [
        *(score_row(label, each.validation_score, None, each.n, "start") for label, each in own),
        score_row("Start", result.initial_best_validation_score, None, result.initial_best_validation_n, "start"),
        score_row("Best", result.validation_score, None, result.validation_n),
        *(
            [score_row("Best, posterior", result.validation_posterior, result.validation_interval, None)]
            * (result.validation_posterior is not None)
        ),
    ]
    started = (
        ""
        if same or not result.initial_best_instruction
        else (f"<p>Start, the best initial instruction: {escape(result.initial_best_instruction)}</p>")
    )
    yours = "".join(f"<p>{escape(label)}: {escape(each.instruction)}</p>" for label, each in own)
    gain = "" if same else _gain(run)
    return (
        f'<h3>Test</h3><div class="scores">{"".join(test)}</div>{note(_tested(run, same))}{gain}{started}{yours}'
        f'<h3>Validation</h3><div class="scores">{"".join(validation)}</div>'
        + note("The search chose by these scores, so the best score is biased upwards; the test score is not.")
    )


def _tested(run: Run, same: bool) -> str:
    if run.result.test_score is None:
        return "The best instruction was not tested, so its score on new examples is unknown."
    told = f"Means over {run.result.n_test:,} test examples that the search never saw, with 95 % confidence intervals."
    return f"{told} No better instruction than the start was found." if same else told


def _gain(run: Run) -> str:
    """The best against the start, example by example, where the run recorded both."""
    pairs = run.test_pairs
    interval = bootstrap_interval([best - start for best, start in pairs])
    if interval is None:
        return ""
    gain = sum(best - start for best, start in pairs) / len(pairs)
    between = f"{minus(interval[0])} to {minus(interval[1])}"
    return note(f"Best − start: {minus(gain)} on the same {len(pairs):,} examples, 95 % bootstrap interval {between}.")


def curve(run: Run) -> str:
    """The validation scores over the iterations."""
    if not run.scored:
        return "<p>No instruction was recorded.</p>"
    points = [(row.iteration, score) for row, score in zip(run.scored, run.comparable_scores, strict=True)]
    best = best_so_far(points)
    described = f"Best: {best[0][1]:.3f} at the start, {best[-1][1]:.3f} after {best[-1][0]} iterations"
    height = "posterior mean of the validation score" if run.has_posterior else "validation score"
    return curve_chart(
        {"best so far": best}, points, described, f"iteration, 0 = initial instructions. Upwards: {height}"
    )


def lengths(run: Run) -> str:
    """Score against length: the chart, and the instructions of the front."""
    unit = length_unit([run])
    rows = scored_lengths(run, unit)
    if not rows:
        return "<p>No instruction was recorded.</p>"
    front = pareto_front(rows)
    best = [(row.length, row.score) for row in rows if row.instruction == run.result.best_instruction]
    chart = scatter_chart(
        [(row.length, row.score) for row in rows], [(row.length, row.score) for row in front], best,
        f"{len(front)} of {len(rows)} instructions score higher than every shorter one", f"length in {unit}",
    )  # fmt: skip
    return chart + static_table(without_columns(pareto_table([run]), ("task", "method", "seed")))


def without_columns(table: Table, names: tuple[str, ...]) -> Table:
    """The table without some of its columns."""
    kept = [index for index, name in enumerate(table.header) if name not in names]
    rows = tuple(tuple(row[index] for index in kept) for row in table.rows)
    return Table(table.name, table.title, tuple(table.header[index] for index in kept), rows, table.notes)


def costs(run: Run) -> dict[str, str]:
    """Lists one run's calls, tokens, cost and time."""
    result = run.result
    return {
        "Calls": f"{result.calls:,}",
        "Tokens sent": f"{result.prompt_tokens:,}",
        "Tokens received": f"{result.completion_tokens:,}",
        "Paid": money(result.cost_usd, result.possibly_charged_usd),
        "Time": duration(result.seconds),
    }


def money(paid: float | None, possibly: float | None = None) -> str:
    """US dollars paid, and what may have been charged besides.

    >>> money(0.0125), money(1234.5, 0.5), money(None)
    ('$0.0125', '$1,234.50, possibly $0.5000 more', 'prices unknown')
    """
    if paid is None:
        return "prices unknown"
    more = f", possibly {money(possibly)} more" if possibly else ""
    return f"${paid:.4f}{more}" if 0 < paid < 1 else f"${paid:,.2f}{more}"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours.

    >>> duration(90), duration(600), duration(8000)
    ('90 s', '10 min', '2.2 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def configuration(run: Run) -> str:
    """The run's config.yaml as it is, and the versions."""
    config = read_config(run.folder) or "The folder holds no config.yaml."
    versions = "\n".join(f"{name} {version}" for name, version in run.result.versions.items())
    return folded("Settings", config) + folded("Versions", versions)
