"""Measures what a former search's predictor saves: ``python -m benchmarks.warm_start --data DIR``.

Each search of `benchmarks.landscapes` runs cold with all calls and with half of them, and with half of them again after
a search elsewhere: on the same task with another model, or on another task with any model. It then starts from that
search's predictor (``model.init_from``), which also chooses the first 40 among 120 instructions, or has nothing of it
but its best instruction, which costs nothing to carry over either. Wordings of the same task are the same with every
model, so there the predictor has seen some of them; those of another task it has never seen.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from benchmarks.landscapes import Job, Landscape, difference, quiet, read_landscapes, search, searched, write_task
from benchmarks.predictor_fit import saved_fit
from benchmarks.timing import markdown
from benchmarks.ways import WAYS, warm_predictor
from duet.models.fakes import ScriptedBlackBox
from duet.reporting.statistics import mean, standard_error

Source = Literal["the same task, another model", "another task"]
SOURCES: tuple[Source, ...] = ("the same task, another model", "another task")
COLD = WAYS["duet"]
WRITTEN = 120


def source_of(landscape: Landscape, kind: Source, all_of_them: Sequence[Landscape]) -> Landscape | None:
    """Where the former search took place; None if there is no such landscape."""
    is_same = kind == SOURCES[0]
    others = [each for each in all_of_them if each is not landscape and (each.task == landscape.task) == is_same]
    draws = random.Random(f"{landscape.task}/{landscape.model}/{kind}")
    return draws.choice(others) if others else None


def compared(landscape: Landscape, all_of_them: Sequence[Landscape], calls: int, folder: Path) -> dict[str, float]:
    """The share of the best that each way finds in a landscape."""
    half = Job(landscape, COLD, calls // 2, 0)
    found = {"cold, all calls": search(half._replace(calls=calls), folder).share, "cold": search(half, folder).share}
    for kind in SOURCES:
        source = source_of(landscape, kind, all_of_them)
        if source is None:
            continue
        former, _ = searched(Job(source, COLD, calls, 1), folder, "", ScriptedBlackBox)
        with tempfile.TemporaryDirectory() as place:
            checkpoint = str(Path(place, "former.ckpt"))
            saved_fit(former, checkpoint)
            predictor = warm_predictor(checkpoint)
            warm = replace(COLD, predictor=predictor, former=checkpoint, written=WRITTEN)
            found[f"warm from {kind}"] = search(half._replace(way=warm), folder).share
        if kind == SOURCES[0]:  # another task's instruction says what is not wanted here
            found["cold, with its best instruction"] = search(half._replace(own=(former.best().text,)), folder).share
    return found


def measured(landscape: Landscape, all_of_them: Sequence[Landscape], calls: int, folder: Path) -> dict[str, float]:
    """The same, in a process of its own kind."""
    quiet()
    return compared(landscape, all_of_them, calls, folder)


def shown(found: Sequence[dict[str, float]], calls: int) -> str:
    """A row for each way, beside the cold searches with all calls and with half of them."""
    rows = []
    for name in max(found, key=len):
        mine = [each for each in found if name in each]
        shares = [each[name] for each in mine]
        row = [name, f"{calls if name == 'cold, all calls' else calls // 2}", f"{len(mine)}"]
        row.append(f"{mean(shares):.3f} ± {standard_error(shares) or 0:.3f}")
        differences = {other: [each[name] - each[other] for each in mine] for other in ("cold, all calls", "cold")}
        rows.append(row + ["" if name == other else difference(each) for other, each in differences.items()])
    heads = ["way", "calls", "landscapes", "share of the best", "difference to cold, all calls [95 %]", "to cold, half"]
    return markdown(heads, rows)


def main(argv: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.warm_start",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder of landscapes")
    parser.add_argument("--calls", type=int, default=900, help="of a cold search and of a former one")
    parser.add_argument("--landscapes", type=int, help="so many of them, drawn at random")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(argv)
    try:
        everything = read_landscapes(options.data)
    except ValueError as error:
        sys.exit(str(error))
    chosen = random.Random(0).sample(everything, min(options.landscapes or len(everything), len(everything)))
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(options.processes) as pool:
        write_task(Path(folder))
        one = partial(measured, all_of_them=everything, calls=options.calls, folder=Path(folder))
        found = list(pool.map(one, chosen))
    sys.stdout.write(shown(found, options.calls) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
