"""The 30 instruction-induction tasks: where each file comes from, its hash, its size and its metric."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PARTS = ("induce", "execute")
_PATH = Path(__file__).with_name("manifest.json")


@dataclass(frozen=True)
class ManifestFile:
    """One published file.

    Args:
        name: where it lies in the user's folder, such as ``induce/sum.json``.
        source: repository, commit and path, such as ``owner/repository/commit/path``.
        sha256: of its bytes.
        size: in bytes.
        examples: how many it holds.
    """

    name: str
    source: str
    sha256: str
    size: int
    examples: int


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(_PATH.read_text(encoding="utf-8"))
    return facts


def benchmark_metrics() -> dict[str, str]:
    """The names of the 30 tasks, each with its metric.

    >>> len(benchmark_metrics()), benchmark_metrics()["synonyms"]
    (30, 'contains')
    """
    return {name: facts["metric"] for name, facts in _facts()["tasks"].items()}


def manifest_files() -> tuple[ManifestFile, ...]:
    """The 60 files."""
    return tuple(_file(task, part) for task in _facts()["tasks"] for part in PARTS)


def _file(task: str, part: str) -> ManifestFile:
    facts = _facts()
    row = facts["tasks"][task][part]
    source = f"{facts['repository']}/{facts['commit']}/{row['path']}"
    return ManifestFile(f"{part}/{task}.json", source, row["sha256"], row["bytes"], row["examples"])


def origin() -> str:
    """Repository, commit and licence, in words.

    >>> origin()[:31]
    'github.com/xqlin98/INSTINCT at '
    """
    facts = _facts()
    return f"github.com/{facts['repository']} at {facts['commit'][:10]}, {facts['licence']}"
