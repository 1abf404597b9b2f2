"""Readers of task files: JSONL, CSV, and the JSON form of instruction-induction. Bad files end in a TaskError."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from duet.tasks.example import Example, TaskError

Row = tuple[str, Mapping[str, Any]]  # (where it stands, its columns)

_HALF_PAIR = re.compile("[\ud800-\udfff]")  # no character; JSON can write it, no file or model can hold it
_ANSWERS = {
    "rhymes": "other_rhymes",
    "translation_en-de": "possible_translations",
    "translation_en-es": "possible_translations",
    "translation_en-fr": "possible_translations",
}


def read_examples(path: Path, input_column: str = "input", output_column: str = "output") -> tuple[Example, ...]:
    """The examples of a JSONL or CSV file, texts as they are, numbers as they are written.

    A CSV cell of the output column that starts with ``[`` is a JSON list of accepted outputs.

    Raises:
        TaskError: the file can't be read, or a line isn't an example.
    """
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        rows = _jsonl_rows(path)
    elif suffix == ".csv":
        rows = ((where, _unpack_list(where, row, output_column)) for where, row in _csv_rows(path))
    else:
        raise TaskError(f"{path}: expected a file that ends in .jsonl or .csv but found {suffix or 'no suffix'}")
    examples = tuple(_example(where, row, input_column, output_column) for where, row in rows)
    if not examples:
        raise TaskError(f"{path}: expected examples but it holds none")
    return examples


def read_induction(path: Path, task: str) -> tuple[tuple[Example, ...], str | None]:
    """The examples of a file in the instruction-induction form, and the metric that its metadata names, if any.

    Blank strings among several accepted outputs are dropped: an empty reply is no answer.

    Raises:
        TaskError: the file can't be read or has another form.
    """
    content = _parse(_read_text(path), str(path))
    examples = content.get("examples") if isinstance(content, dict) else None
    if not isinstance(examples, dict) or not all(isinstance(row, dict) for row in examples.values()):
        raise TaskError(f"{path}: expected an object of objects under the key 'examples' but found another form")
    if not examples:
        raise TaskError(f"{path}: expected examples but it holds none")
    metadata = content.get("metadata")
    metric = metadata.get("metric") if isinstance(metadata, dict) else None
    if not isinstance(metric, str | None):
        raise TaskError(f"{path}: expected a name as metadata.metric but found {_kind(metric)}")
    rows = ((f"{path}, example {key}", row) for key, row in examples.items())
    return _induction_examples(task, rows), metric


def _induction_examples(task: str, rows: Iterator[Row]) -> tuple[Example, ...]:
    """Examples of one of the 30 tasks, some of which have fields of their own."""
    if task == "cause_and_effect":
        draw = random.Random(0)
        return tuple(_cause_and_effect(where, row, draw) for where, row in rows)
    if task == "common_concept":
        return tuple(_common_concept(where, row) for where, row in rows)
    column = _ANSWERS.get(task, "output")
    return tuple(_example(where, _without_blanks(row, column), "input", column) for where, row in rows)


def _cause_and_effect(where: str, row: Mapping[str, Any], draw: random.Random) -> Example:
    """Two sentences in a random order, drawn once per file; the answer is the cause."""
    cause, effect = _text(where, row, "cause"), _text(where, row, "effect")
    first, second = (cause, effect) if draw.random() < 0.5 else (effect, cause)
    return Example(f"Sentence 1: {first} Sentence 2: {second}", (cause,))


def _common_concept(where: str, row: Mapping[str, Any]) -> Example:
    """The items without the last one, which the published protocol leaves out."""
    items = _value(where, row, "items")
    if not isinstance(items, list) or len(items) < 2:
        raise TaskError(f"{where}: expected a list of two or more 'items' but found {_kind(items)}")
    return Example(", ".join(map(str, items[:-1])), _outputs(where, row, "all_common_concepts"))


def _without_blanks(row: Mapping[str, Any], column: str) -> Mapping[str, Any]:
    outputs = row.get(column)
    if not isinstance(outputs, list):
        return row
    return {**row, column: [output for output in outputs if output != ""]}


def _jsonl_rows(path: Path) -> Iterator[Row]:
    for number, line in enumerate(_read_text(path).split("\n"), start=1):  # splitlines would cut at U+2028
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        row = _parse(line, where)
        if not isinstance(row, dict):
            raise TaskError(f"{where}: expected one JSON object per line but found {line.strip()[:40]!r}")
        yield where, row


def _csv_rows(path: Path) -> Iterator[Row]:
    reader = csv.DictReader(io.StringIO(_read_text(path), newline=""), strict=True)
    try:
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if None in row or None in row.values():  # DictReader's marks for too many and too few
                problem = "more" if None in row else "fewer"
                raise TaskError(f"{where}: expected {len(reader.fieldnames or ())} cells but found {problem}")
            yield where, row
    except csv.Error as error:
        raise TaskError(f"{path}, line {reader.reader.line_num}: expected valid CSV but found: {error}") from error


def _unpack_list(where: str, row: Mapping[str, Any], column: str) -> Mapping[str, Any]:
    """The CSV row with its output cell read as a JSON list if it starts with ``[``."""
    cell = row.get(column)
    if cell is None or not cell.startswith("["):
        return row
    hint = f'{where}, column {column!r} (a cell that starts with [ is a list, such as ["yes", "y"])'
    return {**row, column: _parse(cell, hint)}


def _read_text(path: Path) -> str:
    """The text of a UTF-8 file, without a byte order mark.

    Raises:
        TaskError: there is no such file, or it isn't text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TaskError(f"{path}: expected a readable file but found: {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TaskError(f"{path}, line {line}: expected UTF-8 text but found byte {data[error.start]:#04x}") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise TaskError(f"{path}, line {line}: expected UTF-8 text but found binary data")
    return text


def _parse(text: str, where: str) -> Any:
    """JSON with its numbers as they are written."""
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        place = f", line {error.lineno}" if "\n" in text.strip() else ""
        problem = f"{error.msg} at column {error.colno}"
        raise TaskError(f"{where}{place}: expected valid JSON but found: {problem}") from error
    except RecursionError as error:
        raise TaskError(f"{where}: expected valid JSON but found too many brackets inside each other") from error


def _example(where: str, row: Mapping[str, Any], input_column: str, output_column: str) -> Example:
    return Example(_text(where, row, input_column), _outputs(where, row, output_column))


def _outputs(where: str, row: Mapping[str, Any], column: str) -> tuple[str, ...]:
    """The accepted outputs: a text alone or a list of them."""
    value = _value(where, row, column)
    values = value if isinstance(value, list) else [value]
    if not values:
        raise TaskError(f"{where}: expected at least one accepted output in {column!r} but found an empty list")
    return tuple(_text(where, {column: one}, column) for one in values)


def _text(where: str, row: Mapping[str, Any], column: str) -> str:
    value = _value(where, row, column)
    if isinstance(value, bool):
        return json.dumps(value)
    if not isinstance(value, str):
        raise TaskError(f"{where}: expected text or a number in {column!r} but found {_kind(value)}")
    if _HALF_PAIR.search(value):
        raise TaskError(f"{where}: expected text in {column!r} but found half of a surrogate pair")
    if not value.strip():
        raise TaskError(f"{where}: expected text in {column!r} but it is empty")
    return value


def _value(where: str, row: Mapping[str, Any], column: str) -> Any:
    if column not in row:
        raise TaskError(f"{where}: expected a column {column!r} but found {', '.join(map(repr, row)) or 'no columns'}")
    return row[column]


def _kind(value: object) -> str:
    return {dict: "an object", list: "a list", type(None): "null"}.get(type(value), repr(value))
