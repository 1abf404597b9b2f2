"""The JSON form of the instruction-induction tasks, some of which have fields of their own."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from duet.examples.example import Example, TaskError
from duet.tasks.columns import kind_of, outputs_of, text_of, value_of
from duet.tasks.json_files import parse_json
from duet.tasks.rows import Row
from duet.tasks.text_files import read_text

_ANSWERS = {
    "rhymes": "other_rhymes",
    "translation_en-de": "possible_translations",
    "translation_en-es": "possible_translations",
    "translation_en-fr": "possible_translations",
}


def read_induction(path: Path, task: str) -> tuple[tuple[Example, ...], str | None]:
    """The examples of a file in the instruction-induction form, and the metric that its metadata names, if any.

    Blank strings among several accepted outputs are dropped: an empty reply is no answer.

    Raises:
        TaskError: the file can't be read or has another form.
    """
    content = parse_json(read_text(path), str(path))
    examples = content.get("examples") if isinstance(content, dict) else None
    if not isinstance(examples, dict) or not all(isinstance(row, dict) for row in examples.values()):
        raise TaskError(f"{path}: expected an object of objects under the key 'examples' but found another form")
    if not examples:
        raise TaskError(f"{path}: expected examples but it holds none")
    metadata = content.get("metadata")
    metric = metadata.get("metric") if isinstance(metadata, dict) else None
    if not isinstance(metric, str | None):
        raise TaskError(f"{path}: expected a name as metadata.metric but found {kind_of(metric)}")
    rows = ((f"{path}, example {key}", row) for key, row in examples.items())
    return _examples(task, rows), metric


def _examples(task: str, rows: Iterator[Row]) -> tuple[Example, ...]:
    if task == "cause_and_effect":
        draw = random.Random(0)
        return tuple(_cause_and_effect(where, row, draw) for where, row in rows)
    if task == "common_concept":
        return tuple(_common_concept(where, row) for where, row in rows)
    column = _ANSWERS.get(task, "output")
    return tuple(
        Example(text_of(where, row, "input"), outputs_of(where, _without_blanks(row, column), column))
        for where, row in rows
    )


def _cause_and_effect(where: str, row: Mapping[str, Any], draw: random.Random) -> Example:
    """Two sentences in a random order, drawn once per file; the answer is the cause."""
    cause, effect = text_of(where, row, "cause"), text_of(where, row, "effect")
    first, second = (cause, effect) if draw.random() < 0.5 else (effect, cause)
    return Example(f"Sentence 1: {first} Sentence 2: {second}", (cause,))


def _common_concept(where: str, row: Mapping[str, Any]) -> Example:
    """The items without the last one, which the published protocol leaves out."""
    items = value_of(where, row, "items")
    if not isinstance(items, list) or len(items) < 2:
        raise TaskError(f"{where}: expected a list of two or more 'items' but found {kind_of(items)}")
    return Example(", ".join(map(str, items[:-1])), outputs_of(where, row, "all_common_concepts"))


def _without_blanks(row: Mapping[str, Any], column: str) -> Mapping[str, Any]:
    outputs = row.get(column)
    if not isinstance(outputs, list):
        return row
    return {**row, column: [output for output in outputs if output != ""]}
