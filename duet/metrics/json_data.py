"""Compares an answer with an accepted output as JSON data."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from duet.metrics.texts import last_fenced_block

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(-?\d+)\]")


class NotJson(ValueError):
    """A text that holds no JSON, or none at this path."""


@dataclass(frozen=True)
class Json:
    """1 if the answer is the same data as an accepted output: numbers by value, keys in any order.

    The answer may stand in a code fence; with more text around it, it is no JSON (`answer.extract: json` finds it).

    >>> Json()('{"a": 1.0, "b": [true]}', ['{"b": [true], "a": 1}']), Json()("Sure!", ["{}"])
    (1.0, 0.0)
    >>> Json(partial=True)('{"name": "Ann", "age": 3}', ['{"name": "Ann", "age": 4}'])
    0.5

    Args:
        partial: whether the score is the share of right fields, among all that answer or output have.
    """

    partial: bool = False

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """In [0, 1]."""
        try:
            found = read_json(answer)
        except NotJson:
            return 0.0
        return max((self._score(found, output) for output in outputs), default=0.0)

    def _score(self, found: Any, output: str) -> float:
        try:
            expected = read_json(output)
        except NotJson:
            return 0.0
        left, right = set(_fields(found)), set(_fields(expected))
        if not self.partial:
            return float(left == right)
        return len(left & right) / len({path for path, _ in left | right})


def read_json(text: str) -> Any:
    """The data of a text, alone or in its last code fence; numbers are decimals, so that none is rounded.

    Raises:
        NotJson: it is none.
    """
    for part in (text, last_fenced_block(text)):
        try:
            return _decoder().decode(part or "")
        except (ValueError, RecursionError):
            continue
    raise NotJson("no JSON")


def find_json(text: str) -> Any:
    """The same, or else the first object or list that stands in the text.

    Raises:
        NotJson: there is none.
    """
    try:
        return read_json(text)
    except NotJson:
        pass
    for place in re.finditer(r"[\[{]", text):
        try:
            return _decoder().raw_decode(text, place.start())[0]
        except (ValueError, RecursionError):
            continue
    raise NotJson("no JSON")


def at_path(data: Any, path: str) -> Any:
    """Returns what lies at a path.

    >>> at_path({"items": [{"name": "a"}]}, "items[0].name"), at_path([1, 2], "$[-1]")
    ('a', 2)

    Raises:
        NotJson: nothing does.
    """
    for key, index in _STEP.findall(path.removeprefix("$")):
        try:
            data = data[int(index)] if index else data[key]
        except (KeyError, IndexError, TypeError) as error:  # TypeError: a key of a list, or an index of an object
            raise NotJson(f"nothing at {path}") from error
    return data


def is_path(path: str) -> bool:
    """Returns whether a text is such a path.

    >>> is_path("$.a[0]"), is_path("a[b"), is_path("")
    (True, False, False)
    """
    steps = path.removeprefix("$")
    return bool(steps) and "".join(match[0] for match in _STEP.finditer(steps)) == steps


class Written(str):
    """A number as it was written, so that it stays so."""

    __slots__ = ()


def as_text(data: Any) -> str:
    """A text as it is, other data as JSON, its numbers as they were written.

    >>> as_text("a"), as_text({"n": Decimal("1.50")}), as_text(None)
    ('a', '{"n": 1.50}', 'null')
    """
    return data if isinstance(data, str) else _dump(data)


def _dump(data: Any) -> str:
    if isinstance(data, dict):
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_dump(data[key])}" for key in data) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(_dump, data)) + "]"
    return str(data) if isinstance(data, Decimal | Written) else json.dumps(data, ensure_ascii=False)


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_int=Decimal, parse_float=Decimal, parse_constant=_refuse)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not valid JSON")


def _fields(data: Any, path: str = "$") -> Iterator[tuple[str, tuple[str, Any]]]:
    """Every leaf with its path; an empty object or list is a leaf. A leaf has its kind, as True is 1 in Python."""
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from _fields(value, f"{path}.{json.dumps(unicodedata.normalize('NFC', key))}")
    elif isinstance(data, list) and data:
        for index, value in enumerate(data):
            yield from _fields(value, f"{path}[{index}]")
    else:
        yield path, _leaf(data)


def _leaf(data: Any) -> tuple[str, Any]:
    if isinstance(data, str):
        return "text", unicodedata.normalize("NFC", data)
    return type(data).__name__, None if isinstance(data, dict | list) else data
