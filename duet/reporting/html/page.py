"""report.html: one self-contained page for one run, or for many. What a model wrote is text in it, never markup."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from duet.atomic_files import replace_text
from duet.reporting.advice import shared_warnings, warnings
from duet.reporting.html import run_sections, runs_sections
from duet.reporting.html.elements import (
    Picture,
    bullets,
    explorer_place,
    figures,
    note,
    numbers,
    section,
    static_table,
)
from duet.reporting.html.explorer import Explorer, answers_explorer, as_script_data, instructions_explorer
from duet.reporting.html.runs_explorer import runs_explorer
from duet.reporting.records import STOPPED
from duet.reporting.run_result import UNFINISHED
from duet.reporting.run_tables import RUNS
from duet.reporting.runs import Run, read_run
from duet.reporting.table import Table

PAGE = "report.html"
CUT = "Only each run's best instructions are shown; its candidates.jsonl lists all."
MOST_WARNINGS = 20
HERE = Path(__file__).parent


def write_run_page(folder: Path) -> Path:
    """Writes a run's report.html into its folder.

    Raises:
        NotReportable: no instruction was scored, or a file is not as expected.
    """
    replace_text(folder / PAGE, run_page(read_run(folder)))
    return folder / PAGE


def run_page(run: Run) -> str:
    """The page of one run."""
    result = run.result
    explorer, cut = instructions_explorer([run])
    tested = answers_explorer(run)
    sections = [
        _warnings(warnings(run)),
        section("best", "Best instruction", run_sections.best_instruction(run)),
        section("score", "Score", run_sections.scores(run)),
        section("curve", "Validation score over the iterations", run_sections.curve(run)),
        section("lengths", "Score against length", run_sections.lengths(run)),
        section("instructions", "All instructions", note(CUT) * cut + explorer_place(explorer)),
        section("test", "Answers on the test examples", explorer_place(tested)) if tested else "",
        section("cost", "Cost", numbers(run_sections.costs(run))),
        section("configuration", "Configuration", run_sections.configuration(run)),
    ]
    stopped = "unfinished" if result.stop_reason == UNFINISHED else STOPPED.get(result.stop_reason, result.stop_reason)
    lead = f"{result.iterations:,} iterations, {len(run.scored):,} instructions scored; {stopped or 'end unknown'}."
    head = Head(f"{run.label} · seed {result.seed}", run.task, lead, run_sections.facts(run))
    return _page(head, sections, [explorer, tested] if tested else [explorer])


def runs_page(runs: Sequence[Run], tables: Sequence[Table], pictures: Sequence[Picture], notes: Sequence[str]) -> str:
    """The page of several runs.

    Args:
        runs: all of them, labelled.
        tables: in the order of the page.
        pictures: the figures.
        notes: what was left out, a line each.
    """
    explorer, cut = instructions_explorer(runs)
    all_runs = runs_explorer(runs)
    every_run = section("runs", "All runs", explorer_place(all_runs))
    is_own = any(table.name == RUNS for table in tables)  # then the runs are the subject, else the methods are
    sections = [
        _warnings(shared_warnings(runs)),
        every_run if is_own else "",
        section("curve", "Best validation score so far", runs_sections.mean_curves(runs)),
        *(section(table.name, table.title, static_table(table)) for table in tables if table.name != RUNS),
        section("figures", "Figures", figures(pictures)) if pictures else "",
        "" if is_own else every_run,
        section("instructions", "All instructions", note(CUT) * cut + explorer_place(explorer)),
        section("configuration", "Configuration", runs_sections.shared_configuration(runs)),
        section("left-out", "Left out", bullets(notes)) if notes else "",
    ]
    head = Head("Report", f"{len(runs)} runs", f"{_counted(runs)}.", runs_sections.shared_facts(runs))
    return _page(head, sections, [all_runs, explorer])


def _counted(runs: Sequence[Run]) -> str:
    kinds: dict[str, set[Any]] = {
        "task": {run.task for run in runs}, "method": {run.method for run in runs},
        "variant": {run.label for run in runs if run.variant}, "seed": {run.result.seed for run in runs},
    }  # fmt: skip
    return ", ".join(f"{len(found)} {kind}{'s' * (len(found) > 1)}" for kind, found in kinds.items() if found)


def _warnings(lines: Sequence[str]) -> str:
    """Above all else; of very many the first ones."""
    if not lines:
        return ""
    more = [f"{len(lines) - MOST_WARNINGS:,} more, on the pages of the runs."] if len(lines) > MOST_WARNINGS else []
    content = bullets([*lines[:MOST_WARNINGS], *more])
    return section("warnings", "Before you trust these scores", f'<div class="warnings">{content}</div>')


@dataclass(frozen=True)
class Head:
    """The top of the page: a line over the title, the title, a line below, and facts as HTML."""

    eyebrow: str
    title: str
    lead: str
    facts: str


def _page(head: Head, sections: Sequence[str], explorers: Sequence[Explorer]) -> str:
    style, script = (_asset(name) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(_asset("page.html")).substitute(
        policy=policy, style=style, script=script, eyebrow=escape(head.eyebrow), title=escape(head.title),
        heading=escape(head.title).replace("_", "_<wbr>"),  # a phone breaks it between words
        lead=escape(head.lead), facts=head.facts, sections="\n".join(filter(None, sections)),
        data=as_script_data(explorers),
    )  # fmt: skip


def _asset(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """Returns what the page's own policy knows its only style and script by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
