"""Finds the examples that two instructions have in common, in one run or in two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from duet.reporting.run_files import ScoredInstruction, ShownExample
from duet.reporting.runs import Run

BEST, START = "best", "start"
SPLITS = ("test", "validation")
Key = tuple[str, tuple[str, ...], int]  # input, accepted outputs, and how many such examples came before


@dataclass(frozen=True)
class Answer:
    """An instruction's answer and score on an example."""

    score: float
    output: str | None


@dataclass(frozen=True)
class Contender:
    """An instruction of a run that can be compared.

    Args:
        run: where it was scored.
        name: ``best``, ``start``, or its place in candidates.jsonl, such as ``#12``.
        instruction: the text.
    """

    run: Run
    name: str
    instruction: str

    def answers(self, split: str) -> dict[Key, Answer]:
        """Its answers to the examples of a split; empty if the run didn't record any."""
        return _test_answers(self) if split == "test" else _validation_answers(self)


def contender(run: Run, name: str) -> Contender:
    """The instruction that a name stands for: ``best``, ``start``, a line's number, or the text.

    Raises:
        ValueError: the run has no such instruction.
    """
    if name == BEST:
        return Contender(run, BEST, run.result.best_instruction)
    if name == START and run.result.initial_best_instruction:
        return Contender(run, START, run.result.initial_best_instruction)
    if name.isdecimal() and 1 <= int(name[:9]) <= len(run.scored):
        return Contender(run, f"#{int(name)}", run.scored[int(name) - 1].instruction)
    places = [place for place, row in enumerate(run.scored, start=1) if row.instruction == name]
    if not places:
        raise ValueError(
            f"{run.folder}: expected {BEST}, {START}, the number of a line of candidates.jsonl (1 to {len(run.scored)})"
            f" or the whole text of a scored instruction but got {name[:60]!r}"
        )
    return Contender(run, f"#{places[0]}", name)


def common_split(first: Contender, second: Contender, split: str | None) -> tuple[str, list[Key]]:
    """The split to compare on, and the examples of it on which both were scored; the test examples if there are any.

    Raises:
        ValueError: they share no examples.
    """
    for name in SPLITS if split is None else (split,):
        theirs = second.answers(name)
        common = [key for key in first.answers(name) if key in theirs]
        if common:
            return name, common
    where = " or ".join(f"{name} examples" for name in (SPLITS if split is None else (split,)))
    raise ValueError(
        f"compare: expected instructions that were scored on the same examples, but {first.run.folder} ({first.name}) "
        f"and {second.run.folder} ({second.name}) share no {where}"
    )


def _test_answers(each: Contender) -> dict[Key, Answer]:
    examples = [example for example in each.run.examples if example.split == "test"]
    best = each.instruction == each.run.result.best_instruction
    start = each.instruction == each.run.result.initial_best_instruction
    answers: dict[Key, Answer] = {}
    for key, example in zip(_keys(examples), examples, strict=True):
        if best and example.best_score is not None:
            answers[key] = Answer(example.best_score, example.best_output)
        elif start and example.initial_score is not None:
            answers[key] = Answer(example.initial_score, example.initial_output)
    return answers


def _validation_answers(each: Contender) -> dict[Key, Answer]:
    row = _row(each)
    if row is None:
        return {}
    examples = [example for example in each.run.examples if example.split == "validation"]
    keys = list(_keys(examples))
    outputs = dict(enumerate(row.outputs))
    return {
        keys[place]: Answer(score, outputs.get(place))
        for place, score in row.scores_by_example.items()
        if place < len(keys)
    }


def _row(each: Contender) -> ScoredInstruction | None:
    """The line of the instruction that has the most examples; or the very line that was named."""
    if each.name.startswith("#"):
        return each.run.scored[int(each.name[1:]) - 1]
    rows = [row for row in each.run.scored if row.instruction == each.instruction]
    return max(rows, key=lambda row: row.n, default=None)


def _keys(examples: Iterable[ShownExample]) -> Iterable[Key]:
    seen: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for example in examples:
        content = (example.input, example.expected)
        yield (*content, seen[content])
        seen[content] += 1
