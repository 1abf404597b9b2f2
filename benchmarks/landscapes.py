"""Searches over real models' rewards: ``python -m benchmarks.landscapes --data DIR [--calls 300 900 2700]``.

DIR holds landscapes: per task the recorded accuracy of many wordings of the instruction with up to sixteen models
(``duet data download --set landscapes``). A landscape is one task with one model; it counts if it has room, that is if
at most a tenth of the wordings comes within 90 % of the best one and the best has at least .3. In each the program
itself searches: its engine, its allocation, its strategies, its predictor, its encoders. Only the candidates and the
answers are replayed. The first instructions and later ones are drawn from the wordings, and an answer is right with the
wording's recorded accuracy, drawn once for each wording and example. Quality is the true accuracy of the wording that a
search ends with, as a share of the best there is.

INSTINCT and InstructZero choose soft prompts, which landscapes don't have. Their classes run as they are, with a white
box that answers a soft prompt with a recorded wording. Each of INSTINCT's soft prompts stands for one wording, and its
bandit sees that wording's n-grams. InstructZero's latent space holds the wordings where a fixed random projection of
their n-grams puts them, and a soft prompt writes one of the three that are nearest. Both may choose among all wordings
from the start; the others see those that were offered so far.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
import time
import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.offers import (
    NEAREST,
    LatentPoints,
    Offer,
    OfferedDuet,
    OfferedRandom,
    ReplayedWhiteBox,
    WordingReader,
    named,
    projected,
)
from benchmarks.timing import markdown
from benchmarks.ways import DEFAULT_WAYS, WAYS, Way, encoder
from duet.engine.search import Search
from duet.features import FeatureExtractor
from duet.models.base import AbstractBlackBox, AbstractEncoder, Request
from duet.models.fakes import ScriptedBlackBox
from duet.models.ngram_encoder import NGramEncoder
from duet.pool import Pool
from duet.reporting.statistics import bootstrap_interval, mean, standard_error
from duet.spending.budget import Budget
from duet.strategies.instinct import Instinct
from duet.strategies.instruct_zero import InstructZero
from duet.strategies.strategy import AbstractStrategy
from duet.tasks.task import Task
from lightning_modules.neural_bandit import NeuralBandit

ROOM, LEAST = 0.1, 0.3  # a landscape has room if so few wordings come close to the best, and the best has so much
FAMILIES = {"t5": ("flan-t5", "t0"), "llama": ("airoboros", "alpaca", "nous-hermes", "ultralm", "vicuna")}
PROBES = 4  # on which a white box answers every wording
EXAMPLES, TESTS = 500, 1  # to search on, as a score may be drawn on any number; the test is the recorded accuracy


@dataclass(frozen=True)
class Landscape:
    """A task with a model.

    Args:
        task: the task's name.
        model: the model's name.
        wordings: texts of the instruction.
        accuracy: of each wording, in [0, 1].
        relative: the accuracies with another model of the family; empty if there is none.
        stranger: those with a model of another family.
    """

    task: str
    model: str
    wordings: tuple[str, ...]
    accuracy: tuple[float, ...]
    relative: tuple[float, ...] = ()
    stranger: tuple[float, ...] = ()

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
            others = {
                other: tuple(row["accuracy"][place] for row in content["instructions"] if row["template"] in known)
                for place, other in enumerate(content["models"])
                if place != column
            }
            found.append(Landscape(path.stem, model, tuple(known), tuple(known.values()), *white_boxes(model, others)))
    found = [landscape for landscape in found if landscape.has_room]
    if not found:
        raise ValueError(f"--data: expected landscapes with room but found none in {folder}")
    return found


def white_boxes(model: str, others: Mapping[str, tuple[float | None, ...]]) -> tuple[tuple[float, ...], ...]:
    """The accuracies with a relative of a model and with a stranger, drawn from those that know all wordings."""
    whole = {other: known for other, values in others.items() if None not in (known := tuple(values))}
    draws, found = random.Random(model), list[tuple[float, ...]]()
    for is_relative in (True, False):
        names = [other for other in whole if (family(other) == family(model)) == is_relative]
        found.append(tuple(value or 0.0 for value in whole[draws.choice(names)]) if names else ())
    return tuple(found)


def family(model: str) -> str:
    """What a model was trained from.

    >>> family("flan-t5-xl"), family("vicuna-13b"), family("falcon-7b-instruct")
    ('t5', 'llama', 'falcon-7b-instruct')
    """
    return next((name for name, members in FAMILIES.items() if model.startswith(members)), model)


class Outcome(NamedTuple):
    """The outcome of a search.

    Args:
        share: accuracy of the wording that it ends with, of the best there is.
        calls: that scores took.
        error: the wording's posterior mean less its accuracy.
        is_covered: whether its accuracy lies in the 95 % interval of the posterior.
    """

    share: float
    calls: int
    error: float
    is_covered: bool


class Job(NamedTuple):
    """A search.

    Args:
        landscape: where.
        way: how.
        calls: that scores may take.
        draw: moves the order of the wordings, the answers and the search.
        own: wordings that a person brings; they come first.
    """

    landscape: Landscape
    way: Way
    calls: int
    draw: int
    own: tuple[str, ...] = ()


Answer = Callable[[Request], str]


def search(
    job: Job, folder: Path, sentence_encoder: str = "", box: Callable[[Answer], AbstractBlackBox] = ScriptedBlackBox
) -> Outcome:
    """Carries out one search.

    Args:
        job: which.
        folder: where the task's files lie.
        sentence_encoder: its folder or name, for a way that needs one.
        box: makes a black box that gives these answers.
    """
    pool, names = searched(job, folder, sentence_encoder, box)
    accuracy, winner = dict(zip(job.landscape.wordings, job.landscape.accuracy, strict=True)), job.way.choice(pool)
    truth, calls = accuracy[names[winner.text]], sum({row.text: row.n for row in pool}.values())
    low, high = pool.prior.interval(sum(winner.scores), winner.n)
    error = pool.posterior_mean(winner) - truth
    return Outcome(truth / max(job.landscape.accuracy), calls, error, low <= truth <= high)


def searched(
    job: Job, folder: Path, sentence_encoder: str, box: Callable[[Answer], AbstractBlackBox]
) -> tuple[Pool, dict[str, str]]:
    """The pool that a search ends with, and which wording each text in it stands for; arguments as for `search`."""
    landscape, way = job.landscape, job.way
    order = random.Random(f"{landscape.task}/{landscape.model}/{job.draw}")
    wordings = tuple(dict.fromkeys((*job.own, *order.sample(landscape.wordings, len(landscape.wordings)))))
    accuracy = dict(zip(landscape.wordings, landscape.accuracy, strict=True))
    names = named(wordings) if way.in_latent_space else {text: text for text in wordings}
    first = min(way.first, job.calls // way.allocation.examples) if way.allocation.kind == "fixed" else way.first
    prior = known_of(job)
    strategy, white_box = chooser(way, job.calls, wordings, way.written or first, sentence_encoder, prior)
    found = Search(
        write_task(folder),
        box(_answers(job, accuracy, names)),
        strategy,
        white_box,
        initialisation=Offer(count=first, written=way.written, wordings=tuple(names), prior=prior),
        extractor=FeatureExtractor(outputs="none"),
        allocation=way.allocation,
        budget=Budget(max_calls=job.calls + 2 * TESTS),
        iterations=way.shape(job.calls)[0],
        threshold=1.1,
        cache="off",
        seed=job.draw,
    )
    with tempfile.TemporaryDirectory() as run:
        found.open(Path(run))
        found.start(way.former_predictor)
        while not found.stop_reason:
            found.step(way.predictor(found.pool) if strategy.requirements.predictor else None)
        found.finish(Path(run))
    return found.pool, names


def chooser(
    way: Way,
    calls: int,
    wordings: tuple[str, ...],
    first: int,
    sentence_encoder: str,
    prior: Mapping[str, tuple[float, ...]],
) -> tuple[AbstractStrategy, AbstractEncoder]:
    """The program's own strategy with what it reads, among these wordings."""
    if not way.in_latent_space:
        _, candidates, choose = way.shape(calls)
        kind = OfferedDuet if way.strategy == "duet" else OfferedRandom
        settings: dict[str, Any] = {"candidates": candidates, "choose": choose} | way.options
        return kind(**settings, wordings=wordings, first=first, prior=prior), encoder(way.features, sentence_encoder)
    names, features, space = tuple(named(wordings)), NGramEncoder().encode(wordings).states, LatentPoints()
    if way.strategy == "instinct":
        white_box = ReplayedWhiteBox(space.global_points(len(names), 0), names)
        bandit = NeuralBandit()
        return Instinct(WordingReader(features), bandit, points=len(names), soft_prompts=space), white_box
    points = projected(features, space.intrinsic_dimension)
    return InstructZero(soft_prompts=space), ReplayedWhiteBox(points, names, NEAREST)


def _answers(job: Job, accuracy: Mapping[str, float], names: Mapping[str, str]) -> Answer:
    """Right answers with a wording's accuracy; the same ones for the same wording, example and draw."""

    def answer(request: Request) -> str:
        instruction, _, example = request.prompt.removeprefix("Instruction: ").rpartition("\n\nInput: ")
        wording = names[instruction]
        key = f"{job.draw}|{job.landscape.model}|{wording}|{example}"
        return "yes" if zlib.crc32(key.encode()) / 2**32 < accuracy[wording] else "no"

    return answer


def known_of(job: Job) -> dict[str, tuple[float, ...]]:
    """What a white box's success on some probes says of each wording; nothing if there is none."""
    accuracy = getattr(job.landscape, job.way.white_box) if job.way.white_box else ()
    draws = random.Random(f"{job.draw}/{job.landscape.task}/{job.landscape.model}/{job.way.white_box}")
    return {
        wording: (sum(draws.random() < value for _ in range(PROBES)) / PROBES,)
        for wording, value in zip(job.landscape.wordings, accuracy, strict=False)
    }


def write_task(folder: Path) -> Task:
    """A task of nothing but numbers, as the answers are drawn."""
    for name, start, count in (("train", 0, EXAMPLES + EXAMPLES // 5 + 40), ("test", 10**6, TESTS)):
        path = folder / f"{name}.jsonl"
        if not path.exists():
            rows = (json.dumps({"input": f"{number}", "output": "yes"}) for number in range(start, start + count))
            path.write_text("\n".join(rows))
    return Task("landscape", str(folder / "train.jsonl"), str(folder / "test.jsonl"))


def measured(job: Job, folder: Path, sentence_encoder: str) -> Outcome:
    """The job's outcome, in a process of its own kind."""
    quiet()
    return search(job, folder, sentence_encoder)


def quiet() -> None:
    """One thread and not a word, in a process beside others."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)


Table = dict[tuple[str, int], list[list[Outcome]]]  # way, calls -> the draws of each landscape


def run(found: Sequence[Landscape], ways: Sequence[str], options: argparse.Namespace) -> Table:
    """Carries out all searches; says on standard error how far it is."""
    blocks = [(way, calls) for way in ways for calls in options.calls]
    jobs = [
        Job(each, WAYS[way], calls, draw) for way, calls in blocks for each in found for draw in range(options.draws)
    ]
    table: Table = {}
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(options.processes) as pool:
        write_task(Path(folder))
        one = partial(measured, folder=Path(folder), sentence_encoder=options.sentence_encoder or "")
        outcomes, began = pool.map(one, jobs, chunksize=4), time.monotonic()
        for block in blocks:
            table[block] = [[next(outcomes) for _ in range(options.draws)] for _ in found]
            seconds = time.monotonic() - began
            sys.stderr.write(f"{block[0]}, {block[1]} calls: {mean(shares(table[block])):.3f} ({seconds:.0f} s)\n")
    return table


def shares(outcomes: Sequence[Sequence[Outcome]]) -> list[float]:
    """The mean share of each landscape over its draws."""
    return [mean([outcome.share for outcome in draws]) for draws in outcomes]


def shown(table: Table, calls: int) -> str:
    """The ways at a number of calls, as Markdown.

    Draws of a landscape are not independent: errors and intervals are over landscapes, each the mean of its draws. The
    tenth percentile is that of the single searches; the posterior's error and coverage are of their winners.
    """
    rows = []
    for way in dict.fromkeys(way for way, _ in table):
        outcomes, default = table[way, calls], table.get(("duet", calls))
        searches = [outcome for draws in outcomes for outcome in draws]
        single = sorted(outcome.share for outcome in searches)
        row = [way, f"{mean(shares(outcomes)):.3f} ± {standard_error(shares(outcomes)) or 0:.3f}"]
        row += [f"{single[len(single) // 10]:.2f}", f"{mean([outcome.calls for outcome in searches]):.0f}"]
        row += [f"{mean([outcome.error for outcome in searches]):+.3f}"]
        row += [f"{mean([float(outcome.is_covered) for outcome in searches]):.2f}"]
        if default and way != "duet":
            differences = [one - other for one, other in zip(shares(outcomes), shares(default), strict=True)]
            row.append(difference(differences))
        rows.append(row + [""] * (7 - len(row)))
    heads = [
        f"way, {calls} calls", "share of the best", "tenth percentile", "calls used",
        "posterior mean - accuracy", "in the 95 % interval", "difference to duet [95 %]",
    ]  # fmt: skip
    return markdown(heads, rows)


def difference(differences: Sequence[float]) -> str:
    """The mean with its interval.

    >>> difference([0.1, 0.1])
    '+0.100 [+0.100, +0.100]'
    """
    interval = bootstrap_interval(differences)
    return f"{mean(differences):+.3f}" + ("" if interval is None else f" [{interval[0]:+.3f}, {interval[1]:+.3f}]")


def main(argv: Sequence[str]) -> None:
    """Prints the tables."""
    options = _options(argv)
    try:
        found = read_landscapes(options.data, options.tasks)
    except ValueError as error:
        sys.exit(str(error))
    if options.landscapes:
        found = random.Random(0).sample(found, min(options.landscapes, len(found)))
    ways = [way for way in options.ways if WAYS[way].features != "sentence encoder" or options.sentence_encoder]
    table = run(found, ways, options)
    text = "\n\n".join(shown(table, calls) for calls in options.calls)
    sys.stdout.write(f"{len(found)} landscapes, {options.draws} draw(s)\n\n{text}\n")
    for way in [way for way in options.ways if way not in ways]:
        sys.stdout.write(f"not run: {way} (it needs --sentence_encoder)\n")
    if options.json:
        numbers = {way: {str(calls): mean(shares(table[way, calls])) for calls in options.calls} for way in ways}
        options.json.write_text(json.dumps({"landscapes": len(found), "ways": numbers}, indent=2) + "\n")


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.landscapes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder of landscapes")
    parser.add_argument("--calls", type=_count, nargs="+", default=[300, 900, 2700], help="that scores may take")
    parser.add_argument("--draws", type=_count, default=1, help="searches per landscape")
    parser.add_argument("--tasks", nargs="+", default=[], help="these alone")
    parser.add_argument("--landscapes", type=_count, help="so many of them, drawn at random")
    listed = "; ".join(WAYS)
    parser.add_argument(
        "--ways", nargs="+", default=DEFAULT_WAYS, choices=list(WAYS), metavar="WAY",
        help=f"by default the first {len(DEFAULT_WAYS)} of: {listed}",
    )  # fmt: skip
    parser.add_argument("--sentence_encoder", metavar="MODEL", help="its folder, or its name on the Hugging Face Hub")
    parser.add_argument("--processes", type=_count, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the mean shares")
    return parser.parse_args(argv)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


if __name__ == "__main__":
    main(sys.argv[1:])
