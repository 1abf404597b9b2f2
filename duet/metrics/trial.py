"""Tries a metric on the accepted outputs before anything is paid: they should score 1, and others should not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from duet.examples.example import Example, TaskError
from duet.metrics.custom import ScoreFunction
from duet.metrics.matching import Label, Regex
from duet.metrics.silence import silence

_MOST_OUTPUTS, _MOST_PAIRED, _MOST_SHOWN, _MOST_LABELS = 300, 24, 3, 50
_ONE = 1 - 1e-6


def trial_notes(metric: ScoreFunction, name: str, examples: Sequence[Example]) -> tuple[str, ...]:
    """Lists what the user should know of the metric on these examples.

    Raises:
        TaskError: no accepted output scores above 0, or the metric fails.
    """
    if isinstance(metric, Regex):  # its outputs are patterns
        _check_patterns(examples)
        return ()
    with silence():  # a library that lacks data says so at length
        notes = [_right_answers(metric, name, examples), _confusions(metric, name, examples)]
    if isinstance(metric, Label) and len(metric.labels) > _MOST_LABELS:
        notes.append(f"task.metric: label is for a small set of labels, but the outputs are {len(metric.labels)} texts")
    return tuple(note for note in notes if note)


def _right_answers(metric: ScoreFunction, name: str, examples: Sequence[Example]) -> str:
    pairs = [(output, example.outputs) for example in examples for output in example.outputs][:_MOST_OUTPUTS]
    scores = [metric(output, outputs) for output, outputs in pairs]
    if max(scores) == 0:
        raise TaskError(
            f"task.metric: expected {name} to give accepted outputs a score above 0 but every one of {len(scores)} "
            f"scores 0, such as {_shown(pairs[0][0])}"
        )
    low = [(score, output) for score, (output, _) in zip(scores, pairs, strict=True) if score < _ONE]
    if not low:
        return ""
    score, output = min(low)
    return (
        f"task.metric: {name} gives {len(low)} of {len(scores)} accepted outputs less than 1, "
        f"such as {score:.2f} for {_shown(output)}: no instruction can reach 1"
    )


def _confusions(metric: ScoreFunction, name: str, examples: Sequence[Example]) -> str:
    """The first pairs of different outputs, of different examples, that the metric calls equal."""
    found = [pair for pair in _unlike_pairs(examples) if metric(pair[0], [pair[1]]) >= _ONE]
    if not found:
        return ""
    pairs = ", ".join(f"{_shown(left)} and {_shown(right)}" for left, right in found[:_MOST_SHOWN])
    more = f", and {len(found) - _MOST_SHOWN} more pairs" if len(found) > _MOST_SHOWN else ""
    return f"task.metric: {name} calls different outputs equal: {pairs}{more}"


def _unlike_pairs(examples: Sequence[Example]) -> Iterator[tuple[str, str]]:
    """Neighbours in the alphabet, which are the most alike, then all pairs of the first few."""
    together = {frozenset((left, right)) for example in examples for left, right in combinations(example.outputs, 2)}
    firsts = list(dict.fromkeys(example.outputs[0] for example in examples))
    candidates = [*pairwise(sorted(firsts)[:_MOST_OUTPUTS]), *combinations(firsts[:_MOST_PAIRED], 2)]
    seen = set(together)
    for pair in candidates:
        if frozenset(pair) not in seen:
            seen.add(frozenset(pair))
            yield pair


def _check_patterns(examples: Sequence[Example]) -> None:
    for example in examples:
        for output in example.outputs:
            try:
                re.compile(output)
            except re.error as error:
                raise TaskError(
                    f"task.metric: expected every output to be a regular expression but found {_shown(output)}: {error}"
                ) from error


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return repr(text if len(text) <= 40 else f"{text[:39]}…")
