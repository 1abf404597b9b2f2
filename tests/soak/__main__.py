"""Searches under everything that can happen to them, for a time: ``make soak``, ``make soak SECONDS=600``.

A server counts its requests and what it charges. Searches run through the command line against it and are
disturbed at random moments; beside them one process buys answers without end. After each search: nothing is lost,
nothing was paid twice but what was in flight at a kill -9, every cap held by the server's count, and the result is
that of an undisturbed search. Prints a table; exit code 1 if anything did not hold.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.timing import markdown
from tests.servers.chat_server import ChatServer
from tests.soak.endurance import Endurance, endure
from tests.soak.hazards import HAZARDS
from tests.soak.nursery import Nursery
from tests.soak.stand import Stand, Tally, Violation, answer, make_reference


def episodes(worker: int, workers: int, seed: int, names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """An endless share of episodes, each kind as often as the others, with the seed of each."""
    draws, number = random.Random(seed), 0
    while True:
        for name in draws.sample(names, len(names)):
            if number % workers == worker:
                yield name, seed + number // len(names)
            number += 1


def run_episode(name: str, seed: int, stand: Stand, tally: Tally) -> None:
    """Disturbs one search; what does not hold is kept in the tally, and said at once."""
    try:
        HAZARDS[name](stand)
    except (Violation, OSError, ValueError) as violation:
        tally.violations.append(f"{name}, seed {seed}: {violation!r}")
        print(f"VIOLATION {tally.violations[-1]}", file=sys.stderr, flush=True)
    finally:
        stand.close()
        tally.episodes += 1


def work(worker: int, workers: int, seconds: float, seed: int, names: Sequence[str], folder: Path) -> dict[str, Tally]:
    """Runs episodes one after the other until the time is over; the last one is ended."""
    tallies, began, nursery = {name: Tally() for name in names}, time.monotonic(), Nursery()
    with ChatServer(answer) as server:
        reference = make_reference(folder / f"{worker}-reference", server, nursery)
    for number, (name, each) in enumerate(episodes(worker, workers, seed, names)):
        if time.monotonic() - began > seconds:
            break
        draws, place = random.Random(f"{name}/{each}"), folder / f"{worker}-{number}"
        with ChatServer(answer) as server:
            run_episode(name, each, Stand(place, server, nursery, draws, tallies[name], reference), tallies[name])
    nursery.close()
    return tallies


def table(tallies: Sequence[dict[str, Tally]]) -> str:
    """A row for each kind of disturbance."""
    heads = ["disturbance", "searches", "disturbances", "answers", "paid again", "of at most", "violations"]
    rows = [(name, total([each[name] for each in tallies])) for name in tallies[0]]
    return markdown(heads, [_cells(name, sums) for name, sums in [*rows, ("together", total([t for _, t in rows]))]])


def total(tallies: Sequence[Tally]) -> Tally:
    """The sum of some tallies."""
    sums = Tally()
    for each in tallies:
        for name, value in vars(each).items():
            setattr(sums, name, getattr(sums, name) + value)
    return sums


def _cells(name: str, sums: Tally) -> list[object]:
    counts = (sums.episodes, sums.disturbances, sums.answers, sums.twice, sums.excused, len(sums.violations))
    return [name, *(f"{count:,}" for count in counts)]


def summary(found: Endurance) -> str:
    """Of the process that buys without end, in a line."""
    memory = (
        f"{found.memory[0]:.0f} MB after the first chunk, {found.memory[-1]:.0f} MB at the end" if found.memory else ""
    )
    return f"One process: {found.answers:,} answers in {found.attempts:,} attempts; {memory}"


def main(argv: Sequence[str]) -> int:
    """Soaks and prints what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=0, help="of the first episode of each kind")
    parser.add_argument("--jobs", type=int, default=2, help="searches at once")
    parser.add_argument("--only", nargs="*", choices=HAZARDS, default=list(HAZARDS), metavar="disturbance")
    parser.add_argument("--answers", type=int, default=1_000_000, help="most of the one process; 0 leaves it out")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(options.jobs + 1) as pool:
        folder = Path(name)
        beside = pool.submit(endure, options.seconds, options.answers, folder / "endurance")
        shares = [
            pool.submit(work, job, options.jobs, options.seconds, options.seed, options.only, folder)
            for job in range(options.jobs)
        ]
        tallies, endurance = [share.result() for share in shares], beside.result()
    print(f"{table(tallies)}\n\n{summary(endurance)}")
    violations = [line for each in tallies for tally in each.values() for line in tally.violations]
    print("\n".join(["", *violations, *endurance.violations]) if violations or endurance.violations else "")
    return 1 if violations or endurance.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
