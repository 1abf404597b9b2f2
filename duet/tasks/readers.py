"""Examples from files: JSONL, JSON, CSV, TSV, Parquet, Arrow and ``datasets`` folders. Bad files end in a TaskError."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duet.examples.example import Example, TaskError
from duet.metrics.json_data import as_text as json_text
from duet.tasks.arrow_files import arrow_rows, files_of
from duet.tasks.columns import as_text, find_column, outputs_of, text_of, value_of
from duet.tasks.csv_files import csv_rows
from duet.tasks.json_files import json_rows, parse_json
from duet.tasks.rows import Row, Rows, sample

MAX_EXAMPLES = 20_000
_JSON, _CSV, _ARROW = (".jsonl", ".ndjson", ".json"), (".csv", ".tsv"), (".parquet", ".arrow")


_OTHERS = (".json", ".ndjson", ".tsv", ".parquet", ".arrow")


@dataclass(frozen=True)
class FileFormat:
    """Sets how a file is read.

    Args:
        input_column: the column that holds the input, or several; capitals and outer blanks don't matter.
        output_column: the column that holds the output, or a list of accepted outputs.
        encoding: of text files; ``auto`` is UTF-8, or UTF-16 where the first bytes say so.
        max_examples: examples to keep of a file; of a larger one they are drawn at random.
    """

    input_column: str | tuple[str, ...] = "input"
    output_column: str = "output"
    encoding: str = "auto"
    max_examples: int = MAX_EXAMPLES

    @property
    def columns(self) -> tuple[str, ...]:
        """All that are read."""
        inputs = (self.input_column,) if isinstance(self.input_column, str) else self.input_column
        return (*inputs, self.output_column)


def read_examples(
    path: Path, file_format: FileFormat = FileFormat(), split: str = "train"
) -> tuple[tuple[Example, ...], int]:
    """The examples of a file or folder, texts as they are, numbers as they are written, and how many there are in all.

    A CSV cell of the output column that starts with ``[`` is a JSON list of accepted outputs. Of a file with more than
    ``max_examples`` rows as many are drawn, always the same, and only they are parsed. Several input columns, or an
    object as the input, become the example's fields, and its input has a line for each.

    Args:
        path: a file, or a folder of Hugging Face ``datasets``.
        file_format: columns, encoding and the number to keep.
        split: which split of a folder.

    Raises:
        TaskError: the file can't be read, or a row isn't an example.
    """
    is_folder = path.is_dir() and path.suffix.lower() not in (*_JSON, *_CSV, *_ARROW)
    files = files_of(path, split) if is_folder else [path]
    drawn, total = sample(_unparsed(files, file_format), file_format.max_examples, random.Random("examples"))
    if not drawn:
        raise TaskError(f"{path}: expected examples but it holds none")
    parsed = ((where, rows.parse(where, raw)) for rows, where, raw in _placed(drawn))
    return tuple(_example(row, file_format) for row in parsed), total


def examples_of(items: Sequence[object], file_format: FileFormat) -> tuple[tuple[Example, ...], int]:
    """The examples that a program holds itself, as of a file of JSON objects, and how many there are in all.

    >>> examples_of([("a b", "b"), {"input": 3, "output": ["3", "three"]}], FileFormat())[0][1].outputs
    ('3', 'three')

    Args:
        items: (input, output) pairs, or records with the columns of a file; a number is its text.
        file_format: columns, and the number to keep.

    Raises:
        TaskError: an item isn't an example.
    """
    numbered = sample(enumerate(items, start=1), file_format.max_examples, random.Random("examples"))
    rows = (record_of(f"task.examples, item {number}", item, file_format) for number, item in numbered[0])
    return tuple(_example(row, file_format) for row in rows), numbered[1]


def record_of(where: str, item: object, file_format: FileFormat) -> Row:
    """A pair or a record as a row with its columns, each number as its text.

    Raises:
        TaskError: it is neither.
    """
    if isinstance(item, tuple | list) and len(item) == 2:
        columns = file_format.columns
        item = dict(zip(columns, item, strict=True)) if len(columns) == 2 else {}
    if not isinstance(item, Mapping) or not item:
        raise TaskError(f"{where}: expected a pair (input, output) or a record but found {item!r:.60}")
    return where, {str(name): _as_json(value) for name, value in item.items()}


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _as_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_as_json(part) for part in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Unparsed = tuple[Path, Rows, int, Any]  # file, its form, number, row


def _unparsed(files: list[Path], file_format: FileFormat) -> Iterator[Unparsed]:
    for path in files:
        rows = _rows_of(path, file_format)
        for number, raw in rows.numbered:
            yield path, rows, number, raw


def _placed(drawn: list[Unparsed]) -> Iterator[tuple[Rows, str, Any]]:
    return ((rows, f"{path}, {rows.unit} {number}", raw) for path, rows, number, raw in drawn)


def _rows_of(path: Path, file_format: FileFormat) -> Rows:
    suffix, columns = path.suffix.lower(), file_format.columns
    if suffix in _JSON:
        return json_rows(path, file_format.encoding)
    if suffix in _CSV:
        return _with_lists(csv_rows(path, columns, file_format.encoding), file_format.output_column)
    if suffix in _ARROW:
        return arrow_rows(path, columns)
    hint = "save the sheet as CSV" if suffix in (".xlsx", ".xls", ".ods") else f"{', '.join(_OTHERS)} are read too"
    raise TaskError(f"{path}: expected a file that ends in .jsonl or .csv but found {suffix or 'no suffix'}; {hint}")


def _with_lists(rows: Rows, column: str) -> Rows:
    """CSV rows with the output cell read as a JSON list if it starts with ``[``."""

    def parse(where: str, raw: Any) -> Mapping[str, Any]:
        row = rows.parse(where, raw)
        name = find_column(row, column)
        if name is None or not row[name].startswith("["):
            return row
        hint = f'{where}, column {column!r} (a cell that starts with [ is a list, such as ["yes", "y"])'
        return {**row, name: parse_json(row[name], hint)}

    return Rows(rows.numbered, parse, rows.unit)


def _example(row: Row, file_format: FileFormat) -> Example:
    where, columns = row
    name, output_column = file_format.input_column, file_format.output_column
    if isinstance(name, str):
        parts = value_of(where, columns, name)
        if not isinstance(parts, dict):
            return Example(text_of(where, columns, name), outputs_of(where, columns, output_column))
    else:
        parts = {key: value_of(where, columns, key) for key in name}
    fields = {key: _field(where, key, value) for key, value in parts.items()}
    if not any(text.strip() for text in fields.values()):
        raise TaskError(f"{where}: expected text in {', '.join(map(repr, fields)) or name} but it is empty")
    text = "\n".join(f"{key}: {text}" for key, text in fields.items())
    return Example(text, outputs_of(where, columns, output_column), fields)


def _field(where: str, key: str, value: Any) -> str:
    """One part of an input of several, which may be empty; lists and objects as JSON."""
    text = "" if value is None else json_text(value)
    return as_text(where, text, key) if text.strip() else ""
