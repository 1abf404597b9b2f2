"""What writing ahead saves at an endpoint that takes its time: ``python -m benchmarks.writing_ahead``.

The same search twice, the embedded model as white box: candidates written after the score is known, and while it is
asked for. The black box is a server on a thread that answers anything after a pause.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import statistics
import tempfile
import zlib
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore[import-untyped]

from benchmarks.timing import Measurement, main
from duet.commands import fit
from tests.servers.chat_server import ChatServer

ITERATIONS = 12
LATENCY = 0.3  # seconds per answer


def answer(prompt: str) -> str:
    """An instruction, whatever was asked."""
    return f"Write word number {zlib.crc32(prompt.encode()) % 1000} of the input."


def seconds_per_iteration(url: str, folder: Path, ahead: bool) -> float:
    """The median; the first two iterations stand aside, as what they choose from is written in the one before."""
    os.environ["OPENAI_BASE_URL"] = url
    options = {
        "task.name": "second_letter", "search.iterations": ITERATIONS, "search.threshold": 1.1, "search.cache": "off",
        "search.initialisation.mode": "sample", "search.initialisation.count": 10,
        "black_box": "duet.models.openai_black_box.OpenAIBlackBox", "black_box.init_args.model": "m",
        "strategy.init_args.ahead": str(ahead).lower(), "run_dir": folder,
    }  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        assert fit.run(["--yes", *(f"--{name}={value}" for name, value in options.items())]) == 0
    curves = EventAccumulator(str(folder))
    curves.Reload()
    times = [float(point.wall_time) for point in curves.Scalars("reward/best")]
    return statistics.median(after - before for before, after in itertools.pairwise(times[2:]))


def measure() -> list[Measurement]:
    """Both searches at the same server; then at one that answers at once, for what the white box alone takes."""
    with tempfile.TemporaryDirectory() as folder:
        with ChatServer(answer, latency=LATENCY) as slow:
            after, ahead = (seconds_per_iteration(slow.url, Path(folder) / str(one), one) for one in (False, True))
        with ChatServer(answer) as fast:
            alone = seconds_per_iteration(fast.url, Path(folder) / "alone", ahead=False)
    return [
        Measurement("iteration, written after the score", after, "s", alone, "the limit: an endpoint without latency"),
        Measurement("iteration, written ahead", ahead, "s", alone),
        Measurement("iteration, written ahead / written after", ahead, "s", after, "below 1"),
    ]


if __name__ == "__main__":
    main(measure)
