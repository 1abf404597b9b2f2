"""``fit``: the main job. Searches for the best instruction of a task and reports it."""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from duet.amounts import usd
from duet.exit_codes import QUALITY_GATE
from duet.messages import fitted, printable
from duet.reporting.html.page import write_run_page
from duet.reporting.records import RESULT, STOPPED, LeftOut, describe_left_out
from duet.session import money
from duet.session.duet_cli import DryRun, DuetCLI
from duet.session.output import quiet
from duet.session.run_folder import Finished

log = logging.getLogger("duet")


def run(argv: Sequence[str]) -> int:
    """Runs ``fit`` and reports; returns the exit code."""
    quiet()
    try:
        cli = DuetCLI(argv)
    except Finished as finished:
        log.info("%s already contains the finished run; no calls were made", finished.folder)
        return report(finished.folder, finished.min_score)
    except DryRun as dry:
        sys.stdout.write(fitted("\n".join(money.lines(dry.search)), sys.stdout) + "\n")
        return 0
    return report(cli.run_dir, cli.config.fit.min_score)


def report(folder: Path, min_score: float | None) -> int:
    """The end of a run: report.html in its folder, and a few lines on standard output."""
    page = write_run_page(folder)
    result = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    sys.stdout.write("\n".join(summary(result, page)) + "\n")
    if min_score is None:
        return 0
    interval = result["test_interval"]
    if interval is not None and interval[0] >= min_score:
        return 0
    found = (
        "the instruction was not tested"
        if interval is None
        else f"its 95 % confidence interval begins at {interval[0]:.3f}"
    )
    log.error("min_score: expected a 95 %% interval of the test score from %s up but %s", min_score, found)
    return QUALITY_GATE


def summary(result: dict[str, Any], page: Path) -> list[str]:
    """Instruction, score with interval, the start, the cost, the place."""
    tokens = result["prompt_tokens"] + result["completion_tokens"]
    paid = f"{usd(result['cost_usd'])}, " if result["cost_usd"] else ""
    possible = result["possibly_charged_usd"]
    paid += f"possibly charged {usd(possible)} more, " if possible else ""
    cost = f"{result['iterations']} iterations, {result['calls']:,} calls, {tokens:,} tokens, {paid}"
    return [
        f"Best instruction: {printable(result['best_instruction'], 2000)}",
        _score(result),
        _validation(result),
        _start(result),
        *_own(result),
        *_shortest(result),
        _texts(result),
        *describe_left_out((LeftOut(**each) for each in result["left_out"]), RESULT),
        *(f"Warning: {printable(warning, 2000)}" for warning in result["warnings"]),
        f"{cost}{result['seconds']:.0f} s; {STOPPED[result['stop_reason']]}",
        f"Report: {page}",
    ]


def _score(result: dict[str, Any]) -> str:
    if result["test_score"] is None:
        return "Not tested, as the budget had no room for it"
    low, high = result["test_interval"]
    return (
        f"Test score: {result['test_score']:.3f} on {result['n_test']} examples, "
        f"95 % confidence interval {low:.3f} to {high:.3f}"
    )


def _validation(result: dict[str, Any]) -> str:
    low, high = result["validation_interval"]
    return (
        f"Validation: {result['validation_score']:.3f} on {result['validation_n']} examples; posterior mean "
        f"{result['validation_posterior']:.3f}, {low:.3f} to {high:.3f}"
    )


def _start(result: dict[str, Any]) -> str:
    first, score = result["initial_best_instruction"], result["initial_best_test_score"]
    if first == result["best_instruction"]:
        return "Before the search: the same; no better instruction was found"
    return f"Before the search: {'not tested' if score is None else f'{score:.3f}'} with {printable(first, 2000)}"


def _texts(result: dict[str, Any]) -> str:
    """How many texts were generated, how many were rejected, and why."""
    rejected = Counter(result["rejected"])
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in rejected.most_common())
    counted = f"Generated texts: {result['written']:,}; {rejected.total():,} rejected"
    return f"{counted} ({reasons})" if reasons else counted


def _shortest(result: dict[str, Any]) -> list[str]:
    """The shortest one that is as good, as far as the scores can tell, where that is another one."""
    text = result["shortest_instruction"]
    if text == result["best_instruction"]:
        return []
    lengths = result["lengths"]
    shown = f"{lengths['shortest']} {lengths['unit']} instead of {lengths['best']}"
    return [f"Within one standard error and shorter ({shown}; search.shortest takes it): {printable(text, 2000)}"]


def _own(result: dict[str, Any]) -> list[str]:
    """The best instruction of the user's own, where there is one that is not named already."""
    own = result["own_instructions"][:1]
    named = result["best_instruction"], result["initial_best_instruction"]
    return [
        f"The best of yours: {'not tested' if each['test_score'] is None else format(each['test_score'], '.3f')} "
        f"with {printable(each['instruction'], 2000)}"
        for each in own
        if each["instruction"] not in named
    ]
