"""The result of a finished search, for a Python program."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from duet.reporting.records import CANDIDATES, RESULT

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Result:
    """A finished search.

    Args:
        folder: the run folder; ``duet report`` and ``duet export`` take it.
        values: what result.json says, by its keys.
        candidates: every scored instruction in order, a dictionary each, as candidates.jsonl has them.
    """

    folder: Path
    values: dict[str, Any] = field(repr=False)
    candidates: list[dict[str, Any]] = field(repr=False)

    @property
    def best_instruction(self) -> str:
        """The instruction with the best validation score."""
        return str(self.values["best_instruction"])

    @property
    def test_score(self) -> float | None:
        """Its score on the test examples; None if the budget had no room for the test."""
        score: float | None = self.values["test_score"]
        return score

    @property
    def test_interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of the test score."""
        interval = self.values["test_interval"]
        return None if interval is None else (interval[0], interval[1])

    @property
    def validation_score(self) -> float:
        """Its score on the validation examples, on which it was chosen."""
        return float(self.values["validation_score"])

    @property
    def initial_best_test_score(self) -> float | None:
        """The test score of the best of the first instructions: what there was before the search."""
        score: float | None = self.values["initial_best_test_score"]
        return score

    @property
    def cost_usd(self) -> float | None:
        """US dollars that were paid; None if a price is unknown."""
        cost: float | None = self.values["cost_usd"]
        return cost

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values: result.json's keys, ``candidates`` and ``folder``."""
        return {**self.values, "candidates": self.candidates, "folder": str(self.folder)}

    def to_pandas(self) -> pd.DataFrame:
        """The candidates as a table.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        import pandas as pd

        return pd.DataFrame(self.candidates)


def read_result(folder: Path) -> Result:
    """The result of a finished run, whichever door it came in by.

    Raises:
        ValueError: the folder holds no finished run.
    """
    path = folder / RESULT
    if not path.is_file():
        raise ValueError(f"{folder}: expected a finished run but there is no {RESULT}")
    lines = (folder / CANDIDATES).read_text(encoding="utf-8").splitlines()
    return Result(folder, json.loads(path.read_text(encoding="utf-8")), [json.loads(line) for line in lines])
