"""``compare``: two runs, or two instructions of one run, example by example, with a paired test."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from duet.messages import OneLineParser, fitted, printable
from duet.reporting.paired import PairedComparison, compare_paired
from duet.reporting.pairs import BEST, SPLITS, START, Answer, Contender, common_split, contender
from duet.reporting.runs import read_only_run

MOST_SHOWN = 10
WIDTH = 160


@dataclass(frozen=True)
class Difference:
    """An example on which the two score differently."""

    input: str
    expected: tuple[str, ...]
    a: Answer
    b: Answer


@dataclass(frozen=True)
class Report:
    """The findings of ``compare``.

    Args:
        split: test or validation.
        metric: what scores an answer, where it is known.
        a: the first instruction.
        b: the second one.
        sizes: how many examples of the split A and B were scored on.
        result: the paired comparison.
        differences: the examples with different scores, those on which A is better first.
    """

    split: str
    metric: str | None
    a: Contender
    b: Contender
    sizes: tuple[int, int]
    result: PairedComparison
    differences: tuple[Difference, ...]


def run(argv: Sequence[str]) -> int:
    """Runs ``compare``; returns the exit code.

    Raises:
        ValueError: a folder can't be read, or the two share no examples.
    """
    options = _parser().parse_args(argv)
    report = compare(*contenders(options.runs, options.instructions), options.split)
    text = json.dumps(as_json(report), indent=2) if options.json else fitted("\n".join(lines(report)), sys.stdout)
    sys.stdout.write(text + "\n")
    return 0


def _parser() -> OneLineParser:
    parser = OneLineParser(prog="duet compare", description=__doc__)
    parser.add_argument("runs", metavar="RUN", nargs="+", type=Path, help="two run folders, or one with --instructions")
    parser.add_argument(
        "--instructions", metavar=("A", "B"), nargs=2,
        help=f"what to compare: {BEST}, {START}, the number of a line of candidates.jsonl, or the whole text. A is of "
        f"the first run, B of the last (default: {BEST} {BEST} for two runs, {BEST} {START} for one)",
    )  # fmt: skip
    parser.add_argument(
        "--split", choices=SPLITS, help="the examples to compare on (default: test examples, else validation examples)"
    )
    parser.add_argument("--json", action="store_true", help="write everything as JSON, with all examples that differ")
    return parser


def contenders(folders: Sequence[Path], names: Sequence[str] | None) -> tuple[Contender, Contender]:
    """The two instructions that the arguments name.

    Raises:
        ValueError: more than two runs, or a run has no such instruction.
    """
    if len(folders) > 2:
        raise ValueError(f"compare: expected one run or two but got {len(folders)}")
    runs = [read_only_run(folder) for folder in folders]
    first, second = names or (BEST, BEST if len(runs) == 2 else START)
    return contender(runs[0], first), contender(runs[-1], second)


def compare(a: Contender, b: Contender, split: str | None = None) -> Report:
    """Compares two instructions on the examples on which both were scored.

    Raises:
        ValueError: there are none, or the scores are of different metrics.
    """
    metrics = [each.run.metric for each in (a, b)]
    if None not in metrics and metrics[0] != metrics[1]:
        raise ValueError(f"compare: expected scores of one metric but got {metrics[0]} and {metrics[1]}")
    chosen, keys = common_split(a, b, split)
    answers_a, answers_b = a.answers(chosen), b.answers(chosen)
    result = compare_paired([answers_a[key].score for key in keys], [answers_b[key].score for key in keys])
    differences = [
        Difference(key[0], key[1], answers_a[key], answers_b[key])
        for key in keys
        if answers_a[key].score != answers_b[key].score
    ]
    differences.sort(key=lambda each: each.b.score - each.a.score)
    sizes = (len(answers_a), len(answers_b))
    return Report(chosen, metrics[0] or metrics[1], a, b, sizes, result, tuple(differences))


def lines(report: Report) -> list[str]:
    """The report in plain words."""
    result = report.result
    metric = f", scored by {report.metric}" if report.metric else ""
    low, high = result.interval or (None, None)
    interval = "" if low is None or high is None else f", 95 % interval {low:+.3f} to {high:+.3f}"
    equal = result.n - result.a_better - result.b_better
    shown = report.differences if len(report.differences) <= MOST_SHOWN else _both_ends(report.differences)
    more = len(report.differences) - len(shown)
    return [
        _heading("A", report.a),
        _heading("B", report.b),
        f"On the {result.n:,} {report.split} examples that both were scored on{metric}:",
        f"A {result.mean_a:.3f}, B {result.mean_b:.3f}; A - B = {result.difference:+.3f}{interval}",
        f"A is better on {result.a_better:,}, B is better on {result.b_better:,}, equal on {equal:,}",
        f"{result.test[0].upper()}{result.test[1:]}: p = {result.p:.3g}. {verdict(result)}",
        *caveats(report),
        *(line for each in shown for line in _example(each)),
        *([f"... and {more:,} more examples that differ; --json has them all"] if more else []),
    ]


def _both_ends(differences: Sequence[Difference]) -> list[Difference]:
    """As many examples from the end on which A is better as from the other one."""
    half = MOST_SHOWN // 2
    return [*differences[:half], *differences[-half:]]


def verdict(result: PairedComparison) -> str:
    """Returns what the test says, in a sentence."""
    if not result.a_better and not result.b_better:
        return "The two score the same on every example."
    if not result.is_clear:
        return "The difference can't be told from chance."
    return f"{'A' if result.difference > 0 else 'B'} is better, and chance alone hardly explains it."


def caveats(report: Report) -> list[str]:
    """Returns what a reader must know before believing the numbers."""
    notes = []
    if max(report.sizes) > report.result.n:
        sizes = " and ".join(f"{size:,}" for size in report.sizes)
        notes.append(f"A and B were scored on {sizes} {report.split} examples, and only those that both share count.")
    if report.split == "test":
        return notes
    return [
        *notes,
        "The search chose instructions by these very examples: a chosen one looks better here than it is.",
    ]


def _heading(letter: str, each: Contender) -> str:
    return f"{letter}: {_short(each.instruction)}  ({printable(str(each.run.folder))}, {each.name})"


def _example(each: Difference) -> list[str]:
    better = "A" if each.a.score > each.b.score else "B"
    return [
        "",
        f"{better} is better: {_short(each.input)}",
        f"  expected: {_short(' | '.join(each.expected))}",
        f"  A ({each.a.score:g}): {_short(each.a.output)}",
        f"  B ({each.b.score:g}): {_short(each.b.output)}",
    ]


def _short(text: str | None) -> str:
    if text is None:
        return "no answer"
    line = printable(" ".join(text.split()))
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def as_json(report: Report) -> dict[str, Any]:
    """Everything, for a program."""
    result = asdict(report.result) | {"difference": report.result.difference, "clear": report.result.is_clear}
    named = {
        letter: {"run": str(each.run.folder), "name": each.name, "instruction": each.instruction}
        for letter, each in (("a", report.a), ("b", report.b))
    }
    differences = [asdict(each) for each in report.differences]
    return {
        "split": report.split,
        "metric": report.metric,
        "sizes": report.sizes,
        **named,
        **result,
        "differences": differences,
    }
