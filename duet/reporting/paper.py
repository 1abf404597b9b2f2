"""Reads the paper's printed Table 1, which a report can show next to our own scores, for reference only.

Only its columns ``paper`` and ``INSTINCT`` are means over three seeds (docs/paper.md); no run of ours is compared with
them.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TABLE_1 = Path(__file__).with_name("paper_table1.csv")


@cache
def published_scores() -> Mapping[str, Mapping[str, float]]:
    """Method as the paper names it -> task -> printed test score; ``paper`` is the paper's own method.

    >>> published_scores()["paper"]["second_word_letter"]
    0.95
    """
    with TABLE_1.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["task"] != "MEAN"]
    methods = [name for name in rows[0] if name != "task"]
    return {method: {row["task"]: float(row[method]) for row in rows} for method in methods}
