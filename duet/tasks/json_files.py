"""JSON as task files have it: one object per line, or a list of objects; numbers stay as they are written."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from duet.examples.example import TaskError
from duet.metrics.json_data import Written
from duet.tasks.rows import Rows
from duet.tasks.text_files import read_lines, read_text

_DECODER = json.JSONDecoder(parse_int=Written, parse_float=Written, parse_constant=Written)


def parse_json(text: str, where: str) -> Any:
    """JSON with its numbers as they are written.

    >>> parse_json("[1.50, true]", "here")
    ['1.50', True]

    Raises:
        TaskError: it is none, or too deep.
    """
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f", line {error.lineno}" if "\n" in text.strip() else ""
        problem = f"{error.msg} at column {error.colno}"
        raise TaskError(f"{where}{place}: expected valid JSON but found: {problem}") from error
    except RecursionError as error:
        raise TaskError(f"{where}: expected valid JSON but found too many brackets inside each other") from error


def json_rows(path: Path, encoding: str = "auto") -> Rows:
    """The objects of a file: one per line, or those of a list, alone or as the one list of an object.

    Raises:
        TaskError: the file can't be read or has another form.
    """
    lines = (pair for pair in enumerate(read_lines(path, encoding), start=1) if pair[1].strip())
    beginning = list(itertools.islice(lines, 2))
    only_line = len(beginning) == 1 and path.suffix.lower() == ".json"
    if beginning and (only_line or _is_whole(beginning[0][1])):
        unit = f"line {beginning[0][0]}, item" if len(beginning) == 1 else "item"
        return Rows(enumerate(_items(path, encoding), start=1), _as_object, unit)
    return Rows(itertools.chain(beginning, lines), _parse_line, "line")


def _is_whole(first: str) -> bool:
    """Whether a file is one JSON value: it is a list, or its first line is no JSON by itself but its beginning."""
    text = first.strip()
    if not text.startswith("{"):
        return text.startswith("[")
    try:
        _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return text == "{" or (text[-1] in "[{," and error.pos >= len(text) - 1)
    except RecursionError:
        return False
    return False


def _items(path: Path, encoding: str) -> Iterator[Any]:
    value = parse_json(read_text(path, encoding), str(path))
    lists = [item for item in value.values() if isinstance(item, list)] if isinstance(value, dict) else [value]
    if len(lists) != 1:
        raise TaskError(f"{path}: expected a list of objects, or one object per line, but found {len(lists)} lists")
    yield from lists[0]


def _parse_line(where: str, line: str) -> dict[str, Any]:
    return _as_object(where, parse_json(line, where), line.strip())


def _as_object(where: str, value: Any, written: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        found = written or json.dumps(value, ensure_ascii=False)
        raise TaskError(f"{where}: expected a JSON object but found {found[:40]!r}")
    return value
