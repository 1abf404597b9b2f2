"""Profiles the quickstart: ``python -m benchmarks.quickstart_profile``.

A second thread looks a hundred times a second at what the search is doing, and books it under the first line that fits,
from the model's layers outwards.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from importlib import import_module
from types import FrameType
from typing import Any

from benchmarks.timing import Measurement, main
from duet.commands import fit

INTERVAL = 0.01  # seconds
# What a frame's file says about the work, the first line that any frame of the stack matches.
PARTS = (
    ("model forward passes", ("/transformers/models/",)),
    ("generation around them", ("/transformers/generation/", "open_model/generation.py")),
    ("features around them", ("open_model/reading.py", "open_model/hidden_states.py")),
    ("uncertainty and choice", ("lightning_modules/neural_ucb.py", "duet/strategies/acquisition.py")),
    ("predictor's fit", ("lightning_modules/",)),
    ("loading the model", ("open_model/causal_lm.py", "open_model/checkpoints.py")),
    ("call cache and accounts", ("duet/spending/",)),
    ("checkpoints and curves", ("lightning/pytorch/callbacks/", "callbacks/checkpoint_io.py", "/tensorboard",
                                "callbacks/search_curves.py")),
    ("report", ("reporting/",)),
    ("imports", ("importlib",)),
)  # fmt: skip
REST = "everything else"
CURVE = "reward/best"
FEW = 8


class Sampler(threading.Thread):
    """Counts the parts that the thread which made it is at work on."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.counts: Counter[str] = Counter()
        self._watched, self._end = threading.get_ident(), threading.Event()

    def run(self) -> None:
        """Until `stop`."""
        while not self._end.wait(INTERVAL):
            self.counts[part_of(sys._current_frames()[self._watched])] += 1

    def stop(self) -> None:
        """Ends the counting."""
        self._end.set()
        self.join()


def part_of(frame: FrameType | None) -> str:
    """The part that this stack is busy with."""
    files = []
    while frame is not None:
        files.append(frame.f_code.co_filename)
        frame = frame.f_back
    for part, paths in PARTS:
        if any(path in file for file in files for path in paths):
            return part
    return REST


def measure() -> list[Measurement]:
    """Each part's share of the whole, the largest first; then a late iteration beside an early one."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        sampler, start = Sampler(), time.perf_counter()
        sampler.start()
        fit.run(["--config", "configs/quickstart.yaml", "--run_dir", f"{folder}/run"])
        sampler.stop()
        seconds = time.perf_counter() - start
        steps = step_seconds(f"{folder}/run")
    total = sampler.counts.total()
    shares = [
        Measurement(part, count / total * seconds, "s", seconds, ">= .8" if part == PARTS[0][0] else "")
        for part, count in sampler.counts.most_common()
    ]
    early, late = (statistics.median(some) for some in (steps[:FEW], steps[-FEW:]))
    return [
        Measurement("quickstart, in this process", seconds, "s"),
        *shares,
        Measurement(f"one of the last {FEW} iterations / of the first", late, "s", early, "about 1"),
    ]


def step_seconds(folder: str) -> list[float]:
    """Returns how long each iteration took, by the times of its curves."""
    tensorboard: Any = import_module("tensorboard.backend.event_processing.event_accumulator")
    events = tensorboard.EventAccumulator(folder)
    events.Reload()
    times = [event.wall_time for event in events.Scalars(CURVE)]
    return [after - before for before, after in itertools.pairwise(times)]


if __name__ == "__main__":
    main(measure)
