"""The parts of the page of several runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from duet.reporting.html.charts import Point, best_so_far, curve_chart
from duet.reporting.html.elements import folded, numbers
from duet.reporting.html.run_sections import duration, money
from duet.reporting.method_tables import OURS
from duet.reporting.runs import Run


def shared_facts(runs: Sequence[Run]) -> str:
    """Models, metrics and total cost, for the head of the page."""
    models = sorted({run.model for run in runs if run.model})
    metrics = sorted({run.metric for run in runs if run.metric})
    return numbers({"Model": _several(models), "Metric": _several(metrics)} | total_costs(runs), "facts")


def _several(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "not recorded"


def mean_curves(runs: Sequence[Run]) -> str:
    """One line per method as it is, over scored instructions; a search that ended stays where it was."""
    groups: dict[str, list[list[float]]] = defaultdict(list)
    for run in runs:
        if run.scored and not run.variant:
            groups[run.label].append(_running_best(run.comparable_scores))
    lines = {label: _mean_line(group) for label, group in sorted(groups.items(), key=_ours_first)}
    if not lines:
        return "<p>No instruction was recorded.</p>"
    described = "; ".join(f"{label}: {line[-1][1]:.3f} at the end" for label, line in lines.items())
    return curve_chart(lines, [], described, "scored instructions; mean over the runs of a method")


def _ours_first(item: tuple[str, object]) -> tuple[bool, str]:
    return item[0] != OURS, item[0]


def _running_best(heights: Sequence[float]) -> list[float]:
    best = [heights[0]]
    for height in heights[1:]:
        best.append(max(best[-1], height))
    return best


def _mean_line(lines: Sequence[Sequence[float]]) -> list[Point]:
    length = max(map(len, lines))
    means = [sum(line[min(place, len(line) - 1)] for line in lines) / len(lines) for place in range(length)]
    return best_so_far(list(enumerate(means)))


def total_costs(runs: Sequence[Run]) -> dict[str, str]:
    """Sums the calls, tokens, cost and time of all runs."""
    results = [run.result for run in runs]
    paid = [result.cost_usd for result in results]
    possibly = sum(result.possibly_charged_usd or 0 for result in results)
    return {
        "Calls": f"{sum(result.calls for result in results):,}",
        "Tokens": f"{sum(result.prompt_tokens + result.completion_tokens for result in results):,}",
        "Paid": money(None if None in paid else sum(amount for amount in paid if amount), possibly),
        "Time of all runs": duration(sum(result.seconds for result in results)),
    }


def shared_configuration(runs: Sequence[Run]) -> str:
    """Returns what all runs have in common, and which values the other settings have."""
    keys = sorted({key for run in runs for key in run.settings} - {"run_dir"})
    values = {key: sorted({str(run.settings.get(key)) for run in runs}) for key in keys}
    differences = "\n".join(f"{key}: {' | '.join(found)}" for key, found in values.items() if len(found) > 1)
    common = "\n".join(f"{key}: {found[0]}" for key, found in values.items() if len(found) == 1)
    return folded("Settings that differ", differences) + folded("Settings that all runs share", common)
