"""Start, end and oracle on real test data: ``python -m benchmarks.real_tasks --data DIRECTORY``.

For each task and seed: the best initial instruction and the final one on the test set, as a run of ``fit`` reports
them, and the best human phrasing (tried on the test set itself, so an oracle).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from duet.models.huggingface_black_box import HuggingFaceBlackBox
from embedded_model.evaluate import real_row

ROOT = Path(__file__).parents[1]


def run(name: str, data: str | None, seed: int, folder: Path, iterations: int) -> dict[str, Any]:
    """One run of the main job; a finished run folder is read, not run again."""
    target = folder / f"{name}-{seed}"
    arguments = ["--task.name", name, *(["--task.directory", data] if data else []), "--seed_everything", str(seed)]
    command = [sys.executable, str(ROOT / "cli.py"), "fit", *arguments, "--run_dir", str(target)]
    subprocess.run([*command, "--search.iterations", str(iterations)], check=True, cwd=ROOT, capture_output=True)
    result: dict[str, Any] = json.loads((target / "result.json").read_text(encoding="utf-8"))
    return result


def main(argv: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--tasks", nargs="*", default=["first_word_letter", "larger_animal", "taxonomy_animal", "sum"])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--iterations", type=int, default=25)
    parser.add_argument("--output", type=Path, default=Path("runs/real_tasks"))
    options = parser.parse_args(argv)
    sys.stdout.write(
        "| task | initial best | final | oracle | validation: initial, final | calls | seconds |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    for name in options.tasks:
        results = [run(name, options.data, seed, options.output, options.iterations) for seed in options.seeds]
        oracle = max(real_row(HuggingFaceBlackBox(), name, Path(options.data))) if options.data else None
        sys.stdout.write(row(name, results, oracle) + "\n")
        sys.stdout.flush()


def row(name: str, results: Sequence[dict[str, Any]], oracle: float | None) -> str:
    """Means over the seeds, and each seed's final test score."""

    def mean(key: str) -> str:
        return f"{statistics.fmean(result[key] for result in results):.3f}"

    finals = ", ".join(f"{result['test_score']:.2f}" for result in results)
    validation = f"{mean('initial_best_validation_score')}, {mean('validation_score')}"
    best = "-" if oracle is None else f"{oracle:.3f}"
    return (
        f"| {name} | {mean('initial_best_test_score')} | {mean('test_score')} ({finals}) | {best} | {validation} "
        f"| {mean('calls')} | {mean('seconds')} |"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
