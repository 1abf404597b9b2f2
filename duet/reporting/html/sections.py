"""The parts of the page: each takes records and returns HTML in which every text is escaped."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from duet.reporting.html.charts import best_so_far, curve_chart, score_row
from duet.reporting.paper_tables import OURS
from duet.reporting.runs import Run, read_config, read_examples
from duet.reporting.statistics import bootstrap_interval
from duet.reporting.table import Estimate, Table, minus, shown

Picture = tuple[str, str, str]  # title, SVG for a light page, SVG for a dark one


def section(name: str, title: str, content: str) -> str:
    """A part of the page under its heading; the content is HTML."""
    heading = f'<h2 id="{name}-title">{escape(title)}</h2>'
    return f'<section id="{name}" aria-labelledby="{name}-title">{heading}\n{content}</section>'


def best_instruction(text: str) -> str:
    """The instruction, to be read and copied."""
    return (
        f'<div class="best"><blockquote>{escape(text)}</blockquote>'
        f'<button type="button" data-text="{escape(text)}">Copy</button></div>'
    )


def scores(run: Run) -> str:
    """The test score with its interval, against the start."""
    one = run.result
    same = one.initial_best_instruction == one.best_instruction
    rows = [
        score_row("Start", one.initial_best_test_score, None, "start"),
        score_row("Best", one.test_score, one.test_interval),
    ]
    told = f"Mean over {one.n_test} test examples that the search never saw, with its 95 % confidence interval. "
    told += "No better instruction than the start was found." if same else "The start is the best initial instruction:"
    start = "" if same else f"<p>{escape(one.initial_best_instruction)}</p>"
    return f'<div class="scores">{"".join(rows)}</div><p class="note">{escape(told)}</p>{start}{_gain(run)}'


def _gain(run: Run) -> str:
    """The best against the start, example by example, where the run recorded both."""
    pairs = [
        (one["best_score"], one["initial_score"])
        for one in read_examples(run.folder)
        if one.get("best_score") is not None and one.get("initial_score") is not None
    ]
    interval = bootstrap_interval([best - start for best, start in pairs])
    if interval is None:
        return ""
    gain = sum(best - start for best, start in pairs) / len(pairs)
    between = f"{minus(interval[0])} to {minus(interval[1])}"
    return f'<p class="note">Best − start: {minus(gain)}, 95 % bootstrap interval over the same examples {between}.</p>'


def curve(run: Run) -> str:
    """One run's validation scores over its iterations."""
    if not run.scored:
        return "<p>No instruction was recorded.</p>"
    best = best_so_far([(one.iteration, one.score) for one in run.scored])
    points = [(one.iteration, one.score) for one in run.scored]
    described = f"Best validation score: {best[0]:.3f} at the start, {best[-1]:.3f} after {len(best) - 1} iterations"
    return curve_chart({"best so far": best}, points, described, "iteration, 0 = initial instructions")


def mean_curves(runs: Sequence[Run]) -> str:
    """One line per method as it is, over scored instructions; a search that ended stays where it was."""
    groups: dict[str, list[list[float]]] = defaultdict(list)
    for run in runs:
        if run.scored and not run.variant:
            groups[run.label].append(best_so_far([(place, one.score) for place, one in enumerate(run.scored)]))
    lines = {label: _mean_line(group) for label, group in sorted(groups.items(), key=_ours_first)}
    if not lines:
        return "<p>No instruction was recorded.</p>"
    described = "; ".join(f"{label}: {line[-1]:.3f} at the end" for label, line in lines.items())
    return curve_chart(lines, [], described, "scored instructions; mean over the runs of a method")


def _ours_first(item: tuple[str, object]) -> tuple[bool, str]:
    return item[0] != OURS, item[0]


def _mean_line(lines: Sequence[Sequence[float]]) -> list[float]:
    length = max(map(len, lines))
    return [sum(line[min(place, len(line) - 1)] for line in lines) / len(lines) for place in range(length)]


def table_place(view: Mapping[str, Any]) -> str:
    """Where the script puts a table that can be sorted."""
    return f'<div id="{view["id"]}"><noscript><p>This table needs JavaScript.</p></noscript></div>'


def numbers(named: Mapping[str, str]) -> str:
    """Names over values."""
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in named.items())
    return f'<dl class="numbers">{items}</dl>'


def costs(run: Run) -> dict[str, str]:
    """What one run asked, and what it took."""
    one = run.result
    return {
        "Calls": f"{one.calls:,}",
        "Tokens sent": f"{one.prompt_tokens:,}",
        "Tokens received": f"{one.completion_tokens:,}",
        "US dollars": _dollars(one.cost_usd),
        "Time": _duration(one.seconds),
    }


def total_costs(runs: Sequence[Run]) -> dict[str, str]:
    """What all runs asked together."""
    results = [run.result for run in runs]
    paid = [one.cost_usd for one in results]
    return {
        "Calls": f"{sum(one.calls for one in results):,}",
        "Tokens": f"{sum(one.prompt_tokens + one.completion_tokens for one in results):,}",
        "US dollars": _dollars(None if None in paid else sum(one for one in paid if one)),
        "Time of all runs": _duration(sum(one.seconds for one in results)),
    }


def _dollars(amount: float | None) -> str:
    if amount is None:
        return "prices unknown"
    return f"{amount:.4f}" if 0 < amount < 1 else f"{amount:,.2f}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def configuration(run: Run) -> str:
    """The run's config.yaml as it is, and the versions."""
    config = read_config(run.folder) or "The folder holds no config.yaml."
    versions = "\n".join(f"{name} {version}" for name, version in run.result.versions.items())
    return _folded("Settings", config) + _folded("Versions", versions)


def shared_configuration(runs: Sequence[Run]) -> str:
    """What all runs have in common, and which values the other settings have."""
    keys = sorted({key for run in runs for key in run.settings} - {"run_dir"})
    values = {key: sorted({str(run.settings.get(key)) for run in runs}) for key in keys}
    differences = "\n".join(f"{key}: {' | '.join(found)}" for key, found in values.items() if len(found) > 1)
    common = "\n".join(f"{key}: {found[0]}" for key, found in values.items() if len(found) == 1)
    return _folded("Settings that differ", differences) + _folded("Settings that all runs share", common)


def _folded(title: str, text: str) -> str:
    return f'<details><summary>{escape(title)}</summary><pre tabindex="0">{escape(text)}</pre></details>'


def static_table(table: Table) -> str:
    """A table of the report with its notes."""
    heads = "".join(
        f'<th scope="col"{" class=number" if table.is_number(index) else ""}>{escape(title)}</th>'
        for index, title in enumerate(table.header)
    )
    rows = "".join(
        f"<tr>{''.join(_cell(table, index, value) for index, value in enumerate(row))}</tr>" for row in table.rows
    )
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in table.notes)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.title)}"><table class="static">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{notes}"
    )


def _cell(table: Table, index: int, value: Any) -> str:
    kind = "number" if table.is_number(index) else "wide" if table.header[index] == "instruction" else "text"
    if isinstance(value, Estimate) and value.best:
        kind += " lead-cell"
    copy = ""
    if kind == "wide" and isinstance(value, str):
        copy = f' <button type="button" class="small" data-text="{escape(value)}">Copy</button>'
    return f'<td class="{kind}">{escape(shown(value))}{copy}</td>'


def figures(pictures: Sequence[Picture]) -> str:
    """The figures side by side, in the page's own light."""
    return f'<div class="figures">{"".join(_figure(*picture) for picture in pictures)}</div>'


def _figure(title: str, light: str, dark: str) -> str:
    words = escape(title)
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{_inline(dark)}">'
        f'<img src="{_inline(light)}" alt="{words}"></picture><figcaption>{words}</figcaption></figure>'
    )


def _inline(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def bullets(lines: Sequence[str]) -> str:
    """One line each."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
