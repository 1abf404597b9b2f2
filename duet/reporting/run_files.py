"""The lines of candidates.jsonl and examples.jsonl, whatever version wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duet.reporting import fields
from duet.reporting.records import CANDIDATES, EXAMPLES
from duet.reporting.untrusted import NotReportable, parse_json, read_lines

LONGEST_TEXT = 2_000  # characters of an answer that are kept


@dataclass(frozen=True)
class ScoredInstruction:
    """A line of candidates.jsonl.

    Args:
        iteration: 0 for the initial instructions.
        instruction: the text.
        score: mean of ``scores``.
        n: examples that it was scored on.
        scores: per example.
        outputs: the answers, per example, long ones shortened; None if there is none.
        origin: where it came from.
        parent: the instruction that it was derived from.
        predicted: what the predictor expected before it was scored.
        std: the standard deviation of that prediction.
        posterior: the mean score, shrunk towards that of all instructions.
        extracted: what of each answer was scored; empty if the whole answer was.
        tokens: of its prompt with an example, the mean; None where the provider does not count them.
    """

    iteration: int
    instruction: str
    score: float
    n: int
    scores: tuple[float | None, ...]
    outputs: tuple[str | None, ...]
    origin: str = "–"
    parent: str | None = None
    predicted: float | None = None
    std: float | None = None
    posterior: float | None = None
    extracted: tuple[str | None, ...] = ()
    tokens: int | None = None

    @property
    def scores_by_example(self) -> dict[int, float]:
        """Place of a validation example -> score."""
        return {place: score for place, score in enumerate(self.scores) if score is not None}


@dataclass(frozen=True)
class ShownExample:
    """A line of examples.jsonl; the answers of the best and of the best initial instruction are a test example's."""

    split: str
    input: str
    expected: tuple[str, ...]
    best_output: str | None = None
    best_score: float | None = None
    best_extracted: str | None = None
    initial_output: str | None = None
    initial_score: float | None = None
    initial_extracted: str | None = None


def shorten(text: str, longest: int = LONGEST_TEXT) -> str:
    """At most ``longest`` characters, and how many there were.

    >>> shorten("abcdef", 3)
    'abc … (6 characters)'
    """
    return text if len(text) <= longest else f"{text[:longest]} … ({len(text):,} characters)"


def _answer(value: Any) -> str:
    return shorten(fields.any_text(value))


CANDIDATE_CHECKS: dict[str, fields.Check] = {
    "iteration": fields.count, "instruction": fields.text, "score": fields.score, "n": fields.count,
    "scores": fields.several(fields.score), "outputs": fields.several(_answer), "origin": fields.text,
    "parent": fields.text, "predicted": fields.number, "std": fields.number, "posterior": fields.number,
    "extracted": fields.several(_answer), "tokens": fields.count,
}  # fmt: skip
REQUIRED = ("iteration", "instruction", "score", "n", "scores", "outputs")
EXAMPLE_CHECKS: dict[str, fields.Check] = {
    "split": fields.text, "input": fields.any_text, "expected": fields.several(fields.any_text),
    "best_output": _answer, "best_score": fields.score, "best_extracted": _answer,
    "initial_output": _answer, "initial_score": fields.score, "initial_extracted": _answer,
}  # fmt: skip


def read_candidates(folder: Path) -> Iterator[ScoredInstruction]:
    """The scored instructions in order.

    Raises:
        NotReportable: a line is not as expected.
    """
    for place, line in read_lines(folder / CANDIDATES):
        raw = parse_json(line, place)
        former = {"std": raw.get("uncertainty")} if raw.get("std") is None else {}
        values = fields.checked({**raw, **former}, place, CANDIDATE_CHECKS, REQUIRED)
        _check_lengths(values, place)
        yield ScoredInstruction(**values)


def read_examples(folder: Path) -> list[ShownExample]:
    """The examples; none where a run didn't write them.

    Raises:
        NotReportable: a line is not as expected.
    """
    return [_example(parse_json(line, place), place) for place, line in read_lines(folder / EXAMPLES)]


def _example(raw: dict[str, Any], place: str) -> ShownExample:
    expected = raw.get("expected", raw.get("outputs"))
    one_only = {"expected": [expected] if isinstance(expected, str) else expected}
    return ShownExample(**fields.checked({**raw, **one_only}, place, EXAMPLE_CHECKS, ("split", "input", "expected")))


def _check_lengths(values: Mapping[str, Any], place: str) -> None:
    for name in ("outputs", "extracted"):
        if values.get(name) and len(values[name]) != len(values["scores"]):
            raise NotReportable(
                f"{place}: expected as many {name} as scores but found {len(values[name])} and {len(values['scores'])}"
            )
