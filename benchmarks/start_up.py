"""Times the start of each command: ``python -m benchmarks.start_up``.

Every command runs in a process of its own, in turn with the others. Beside the seconds on the clock stand the
processor's, which other programs on the machine don't lengthen.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.timing import Measurement, main, markdown

ROOT = Path(__file__).parent.parent
LIBRARIES = "import torch, transformers"
LIGHTNING = f"{LIBRARIES}, lightning.pytorch.cli"
FIT = "fit --config configs/quickstart.yaml"
UNTIL_THE_FIRST_CALL = """
import os, sys, cli
from duet.models.huggingface_black_box import HuggingFaceBlackBox
HuggingFaceBlackBox.stream = lambda *_: os._exit(0)
cli.main(sys.argv[1:])
sys.exit("no call came")
"""
REPEATS = 3
IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|\s*(\S+)")


class Seconds(NamedTuple):
    """Of one process: on the clock, and of the processor."""

    clock: float
    processor: float


def measure() -> list[Measurement]:
    """``--help``, a dry run, and fit until the model gets its first request, beside the imports alone."""
    with tempfile.TemporaryDirectory() as folder:
        fit = [*FIT.split(), "--run_dir", f"{folder}/run"]
        commands = {
            "help": ["cli.py", "--help"],
            "libraries": ["-c", LIBRARIES],
            "lightning": ["-c", LIGHTNING],
            "dry run": ["cli.py", *fit, "--dry_run"],
            "fit": ["-c", UNTIL_THE_FIRST_CALL, *fit],
        }
        best = least(commands, REPEATS)
        shown = min(first_line(["cli.py", *fit]) for _ in range(REPEATS))
        misspelt = min(first_line(["cli.py", *fit, "--task.name=larger_animol"]) for _ in range(REPEATS))
    beyond = {name: Seconds(*(a - b for a, b in zip(best[name], best["libraries"], strict=True))) for name in best}
    return [
        *_rows("cli.py --help", best["help"], 1.5, "at most 1.5 s"),
        Measurement("fit until its first line", shown, "s", 2.0, "at most 2 s"),
        Measurement("fit until a misspelt task is named", misspelt, "s", 2.0, "at most 2 s"),
        *_rows("import torch, transformers", best["libraries"]),
        *_rows("import of Lightning's command line, beyond these two", beyond["lightning"]),
        *_rows("fit --dry_run, beyond these two", beyond["dry run"]),
        *_rows("fit until the first model call, beyond these two", beyond["fit"], 5.0, "at most 5 s"),
    ]


def least(commands: dict[str, list[str]], repeats: int) -> dict[str, Seconds]:
    """The least seconds of each command; every repeat runs each once."""
    runs = [{name: process(command) for name, command in commands.items()} for _ in range(repeats + 1)][1:]
    return {name: Seconds(*map(min, zip(*(run[name] for run in runs), strict=True))) for name in commands}


def process(arguments: Sequence[str]) -> Seconds:
    """Runs Python in the repository's root until it ends.

    Raises:
        RuntimeError: it failed.
    """
    with tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        child = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=said, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        clock = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)  # as Popen can't wait for it any more
        if child.returncode:
            said.seek(0)
            raise RuntimeError(f"Expected exit code 0 of {arguments} but got {child.returncode}: {said.read()}")
    return Seconds(clock, usage.ru_utime + usage.ru_stime)


def first_line(arguments: Sequence[str]) -> float:
    """Seconds until a command says something; it is not awaited.

    Raises:
        RuntimeError: it ended in silence.
    """
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as child:
        assert child.stderr
        line = child.stderr.readline()
        seconds = time.perf_counter() - start
        child.kill()
    if not line:
        raise RuntimeError(f"Expected a line of {arguments} but got none")
    return seconds


def heaviest_imports(count: int) -> str:
    """The packages whose modules take longest to import for fit, as a table: seconds in their own code."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-X", "importtime", "-c", UNTIL_THE_FIRST_CALL, *FIT.split(), "--run_dir", folder]
        shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr
    own: dict[str, int] = {}
    for microseconds, _, module in IMPORT.findall(shown):
        package = module.partition(".")[0]
        own[package] = own.get(package, 0) + int(microseconds)
    heaviest = sorted(own, key=own.__getitem__, reverse=True)[:count]
    return markdown(["package", "s in its own modules"], [[name, f"{own[name] / 1e6:.2f}"] for name in heaviest])


def _rows(name: str, seconds: Seconds, limit: float | None = None, goal: str = "") -> list[Measurement]:
    return [
        Measurement(name, seconds.clock, "s", limit, goal),
        Measurement(f"{name}: processor", seconds.processor, "s", limit, goal),
    ]


if __name__ == "__main__":
    main(measure)
    print("\n" + heaviest_imports(10))
