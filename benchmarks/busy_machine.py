"""Times a search on the machine as it is and beside one busy process, in turn: ``python -m benchmarks.busy_machine``.

Each repeat runs every way of waiting once quiet and once beside a process that never pauses, so whatever else the
machine does slows all alike. The load says whether it did anything else: below .5 before the first search, it did not.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.timing import Measurement, main

ROOT = Path(__file__).parent.parent
REPEATS = 3
SEARCH = (
    "cli.py", "fit", "--config", "configs/quickstart.yaml", "--search.iterations=2",
    "--search.initialisation.count=16", "--search.allocation.kind=fixed", "--search.allocation.examples=10",
    "--search.threshold=1.1",
)  # fmt: skip
# How threads wait for one another: as Duet sets it, asleep at once, as GNU's library does by itself, and not at all.
WAYS: dict[str, Mapping[str, str]] = {
    "a short spin, then asleep (default)": {},
    "asleep at once": {"GOMP_SPINCOUNT": "0"},
    "a longer spin": {"GOMP_SPINCOUNT": "5000"},
    "spinning": {"OMP_WAIT_POLICY": "ACTIVE"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}


def search(environment: Mapping[str, str]) -> float:
    """Seconds of one search in a process of its own.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        command, start = [sys.executable, *SEARCH, f"--run_dir={folder}/run"], time.perf_counter()
        subprocess.run(command, cwd=ROOT, env=os.environ | dict(environment), check=True, capture_output=True)
        return time.perf_counter() - start


@contextmanager
def busy() -> Iterator[None]:
    """Keeps one processor busy while the context lasts."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


def measure() -> list[Measurement]:
    """Each way quiet beside the default one quiet, and busy beside itself quiet."""
    load = os.getloadavg()[0]
    search({})  # warm
    quiet: dict[str, list[float]] = {name: [] for name in WAYS}
    beside: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(REPEATS):
        for name, environment in WAYS.items():
            quiet[name].append(search(environment))
            with busy():
                beside[name].append(search(environment))
    first, fastest = next(iter(WAYS)), min(map(statistics.median, quiet.values()))
    rows = [Measurement("load before the first search", load, "", None, "below .5")]
    for name in WAYS:
        median = statistics.median(quiet[name])
        goals = ("at most 1.03", "at most 1.5") if name == first else ("", "")
        rows.append(Measurement(f"{name}, quiet / the fastest way, quiet", median, "s", fastest, goals[0]))
        rows.append(Measurement(f"{name}, busy / quiet", statistics.median(beside[name]), "s", median, goals[1]))
    return rows


if __name__ == "__main__":
    main(measure)
