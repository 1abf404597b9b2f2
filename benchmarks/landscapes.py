"""Searches over real models' rewards: ``python -m benchmarks.landscapes --data DIR [--calls 300 900 2700]``.

DIR holds landscapes: per task the recorded accuracy of many wordings of the instruction with up to sixteen models
(``duet data download --set landscapes``). A landscape is one task with one model; it counts if it has room, that is if
at most a tenth of the wordings comes within 90 % of the best one and the best has at least .3. In each the program
itself searches: its engine, its allocation, its predictor, its encoder. Only the candidates and the answers are
replayed. The first instructions and later ones are drawn from the wordings, and an answer is right with the wording's
recorded accuracy, drawn once for each wording and example. Quality is the true accuracy of the wording that a search
ends with, as a share of the best there is.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import random
import statistics
import sys
import tempfile
import warnings
import zlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.predictor_fit import lightning_fit
from benchmarks.timing import markdown
from duet.engine.search import Search
from duet.evaluation.allocation import Allocation
from duet.features import FeatureExtractor
from duet.models.base import Request
from duet.models.fakes import ScriptedBlackBox
from duet.models.ngram_encoder import NGramEncoder
from duet.pool import Candidate, Pool
from duet.proposals.first_instructions import FirstInstructions
from duet.proposals.initialisation import Initialisation
from duet.spending.budget import Budget
from duet.strategies.duet import Duet
from duet.strategies.random_search import RandomSearch
from duet.strategies.strategy import SearchContext
from duet.tasks.task import Task

ROOM, LEAST = 0.1, 0.3  # a landscape has room if so few wordings come close to the best, and the best has so much
EXAMPLES, TESTS = 500, 1  # to search on, as a score may be drawn on any number; the test is the recorded accuracy


@dataclass(frozen=True)
class Landscape:
    """A task with a model.

    Args:
        task: the task's name.
        model: the model's name.
        wordings: texts of the instruction.
        accuracy: of each wording, in [0, 1].
    """

    task: str
    model: str
    wordings: tuple[str, ...]
    accuracy: tuple[float, ...]

    @property
    def has_room(self) -> bool:
        """Whether a search can find something here."""
        best = max(self.accuracy)
        close = sum(value >= 0.9 * best for value in self.accuracy)
        return best >= LEAST and close <= ROOM * len(self.accuracy)


def read_landscapes(folder: Path, tasks: Sequence[str] = ()) -> list[Landscape]:
    """Those with room, of the tasks that are named or of all.

    Raises:
        ValueError: there is none.
    """
    found: list[Landscape] = []
    for path in sorted(folder.glob("*.json")):
        if tasks and path.stem not in tasks:
            continue
        content = json.loads(path.read_text(encoding="utf-8"))
        for column, model in enumerate(content["models"]):
            known = {row["template"]: row["accuracy"][column] for row in content["instructions"]}
            known = {text: value for text, value in known.items() if value is not None}
            found.append(Landscape(path.stem, model, tuple(known), tuple(known.values())))
    found = [landscape for landscape in found if landscape.has_room]
    if not found:
        raise ValueError(f"--data: expected landscapes with room but found none in {folder}")
    return found


@dataclass(frozen=True)
class Offer(Initialisation):
    """Offers wordings in a random order, the first ones at the start.

    Args:
        wordings: in that order.
    """

    wordings: tuple[str, ...] = ()

    def write(self, *_: Any) -> FirstInstructions:
        """The first ones."""
        first = tuple(Candidate(text, "initial") for text in self.wordings[: self.count])
        return FirstInstructions(first, len(first), Counter())


def offered(wordings: Sequence[str], per_iteration: int, pool: Pool, count: int) -> list[Candidate]:
    """The next wordings of the order, as a search would write them: the ones that are not scored yet."""
    start = (count + (pool.iteration - 1) * per_iteration) % max(1, len(wordings))
    window = [wordings[(start + place) % len(wordings)] for place in range(per_iteration)]
    return [Candidate(text, "offered") for text in dict.fromkeys(window) if text not in pool.texts]


@dataclass(frozen=True)
class OfferedDuet(Duet):
    """Duet's choice among offered wordings."""

    wordings: tuple[str, ...] = ()
    first: int = 40

    def new_candidates(self, pool: Pool, context: SearchContext, iteration: int) -> tuple[list[Candidate], int]:
        """The next ones, in place of what a model would write."""
        new = offered(self.wordings, self.candidates, pool, self.first)
        return new, self.candidates

    @property
    def writes_with_white_box(self) -> bool:
        """Nothing is written."""
        return False


@dataclass(frozen=True)
class OfferedRandom(RandomSearch):
    """A random choice among offered wordings."""

    wordings: tuple[str, ...] = ()
    first: int = 40

    def new_candidates(self, pool: Pool, context: SearchContext, iteration: int) -> tuple[list[Candidate], int]:
        """The next ones, in place of what a model would write."""
        return offered(self.wordings, self.candidates, pool, self.first), self.candidates

    @property
    def writes_with_white_box(self) -> bool:
        """Nothing is written."""
        return False


@dataclass(frozen=True)
class Way:
    """A way of searching.

    Args:
        allocation: how calls are divided.
        strategy: ``duet`` or ``random``.
        options: of the strategy.
        predictor: settings of the score predictor that differ from the defaults.
        first: instructions at the start.
        iterations: of the search; None follows from the calls.
    """

    allocation: Allocation = field(default_factory=Allocation)
    strategy: str = "duet"
    options: dict[str, Any] = field(default_factory=dict)
    predictor: dict[str, Any] = field(default_factory=dict)
    first: int = 40
    iterations: int | None = None


FIXED = Allocation(kind="fixed")
WAYS: dict[str, Way] = {
    "duet": Way(),
    "halving, random choice": Way(strategy="random"),
    "fixed 20, Duet's choice": Way(FIXED),
    "fixed 20, greedy": Way(FIXED, options={"acquisition": "greedy"}),
    "fixed 20, random choice": Way(FIXED, "random"),
    "duet without similarity": Way(predictor={"weight": "none"}),
}


def size(way: Way, calls: int) -> tuple[int, int, int]:
    """Iterations, candidates and choices per iteration."""
    if way.allocation.kind == "fixed":
        total = calls // way.allocation.examples
        first = min(way.first, total)
        return max(1, total - first), 30, 1
    iterations = way.iterations or (4 if calls < 2000 else 6)
    return iterations, 40 if calls < 2000 else 30, 10 if calls < 2000 else 15


def search(landscape: Landscape, way: Way, calls: int, draw: int, folder: Path) -> float:
    """One search; the quality of what it ends with."""
    order = random.Random(f"{landscape.task}/{landscape.model}/{draw}")
    wordings = tuple(order.sample(landscape.wordings, len(landscape.wordings)))
    accuracy = dict(zip(landscape.wordings, landscape.accuracy, strict=True))
    best = max(landscape.accuracy)
    iterations, candidates, choose = size(way, calls)
    kind = OfferedDuet if way.strategy == "duet" else OfferedRandom
    first = min(way.first, calls // way.allocation.examples) if way.allocation.kind == "fixed" else way.first
    options = {"candidates": candidates, "choose": choose} | way.options
    strategy = kind(**options, wordings=wordings, first=first)

    def answer(request: Request) -> str:
        instruction, _, rest = request.prompt.removeprefix("Instruction: ").rpartition("\n\nInput: ")
        key = f"{draw}|{landscape.model}|{instruction}|{rest}"
        return "yes" if zlib.crc32(key.encode()) / 2**32 < accuracy[instruction] else "no"

    found = Search(
        _task(folder),
        ScriptedBlackBox(answer),
        strategy,
        NGramEncoder(),
        initialisation=Offer(count=first, wordings=wordings),
        extractor=FeatureExtractor(outputs="none"),
        allocation=way.allocation,
        budget=Budget(max_calls=calls + 2 * TESTS),
        iterations=iterations,
        threshold=1.1,
        cache="off",
        seed=draw,
    )
    with tempfile.TemporaryDirectory() as run:
        found.open(Path(run))
        found.start()
        while not found.stop_reason:
            predictor = lightning_fit(found.pool, **way.predictor)[0] if strategy.requirements.predictor else None
            found.step(predictor)
        result = found.finish(Path(run))
    return accuracy[result.best_instruction] / best


def _task(folder: Path) -> Task:
    """A task of nothing but numbers, as the answers are drawn."""
    for name, start, count in (("train", 0, EXAMPLES + EXAMPLES // 5 + 40), ("test", 10**6, TESTS)):
        path = folder / f"{name}.jsonl"
        if not path.exists():
            rows = (json.dumps({"input": f"{number}", "output": "yes"}) for number in range(start, start + count))
            path.write_text("\n".join(rows))
    return Task("landscape", str(folder / "train.jsonl"), str(folder / "test.jsonl"))


def measured(job: tuple[Landscape, str, int, int], folder: Path) -> float:
    """The job's quality, in a process of its own kind."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    landscape, name, calls, draw = job
    return search(landscape, WAYS[name], calls, draw, folder)


def main(argv: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of landscapes")
    parser.add_argument("--calls", type=int, nargs="+", default=[300, 900, 2700], help="that scores may take")
    parser.add_argument("--draws", type=int, default=1, help="searches per landscape")
    parser.add_argument("--tasks", nargs="*", default=[], help="these alone")
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS), help="these alone")
    parser.add_argument("--most", type=int, help="so many landscapes, drawn at random")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path, help="writes the shares")
    options = parser.parse_args(argv)
    found = read_landscapes(options.data, options.tasks)
    if options.most:
        found = random.Random(0).sample(found, min(options.most, len(found)))
    jobs = [
        (landscape, name, calls, draw)
        for name in options.ways for calls in options.calls for landscape in found for draw in range(options.draws)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(options.processes) as pool:
        _task(Path(folder))
        qualities = list(pool.map(partial(measured, folder=Path(folder)), jobs, chunksize=4))
    table: dict[tuple[str, int], list[float]] = {}
    for (_, name, calls, _), quality in zip(jobs, qualities, strict=True):
        table.setdefault((name, calls), []).append(quality)
    sys.stdout.write(f"{len(found)} landscapes, {options.draws} draw(s)\n" + shown(table, options.calls))
    if options.json:
        ways = {
            name: {str(calls): statistics.fmean(table[name, calls]) for calls in options.calls} for name in options.ways
        }
        options.json.write_text(json.dumps({"landscapes": len(found), "ways": ways}, indent=2) + "\n")


def shown(table: dict[tuple[str, int], list[float]], calls: Sequence[int]) -> str:
    """Mean share of the best with its standard error, tenth percentile, and the paired difference to the default."""
    rows = []
    for name in dict.fromkeys(name for name, _ in table):
        row = [name]
        for number in calls:
            values = table[name, number]
            row.append(f"{_mean(values)} ({sorted(values)[len(values) // 10]:.2f})")
            if name != "duet" and ("duet", number) in table:
                default = table["duet", number]
                row[-1] += f" {_mean([value - other for value, other in zip(values, default, strict=True)], sign='+')}"
        rows.append(row)
    return markdown(["way", *(f"{number} calls" for number in calls)], rows)


def _mean(values: Sequence[float], sign: str = "") -> str:
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return f"{statistics.fmean(values):{sign}.3f} ± {error:.3f}"


if __name__ == "__main__":
    main(sys.argv[1:])
