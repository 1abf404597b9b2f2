"""Checks the values of a file that anybody may have written: each check returns the value, or says what it expected."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from duet.reporting.untrusted import NotReportable

LARGEST = 10**15
Check = Callable[[Any], Any]


class Mismatch(ValueError):
    """The message says what was expected."""


def text(value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise Mismatch("a text")
    return value


def any_text(value: Any) -> str:
    """A string; an object, such as an input of several fields or a warning with details, becomes JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def count(value: Any) -> int:
    """A whole number from 0 on."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or not 0 <= value < LARGEST:
        raise Mismatch("a whole number of at least 0")
    return int(value)


def whole(value: Any) -> int:
    """A whole number."""
    return count(value) if not isinstance(value, int) or value >= 0 else -count(-value)


def number(value: Any) -> float:
    """A number of sensible size."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST < value < LARGEST:
        raise Mismatch("a number")
    return value


def score(value: Any) -> float:
    """A number in [0, 1]."""
    if not 0 <= number(value) <= 1:
        raise Mismatch("a score in [0, 1]")
    return float(value)


def interval(value: Any) -> tuple[float, float]:
    """Low and high, both in [0, 1]."""
    low, high = _list(value) if isinstance(value, list) and len(value) == 2 else _list(None)
    return score(low), score(high)


def several(check: Check) -> Check:
    """A list of values that pass, or are null."""
    return lambda value: tuple(None if item is None else check(item) for item in _list(value))


def named(check: Check) -> Check:
    """Names and values that pass; null values are left out."""
    return lambda value: {name: check(item) for name, item in _mapping(value).items() if item is not None}


def checked(
    raw: Mapping[str, Any], place: str, checks: Mapping[str, Check], required: tuple[str, ...]
) -> dict[str, Any]:
    """The values that the file has and that have a check.

    Raises:
        NotReportable: a value doesn't pass, or a required one is missing.
    """
    missing = [name for name in required if raw.get(name) is None]
    if missing:
        raise NotReportable(f"{place}: expected a value for {missing[0]} but found nothing")
    values = {}
    for name, check in checks.items():
        if raw.get(name) is None:
            continue
        try:
            values[name] = check(raw[name])
        except (Mismatch, NotReportable) as problem:
            raise NotReportable(f"{place}: expected {problem} for {name} but found {_short(raw[name])}") from problem
    return values


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Mismatch("a list")
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Mismatch("keys and values")
    return value


def _short(value: Any) -> str:
    found = repr(value)
    return found if len(found) <= 40 else f"{found[:40]}..."
