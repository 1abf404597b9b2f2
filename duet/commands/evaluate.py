"""``evaluate``: scores instructions of your own on a split, with intervals and paired differences from the first one.

All options of ``fit`` are understood: task, black box, budget, cache.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from duet.amounts import usd
from duet.commands.early_check import check
from duet.messages import OneLineParser, fitted, printable
from duet.reporting.paired import PairedComparison
from duet.reporting.records import describe_left_out
from duet.session.duet_cli import planned
from duet.session.instruction_evaluation import (
    EVALUATION,
    InstructionEvaluation,
    checked,
    default_folder,
    evaluate_in,
    require_evaluation_cap,
)
from duet.session.output import quiet

log = logging.getLogger("duet")


def run(argv: Sequence[str]) -> int:
    """Runs ``evaluate``; returns the exit code.

    Raises:
        ValueError: a setting is wrong, or nothing caps what the model may cost.
        BudgetSpent, ProviderError: as a search.
    """
    options, others = _parser().parse_known_args(argv)
    texts = checked([*options.instruction, *_lines_of(options.instructions)])
    arguments = [*(f"--config={path}" for path in options.config), *others]
    check(arguments)
    quiet()
    dry = planned(arguments)
    cli, search = dry.cli, dry.search
    settings = cli.config.fit
    if not settings.yes:
        require_evaluation_cap(search, texts, options.split, "say --yes")
    for note in search.notes:
        log.info(note)
    folder = cli.run_dir if settings.run_dir else default_folder(search, texts, options.split)
    found = evaluate_in(folder, search, texts, options.split)
    shown = json.dumps(found.to_dict(), indent=2) if options.json else fitted("\n".join(lines(found)), sys.stdout)
    sys.stdout.write(f"{shown}\n")
    return 0


def _parser() -> OneLineParser:
    parser = OneLineParser(prog="duet evaluate", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--config", action="append", default=[], help="a file of settings, as for fit; several may be given"
    )
    parser.add_argument(
        "--instruction", action="append", default=[], metavar="TEXT", help="an instruction; several may be given"
    )
    parser.add_argument(
        "--instructions", type=Path, metavar="FILE", help="a text file with an instruction on each line"
    )
    parser.add_argument("--split", choices=("test", "validation"), default="test", help="the examples to score on")
    parser.add_argument("--json", action="store_true", help="write everything as JSON, with the score of each example")
    return parser


def _lines_of(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "no UTF-8 text"
        raise ValueError(
            f"{path}: expected a text file with an instruction on each line but found: {problem}"
        ) from error


def lines(found: InstructionEvaluation) -> list[str]:
    """The scores, the differences and the cost in plain words."""
    number = len(found.scores[0].scores)
    paid = f", {usd(found.cost_usd)}" if found.cost_usd else ""
    return [
        f"{found.task}: {number} {found.split} examples, scored by {found.metric}",
        *(
            f"{place}. {row.score:.3f} [{row.interval[0]:.3f}, {row.interval[1]:.3f}]{_problems(row.problems)}  "
            f"{printable(row.instruction, 2000)}"
            for place, row in enumerate(found.scores, 1)
        ),
        *(_difference(place, pair) for place, pair in enumerate(found.differences, 2)),
        *(f"not scored, the budget was spent: {printable(text, 200)}" for text in found.missing),
        *describe_left_out(found.left_out, EVALUATION),
        f"{found.calls:,} calls{paid}; {found.folder}",
    ]


def _problems(problems: Sequence[str]) -> str:
    number = sum(map(bool, problems))
    return f" ({number} answers cut, empty or refused)" if number else ""


def _difference(place: int, pair: PairedComparison) -> str:
    low, high = pair.interval or (float("nan"), float("nan"))
    interval = f" [{low:+.3f}, {high:+.3f}]" if pair.interval else ""
    return (
        f"{place} - 1: {pair.difference:+.3f}{interval}, better on {pair.a_better}, worse on {pair.b_better}; "
        f"{pair.test}: p = {pair.p:.3g}"
    )
