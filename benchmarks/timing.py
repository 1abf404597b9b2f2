"""Contestants timed side by side, and the rows that every benchmark prints and writes."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measurement:
    """One number next to its limit.

    Args:
        name: what was measured.
        value: the number.
        unit: of value and limit.
        limit: what the value is held against, measured in the same run (the bare computation) or given (a bound).
        goal: what was aimed at, in words.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None
    goal: str = ""

    @property
    def ratio(self) -> float | None:
        """Value over limit."""
        return None if self.limit is None else self.value / self.limit


def compare(contestants: Mapping[str, Callable[[], object]], repeats: int = 7) -> dict[str, float]:
    """The least seconds of each contestant; every repeat runs each once, so whatever else runs slows all alike."""
    for contestant in contestants.values():
        contestant()  # warm
    seconds = dict.fromkeys(contestants, float("inf"))
    for _ in range(repeats):
        for name, contestant in contestants.items():
            start = time.perf_counter()
            contestant()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def markdown(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table.

    >>> print(markdown(["part", "seconds"], [["fit", 1.5]]))
    | part | seconds |
    |---|---|
    | fit | 1.5 |
    """
    head, *body = (f"| {' | '.join(map(str, cells))} |" for cells in (heads, *rows))
    return "\n".join((head, f"|{'---|' * len(heads)}", *body))


def table(measurements: Iterable[Measurement]) -> str:
    """Measurements as Markdown."""
    heads = ["what", "measured", "limit", "ratio", "goal"]
    return markdown(heads, list(map(_cells, measurements)))


def _cells(row: Measurement) -> list[str]:
    return [row.name, _number(row.value, row.unit), _number(row.limit, row.unit), _number(row.ratio), row.goal]


def write_json(path: str | Path, measurements: Iterable[Measurement]) -> None:
    """A list of ``{name, value, unit, limit, goal, ratio}``."""
    rows = [asdict(measurement) | {"ratio": measurement.ratio} for measurement in measurements]
    Path(path).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def main(measure: Callable[[], Sequence[Measurement]], argv: Sequence[str] | None = None) -> None:
    """Runs a benchmark's command: measures, prints the table, write it with ``--json FILE``."""
    parser = argparse.ArgumentParser(description=sys.modules[measure.__module__].__doc__)
    parser.add_argument("--json", metavar="FILE", help="the same as JSON")
    options = parser.parse_args(argv)
    measurements = measure()
    print(table(measurements))
    if options.json:
        write_json(options.json, measurements)


def _number(value: float | None, unit: str = "") -> str:
    return "" if value is None else f"{value:.3g} {unit}".rstrip()
