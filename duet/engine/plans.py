"""Decisions of a run that depend on what was paid, kept so that a start after a crash decides the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from duet.atomic_files import replace_text

PLANS = "plans.json"


class Plans:
    """Numbers by name, in a file of the run folder.

    Args:
        folder: the run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / PLANS

    def remember(self, name: str, decide: Callable[[], int]) -> int:
        """The number that was decided before; else decides it now and keeps it.

        Args:
            name: of the decision.
            decide: computes the number.

        Raises:
            ValueError: the file is damaged.
        """
        known = self._read()
        if name not in known:
            known[name] = decide()
            replace_text(self._path, json.dumps(known) + "\n")
        return known[name]

    def _read(self) -> dict[str, int]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise ValueError(
                f"{self._path}: expected a run's plans but it is damaged; choose another run_dir"
            ) from error
        if not isinstance(content, dict) or not all(type(value) is int for value in content.values()):
            raise ValueError(f"{self._path}: expected names and whole numbers; choose another run_dir")
        return content
