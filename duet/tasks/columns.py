"""Columns by name, and the texts in them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from duet.examples.example import TaskError

_HALF_PAIR = re.compile("[\ud800-\udfff]")  # no character; JSON can write it, no file or model can hold it


def find_column(names: Collection[str], wanted: str) -> str | None:
    """The column of that name, else the only one that differs in capitals or outer blanks.

    >>> find_column(["Input", "OUTPUT "], "output"), find_column(["Input", "INPUT"], "input")
    ('OUTPUT ', None)
    """
    if wanted in names:
        return wanted
    alike = [name for name in names if name.strip().casefold() == wanted.strip().casefold()]
    return alike[0] if len(alike) == 1 else None


def value_of(where: str, row: Mapping[str, Any], column: str) -> Any:
    """Returns what stands in a column.

    Raises:
        TaskError: there is no such column.
    """
    if column in row:
        return row[column]
    name = find_column(row, column)
    if name is None:
        found = ", ".join(map(repr, row)) or "no columns"
        hint = "; name yours with task.input_column and task.output_column" if row else ""
        raise TaskError(f"{where}: expected a column {column!r} but found {found}{hint}")
    return row[name]


def text_of(where: str, row: Mapping[str, Any], column: str) -> str:
    """The text in a column.

    Raises:
        TaskError: there is none.
    """
    return as_text(where, value_of(where, row, column), column)


def as_text(where: str, value: Any, column: str) -> str:
    """A value as a text; true and false are spelled as JSON spells them.

    Raises:
        TaskError: it is no text, or an empty one.
    """
    if isinstance(value, bool):
        return json.dumps(value)
    if not isinstance(value, str):
        raise TaskError(f"{where}: expected text or a number in {column!r} but found {kind_of(value)}")
    if _HALF_PAIR.search(value):
        raise TaskError(f"{where}: expected text in {column!r} but found half of a surrogate pair")
    if not value.strip():
        raise TaskError(f"{where}: expected text in {column!r} but it is empty")
    return str(value)


def outputs_of(where: str, row: Mapping[str, Any], column: str) -> tuple[str, ...]:
    """The accepted outputs: a text alone or a list of them.

    Raises:
        TaskError: there is none.
    """
    value = value_of(where, row, column)
    values = value if isinstance(value, list) else [value]
    if not values:
        raise TaskError(f"{where}: expected at least one accepted output in {column!r} but found an empty list")
    return tuple(as_text(where, item, column) for item in values)


def kind_of(value: object) -> str:
    """A value of JSON in words."""
    return {dict: "an object", list: "a list", type(None): "null"}.get(type(value), repr(value))
