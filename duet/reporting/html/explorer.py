"""The data of the page's tables that can be sorted and filtered: columns, rows, and answers beside what was scored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from duet.reporting.run_files import ScoredInstruction, ShownExample, shorten
from duet.reporting.runs import Run, preference

MOST_ROWS = 10_000
LONGEST_INSTRUCTION = 10_000  # characters
MOST_ANSWERS = 6 * 2**20  # characters of distinct answers in a page; the best instructions' come first
Explorer = dict[str, Any]


def column(label: str, kind: str = "text", *, choices: bool = False) -> dict[str, Any]:
    """A column.

    Args:
        label: its heading.
        kind: text, long, instruction, number, integer or score.
        choices: whether a menu of its values filters the rows.
    """
    return {"label": label, "kind": kind, "choices": choices}


@dataclass
class TextPool:
    """Each distinct text once, as answers repeat; full after ``most`` characters.

    Args:
        most: characters that it takes.
    """

    most: int = MOST_ANSWERS
    texts: list[str] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)
    _size: int = 0

    @property
    def is_full(self) -> bool:
        """Whether no further answers should be added."""
        return self._size >= self.most

    def place(self, text: str | None) -> int | None:
        """Returns where the text stands."""
        if text is None:
            return None
        if text not in self._places:
            self._places[text] = len(self.texts)
            self.texts.append(text)
            self._size += len(text)
        return self._places[text]


def instructions_explorer(runs: Sequence[Run]) -> tuple[Explorer, bool]:
    """Every scored instruction with its answers, and whether some were left out.

    Beyond ``MOST_ROWS`` each run keeps its best ones. They are sorted as a search prefers them: by examples, and among
    equals the winner of each run stands first and the others follow by posterior.
    """
    several = len(runs) > 1
    total = sum(len(run.scored) for run in runs)
    most = max(1, MOST_ROWS // len(runs)) if total > MOST_ROWS else None
    rows = [(run, candidate) for run in runs for candidate in _best_first(run, most)]
    optional = _optional_columns([candidate for _, candidate in rows])
    sets, pool = ExampleSets(), TextPool()
    columns = [
        *([column("Task", choices=True), column("Method", choices=True), column("Seed", "integer")] if several else []),
        column("Score", "number"), column("Examples", "integer"),
        *([column("Posterior", "number")] * ("posterior" in optional)), column("Iteration", "integer"),
        column("Instruction", "instruction"),
        *([column("Tokens", "integer")] * ("tokens" in optional)), column("Predicted", "number"),
        column("Origin", choices=True),
    ]  # fmt: skip
    names = [each["label"] for each in columns]
    explorer = {
        "id": "instructions-table", "title": "All scored instructions", "noun": "instructions", "columns": columns,
        "rows": [[*_names(run, several), *_row(candidate, optional)] for run, candidate in rows],
        "details": _details(rows, sets, pool), "sets": sets.sets, "texts": pool.texts,
        "winners": _winners(rows), "sort": [names.index("Examples"), -1],
    }  # fmt: skip
    return explorer, len(rows) < total


def _best_first(run: Run, most: int | None) -> list[ScoredInstruction]:
    """The winner, then the others, the best ones if there are too many."""
    candidates = sorted(run.scored, key=preference)[:most]
    return sorted(candidates, key=lambda candidate: candidate.instruction != run.result.best_instruction)


def _optional_columns(candidates: Sequence[ScoredInstruction]) -> set[str]:
    return {name for row in candidates for name in ("posterior", "tokens") if getattr(row, name) is not None}


def _names(run: Run, several: bool) -> list[Any]:
    return [run.task, run.label, run.result.seed] if several else []


def _row(row: ScoredInstruction, optional: set[str]) -> list[Any]:
    return [
        row.score, row.n, *([row.posterior] * ("posterior" in optional)), row.iteration,
        shorten(row.instruction, LONGEST_INSTRUCTION),
        *([row.tokens] * ("tokens" in optional)), row.predicted, row.origin,
    ]  # fmt: skip


def _winners(rows: Sequence[tuple[Run, ScoredInstruction]]) -> list[int]:
    """The place of each run's best instruction among the rows."""
    places: dict[Path, int] = {}
    for place, (run, candidate) in enumerate(rows):
        if candidate.instruction == run.result.best_instruction:
            places.setdefault(run.folder, place)
    return list(places.values())


def _details(
    rows: Sequence[tuple[Run, ScoredInstruction]], examples: ExampleSets, pool: TextPool
) -> list[dict[str, Any] | None]:
    """The answers of each row, those of the best rows first, until the page holds enough."""
    details: list[dict[str, Any] | None] = [None] * len(rows)
    for place in sorted(range(len(rows)), key=lambda place: preference(rows[place][1])):
        if pool.is_full:
            break
        run, row = rows[place]
        found: dict[str, Any] = {"outputs": [pool.place(output) for output in row.outputs], "scores": list(row.scores)}
        if row.extracted and row.extracted != row.outputs:
            found["extracted"] = [pool.place(extracted) for extracted in row.extracted]
        details[place] = found | {"set": examples.place(run)}
    return details


@dataclass
class ExampleSets:
    """The validation examples of the runs, each set once."""

    sets: list[list[dict[str, Any]]] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)
    _of_run: dict[Path, int] = field(default_factory=dict)

    def place(self, run: Run) -> int:
        """Returns where the run's set stands."""
        if run.folder not in self._of_run:
            shown = [_shown(example) for example in run.examples if example.split == "validation"]
            validation = shown[: number_within(MOST_ANSWERS, [len(str(example)) for example in shown])]
            key = json.dumps(validation)
            if key not in self._places:
                self._places[key] = len(self.sets)
                self.sets.append(validation)
            self._of_run[run.folder] = self._places[key]
        return self._of_run[run.folder]


def number_within(most: int, sizes: Sequence[int]) -> int:
    """Returns how many of the first sizes have a sum of at most ``most``.

    >>> number_within(10, [4, 4, 4])
    2
    """
    return sum(total <= most for total in accumulate(sizes))


def _shown(example: ShownExample) -> dict[str, Any]:
    return {"input": shorten(example.input), "expected": [shorten(accepted) for accepted in example.expected]}


def answers_explorer(run: Run) -> Explorer | None:
    """The test examples with the answers at the start and at the end, where the run recorded them."""
    tested = [example for example in run.examples if example.split == "test" and example.best_output is not None]
    if not tested:
        return None
    extracted = any(
        example.best_extracted not in (None, example.best_output)
        or example.initial_extracted not in (None, example.initial_output)
        for example in tested
    )
    rows = [_tested_row(place, example, extracted) for place, example in enumerate(tested, start=1)]
    return {
        "id": "test-table", "title": "Test examples", "noun": "examples", "columns": _tested_columns(extracted),
        "rows": rows[: number_within(MOST_ANSWERS, [len(str(row)) for row in rows])],
        "details": None, "sets": [], "texts": [], "winners": [], "sort": [0, 1],
    }  # fmt: skip


def _tested_columns(extracted: bool) -> list[dict[str, Any]]:
    answers = [
        [column(f"{name} answer", "long"), *([column(f"{name}: scored part", "long")] * extracted),
         column(f"{name} score", "score")]
        for name in ("Start", "Best")
    ]  # fmt: skip
    return [column("Number", "integer"), column("Input", "long"), column("Expected", "long"), *answers[0], *answers[1]]


def _tested_row(place: int, example: ShownExample, extracted: bool) -> list[Any]:
    start = [example.initial_output, *([example.initial_extracted] * extracted), example.initial_score]
    best = [example.best_output, *([example.best_extracted] * extracted), example.best_score]
    return [place, shorten(example.input), shorten("\n".join(example.expected)), *start, *best]


def as_script_data(explorers: Sequence[Explorer]) -> str:
    """JSON that can't leave its script element, whatever a model wrote."""
    text = json.dumps(explorers, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
