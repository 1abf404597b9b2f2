"""The shipped facts against the reference manifest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from duet.metrics.registry import PUBLISHED
from duet.tasks.manifest import benchmark_metrics, manifest_files, origin

NAMES = {
    "em": "induction_exact_match",
    "f1": "induction_f1",
    "es": "induction_exact_set",
    "contains": "induction_contains",
}


def test_thirty_tasks_have_two_files_and_a_metric_each() -> None:
    assert len(benchmark_metrics()) == 30
    assert set(benchmark_metrics().values()) == set(PUBLISHED)
    assert len({file.name for file in manifest_files()}) == 60


def test_the_facts_are_those_of_the_reference(golden: Callable[[str], Any]) -> None:
    reference = {name: row for name, row in golden("tasks_manifest.json").items() if row["in_benchmark"]}
    assert benchmark_metrics() == {name: NAMES[row["metric"]] for name, row in reference.items()}
    for file in manifest_files():
        part, task = file.name.removesuffix(".json").split("/")
        row = reference[task]
        assert file.source == f"{row['source_repo']}/{row['commit']}/{row[f'{part}_path']}"
        assert (file.sha256, file.examples) == (row[f"{part}_sha256"], row[f"n_{part}"])


def test_the_origin_names_the_licence() -> None:
    assert "Apache-2.0" in origin()
