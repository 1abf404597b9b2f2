"""Lists the files that ``data download`` fetches (source, hash, size) and the published tasks' metrics."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PARTS = ("induce", "execute")
SETS = {"instruction-induction": "manifest.json", "landscapes": "landscapes.json"}
PUBLISHED_TASKS, LANDSCAPES = SETS
_MOST_BYTES = 4 * 2**20  # of a published file that is reshaped, whose own size is not known


@dataclass(frozen=True)
class ManifestFile:
    """One published file.

    Args:
        name: where it lies in the user's folder, such as ``induce/sum.json``.
        source: repository, commit and path, such as ``owner/repository/commit/path``.
        sha256: of its bytes in the user's folder.
        size: in bytes, in the user's folder.
        examples: how many examples, or wordings, it holds.
        benchmark: of a landscape, which is reshaped as it arrives; other files are kept as they are.
    """

    name: str
    source: str
    sha256: str
    size: int
    examples: int
    benchmark: str | None = None

    @property
    def most_bytes(self) -> int:
        """How many bytes to read at most."""
        return self.size if self.benchmark is None else _MOST_BYTES


@cache
def _facts(name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(Path(__file__).with_name(SETS[name]).read_text(encoding="utf-8"))
    return facts


def benchmark_metrics() -> dict[str, str]:
    """The names of the 30 tasks, each with its metric.

    >>> len(benchmark_metrics()), benchmark_metrics()["synonyms"]
    (30, 'induction_contains')
    """
    return {name: facts["metric"] for name, facts in _facts(PUBLISHED_TASKS)["tasks"].items()}


def manifest_files(name: str = PUBLISHED_TASKS) -> tuple[ManifestFile, ...]:
    """The files of a set.

    >>> len(manifest_files()), len(manifest_files("landscapes"))
    (60, 15)
    """
    facts = _facts(name)
    if name == LANDSCAPES:
        return tuple(_landscape(task, facts) for task in facts["tasks"])
    return tuple(_task_file(task, part, facts) for task in facts["tasks"] for part in PARTS)


def _task_file(task: str, part: str, facts: dict[str, Any]) -> ManifestFile:
    row = facts["tasks"][task][part]
    source = f"{facts['repository']}/{facts['commit']}/{row['path']}"
    return ManifestFile(f"{part}/{task}.json", source, row["sha256"], row["bytes"], row["examples"])


def _landscape(task: str, facts: dict[str, Any]) -> ManifestFile:
    row = facts["tasks"][task]
    source = f"{facts['repository']}/{facts['commit']}/{facts['folder']}/{row['benchmark']}/{task}.json"
    return ManifestFile(f"{task}.json", source, row["sha256"], row["bytes"], row["wordings"], row["benchmark"])


def origin(name: str = PUBLISHED_TASKS) -> str:
    """Repository, commit and licence, in words.

    >>> origin()[:31]
    'github.com/xqlin98/INSTINCT at '
    """
    facts = _facts(name)
    return f"github.com/{facts['repository']} at {facts['commit'][:10]}, {facts['licence']}"
