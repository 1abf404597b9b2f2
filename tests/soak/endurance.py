"""Very many answers in one process, through cache, caps, journal and network: does its memory grow?

``python -m tests.soak.endurance URL FOLDER`` buys a chunk of answers for each line on its standard input, and prints
what it holds.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from duet.models.base import Completion, Request
from duet.models.openai_black_box import OpenAIBlackBox
from duet.models.prices import Prices
from duet.spending.budget import Budget
from duet.spending.spend_tracker import SpendTracker
from tests.servers.chat_server import FAULTS, ChatServer, Faults
from tests.soak.stand import PICODOLLARS, ROOT, Violation, charged_attempts, require

CHUNK = 2_000
_SHARE = 0.02  # of attempts that go wrong
_WARM = 5  # chunks, before the memory is compared
_TIMES, _MORE = 1.05, 4.0  # growth that is none, in times and megabytes


def buy(url: str, folder: Path, chunks: IO[str], shown: IO[str]) -> None:
    """Buys a chunk for each line of ``chunks``, which is its number."""
    usd = PICODOLLARS / 10**6
    box = OpenAIBlackBox("m", url, max_concurrency=64, pause=0.01, timeout=2.0, prices=Prices(usd, usd))
    spending = SpendTracker((box, box), Budget(max_cost_usd=10**6), str(folder / "cache.sqlite"))
    wrapped, _ = spending.open(folder)
    gc.freeze()  # as the command line does
    for line in chunks:
        requests = [Request(f"{int(line)} {index}", max_tokens=8) for index in range(CHUNK)]
        right = sum(
            isinstance(outcome, Completion) and outcome.text == requests[index].prompt
            for arrived in wrapped.stream(requests)
            for index, outcome in arrived.items()
        )
        booked = (spending.usd or 0.0) + (spending.possibly_charged_usd or 0.0)
        shown.write(json.dumps({"right": right, "booked": booked, "megabytes": megabytes()}) + "\n")
        shown.flush()


def megabytes() -> float:
    """Most memory that this process ever held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


@dataclass
class Endurance:
    """Has a process buy answers, and checks each chunk by the server's count.

    Args:
        answers: whole ones of the server.
        attempts: all of them.
        memory: megabytes that the process held at most, after each chunk.
        violations: what did not hold.
    """

    answers: int = 0
    attempts: int = 0
    memory: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


def endure(seconds: float, most: int, folder: Path) -> Endurance:
    """Buys answers for a time, or until there are enough."""
    folder.mkdir(parents=True)
    found = Endurance()
    with ChatServer(str, Faults(_SHARE, FAULTS)) as server:
        command = [sys.executable, "-m", "tests.soak.endurance", server.url, str(folder)]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                _exchange(found, server, process, time.monotonic() + seconds, most)
            except Violation as violation:
                found.violations.append(f"endurance: {violation}")
            finally:
                process.kill()
    return found


def _exchange(found: Endurance, server: ChatServer, process: subprocess.Popen[str], until: float, most: int) -> None:
    assert process.stdin
    assert process.stdout
    charged = 0
    while time.monotonic() < until and found.answers < most:
        process.stdin.write(f"{len(found.memory)}\n")
        process.stdin.flush()
        line = process.stdout.readline()
        require(bool(line), "the process has ended")
        held = json.loads(line)
        charged += 10 * charged_attempts(server) * PICODOLLARS
        found.attempts += len(server.seen)
        found.answers += server.paid.total()
        found.memory.append(held["megabytes"])
        require(held["right"] == CHUNK, f"{CHUNK - held['right']} of {CHUNK} answers are missing or wrong")
        require(len(server.paid) == server.paid.total() == CHUNK, f"{server.paid.total()} answers for {CHUNK}")
        require(charged <= held["booked"] * 1e12 * 1.000001, "more was charged than booked")
        server.forget()
    if len(found.memory) > 2 * _WARM:
        before, after = found.memory[_WARM], found.memory[-1]
        require(after <= before * _TIMES + _MORE, f"memory grew from {before:.0f} to {after:.0f} MB")


if __name__ == "__main__":
    buy(sys.argv[1], Path(sys.argv[2]), sys.stdin, sys.stdout)
