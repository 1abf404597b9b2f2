"""Times whole searches over an endpoint: ``python -m benchmarks.search_over_http --data DIR [--concurrency 16 64]``.

A local server answers after 300 ms, with the recorded accuracy of a landscape's wordings. Two searches score 120
instructions with 2,400 calls: twenty examples each and one choice per iteration (configs/methods/duet_fixed.yaml), and
the default, which chooses ten at once and gives most calls to what may be best. Wordings are offered, so a white box's
time is not part of it; the predictor's is. Waiting is what the requests' order alone costs: every stream of n requests
takes ceil(n / concurrency) times the latency.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.landscapes import Answer, Job, Landscape, read_landscapes, search, write_task
from benchmarks.timing import markdown
from benchmarks.ways import FIXED, Way
from duet.models.base import AbstractBlackBox, AbstractWrapper, Arrived, Request, always
from duet.models.openai_black_box import OpenAIBlackBox
from tests.servers.chat_server import ChatServer

LATENCY, CALLS = 0.3, 2400
SEARCHES = {
    "default": Way(steps=(8, 64, 10)),
    "fixed 20, one choice per iteration": Way(allocation=FIXED, steps=(80, 64, 1)),
}


class Rounds(AbstractWrapper):
    """Counts how often a stream's requests wait for a latency."""

    def __init__(self, inner: AbstractBlackBox, concurrency: int) -> None:
        super().__init__(inner)
        self.concurrency, self.count = concurrency, 0

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """As the inner one."""
        self.count += math.ceil(len(requests) / self.concurrency)
        return self._inner.stream(requests, may_send)


def timed(landscape: Landscape, way: Way, concurrency: int, folder: Path) -> list[str]:
    """The search's calls; its seconds, those of waiting and those of the processor."""
    boxes: list[Rounds] = []

    def box(answer: Answer) -> Rounds:
        server.answer = lambda prompt: answer(Request(prompt))
        boxes.append(Rounds(OpenAIBlackBox("m", server.url, max_concurrency=concurrency), concurrency))
        return boxes[-1]

    with ChatServer(latency=LATENCY) as server:
        wall, processor = time.perf_counter(), time.process_time()
        outcome = search(Job(landscape, way, CALLS, draw=0), folder, box=box)
        seconds = time.perf_counter() - wall, boxes[0].count * LATENCY, time.process_time() - processor
    return [str(outcome.calls), *(f"{each:.1f}" for each in seconds)]


def main(argv: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of landscapes")
    parser.add_argument("--concurrency", type=int, nargs="+", default=[16, 64], help="16 is the default of a run")
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    landscape = max(read_landscapes(options.data), key=lambda each: len(each.wordings))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write_task(Path(folder))
        for concurrency in options.concurrency:
            for name, way in SEARCHES.items():
                rows.append([str(concurrency), name, *timed(landscape, way, concurrency, Path(folder))])
                sys.stderr.write(f"{rows[-1]}\n")
    heads = ["concurrency", "search", "calls", "seconds", "waiting, s", "processor, s"]
    sys.stdout.write(markdown(heads, rows) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
