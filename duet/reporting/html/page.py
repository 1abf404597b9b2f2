"""report.html: one self-contained page for one run, or for many. What a model wrote is text in it, never markup."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from duet.reporting.html.explorer import as_script_data, instructions_view, runs_view, tested_view
from duet.reporting.html.sections import (
    Picture,
    best_instruction,
    bullets,
    configuration,
    costs,
    curve,
    figures,
    mean_curves,
    numbers,
    scores,
    section,
    shared_configuration,
    static_table,
    table_place,
    total_costs,
)
from duet.reporting.records import STOPPED, replace_text
from duet.reporting.runs import Run, read_run
from duet.reporting.table import Table

PAGE = "report.html"
CUT = '<p class="note">Each run shows its best ones only; its candidates.jsonl has them all.</p>'
HERE = Path(__file__).parent


def write_run_page(folder: Path) -> Path:
    """Writes a finished run's report.html into its folder.

    Raises:
        NotReportable: it is unfinished, or a file is not as expected.
    """
    replace_text(folder / PAGE, run_page(read_run(folder)))
    return folder / PAGE


def run_page(run: Run) -> str:
    """The page of one run."""
    one = run.result
    view, cut = instructions_view([run])
    tested = tested_view(run)
    sections = [
        section("best", "Best instruction", best_instruction(one.best_instruction)),
        section("score", "Score", scores(run)),
        section("curve", "Validation score over the iterations", curve(run)),
        section("instructions", "All instructions", CUT * cut + table_place(view)),
    ]
    if tested:
        sections.append(section("test", "Answers on the test examples", table_place(tested)))
    sections.append(section("cost", "Cost", numbers(costs(run))))
    sections.append(section("configuration", "Configuration", configuration(run)))
    stopped = STOPPED.get(one.stop_reason, one.stop_reason)
    lead = f"{one.iterations} iterations, {len(run.scored)} instructions scored; {stopped}."
    views = [view, tested] if tested else [view]
    return _page(f"{run.label} · seed {one.seed}", run.task, lead, sections, views)


def benchmark_page(
    runs: Sequence[Run], tables: Sequence[Table], pictures: Sequence[Picture], notes: Sequence[str]
) -> str:
    """The page of several runs.

    Args:
        runs: all of them, labelled.
        tables: in the order of the page.
        pictures: the figures.
        notes: what was left out, a line each.
    """
    view, cut = instructions_view(runs)
    all_runs = runs_view(runs)
    kinds: dict[str, set[Any]] = {
        "task": {run.task for run in runs}, "method": {run.method for run in runs},
        "variant": {run.label for run in runs if run.variant}, "seed": {run.result.seed for run in runs},
    }  # fmt: skip
    words = [f"{len(found)} {kind}{'s' * (len(found) > 1)}" for kind, found in kinds.items() if found]
    sections = [
        section("curve", "Best validation score so far", mean_curves(runs)),
        *(section(table.name, table.title, static_table(table)) for table in tables),
        section("figures", "Figures", figures(pictures)) if pictures else "",
        section("runs", "All runs", table_place(all_runs)),
        section("instructions", "All instructions", CUT * cut + table_place(view)),
        section("cost", "Cost", numbers(total_costs(runs))),
        section("configuration", "Configuration", shared_configuration(runs)),
        section("left-out", "Left out", bullets(notes)) if notes else "",
    ]
    return _page("Report", f"{len(runs)} runs", f"{', '.join(words)}.", sections, [all_runs, view])


def _page(eyebrow: str, title: str, lead: str, sections: Sequence[str], views: Sequence[Mapping[str, Any]]) -> str:
    style, script = (_asset(name) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(_asset("page.html")).substitute(
        policy=policy, style=style, script=script, eyebrow=escape(eyebrow), title=escape(title),
        heading=escape(title).replace("_", "_<wbr>"), lead=escape(lead),  # a phone breaks it between words
        sections="\n".join(filter(None, sections)), data=as_script_data([dict(view) for view in views]),
    )  # fmt: skip


def _asset(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """What the page's own policy knows its only style and script by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
