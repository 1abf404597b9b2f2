"""Whole searches through the command line at a server that counts, and what must be true of them afterwards."""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from duet.spending.cost_journal import SPENDING, Cost, CostJournal
from tests.servers.chat_server import ChatServer, Faults
from tests.soak.nursery import Nursery

ROOT = Path(__file__).parents[2]
INITIAL, ITERATIONS, EXAMPLES, CHOSEN = 24, 4, 10, 5
CONCURRENCY = 16  # most answers that one kill -9 can lose
PICODOLLARS = 5 * 10**8  # of a token: an answer of 10 tokens costs half a cent
FREE = ("429", "429 with Retry-After", "408", "500", "503")  # what the server refuses, and does not charge
CALM = Faults(0.0)
_PATIENCE = 300.0  # seconds after which a command hangs
_NOT_COMPARED = ("seconds", "cost_usd", "possibly_charged_usd")


class Violation(Exception):
    """Something was lost, paid twice, exceeded, different, or said badly."""


def require(holds: bool, what: str) -> None:
    """Raises a Violation unless something holds."""
    if not holds:
        raise Violation(what)


def answer(prompt: str) -> str:
    """The first instructions, and the last letter of a word as often as an instruction's hash allows."""
    if "distinct instructions" in prompt:
        return "\n".join(f"{i}. The instruction was to write letter {i} of the word" for i in range(INITIAL))
    instruction, _, rest = prompt.removeprefix("Instruction: ").partition("\n\nInput: ")
    word = rest.removesuffix("\nOutput:")
    return word[-1] if zlib.crc32(f"{instruction}|{word}".encode()) % 3 else word[0]


def charged_attempts(server: ChatServer) -> int:
    """Returns how many attempts the server has charged, whatever became of their replies."""
    return len(server.seen) - sum(server.faulty[kind] for kind in FREE)


@dataclass
class Tally:
    """What one kind of disturbance did, over all its episodes.

    Args:
        episodes: searches, with all their restarts.
        disturbances: kills, stops, locks and the like.
        answers: whole answers of the server.
        twice: answers that it gave a second time.
        excused: how many of them could have been in flight at a kill -9.
        violations: what must not be, with the seed that shows it.
    """

    episodes: int = 0
    disturbances: int = 0
    answers: int = 0
    twice: int = 0
    excused: int = 0
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Reference:
    """What an undisturbed search leaves.

    Args:
        left: its pool, and its result without time and money.
        requests: the requests that it made, each once.
    """

    left: Mapping[str, Any]
    requests: frozenset[str]


class Stand:
    """One search at a time, in a folder of its own.

    Args:
        folder: for everything that the searches write.
        server: answers and counts.
        nursery: starts the searches.
        draws: chooses moments.
        tally: takes what is counted.
        reference: an undisturbed search; None while it is made.
    """

    def __init__(
        self,
        folder: Path,
        server: ChatServer,
        nursery: Nursery,
        draws: random.Random,
        tally: Tally,
        reference: Reference | None,
    ) -> None:
        self.folder, self.server, self.draws, self.tally = folder, server, draws, tally
        self._nursery = nursery
        self._reference = reference
        self._started: list[Fit] = []
        self.excused = 0
        server.faults, server.latency = CALM, 0.005
        folder.mkdir(parents=True)
        rows = [json.dumps({"input": f"w{i}{chr(97 + i % 26)}", "output": chr(97 + i % 26)}) for i in range(60)]
        (folder / "train.jsonl").write_text("\n".join(rows))

    @property
    def reference(self) -> Reference:
        """An undisturbed search."""
        assert self._reference is not None
        return self._reference

    def start(self, name: str = "run", cache: str = "run", cap: str = "max_cost_usd=1000", **box: Any) -> Fit:
        """Starts a search.

        Args:
            name: of its run folder.
            cache: ``search.cache``.
            cap: of ``search.budget``.
            box: settings of the black box.
        """
        usd = PICODOLLARS / 10**6  # per million tokens
        options = {
            "model": "m", "base_url": self.server.url, "pause": 0.01, "timeout": 5.0, "patience": 120.0,
            "max_concurrency": CONCURRENCY, "prices": json.dumps({"prompt": usd, "completion": usd}),
        } | box  # fmt: skip
        arguments = [
            "fit", "--task.name=t", "--task.train_file=train.jsonl",
            f"--run_dir={name}", f"--search.cache={cache}", f"--search.budget.{cap}",
            "--white_box=duet.models.fakes.HashingWhiteBox",
            "--black_box=duet.models.openai_black_box.OpenAIBlackBox",
            *(f"--black_box.init_args.{key}={value}" for key, value in options.items()),
            "--search.initialisation.mode=request", f"--search.initialisation.count={INITIAL}",
            "--search.allocation.kind=fixed", f"--search.allocation.examples={EXAMPLES}",
            f"--search.iterations={ITERATIONS}", "--search.threshold=1.1", "--strategy.init_args.candidates=8",
            f"--strategy.init_args.choose={CHOSEN}", "--model.steps=6",
        ]  # fmt: skip
        process = Fit(arguments, self.folder, name, self.server, self._nursery)
        self._started.append(process)
        return process

    def disturbed(self, excused: int = 0) -> None:
        """Counts a disturbance, and the answers that it may have lost."""
        self.tally.disturbances += 1
        self.excused += excused

    def finish(self, name: str = "run", **options: Any) -> None:
        """Lets the search end without a disturbance, and checks that it ends as one that never had any."""
        process = self.start(name, **options)
        code = process.wait()
        require(code == 0, f"expected exit code 0 but got {code}: {process.said}")
        self.check_same(name)

    def check_same(self, name: str = "run") -> None:
        """Checks the result, that nothing was lost or paid twice, and that the books are right."""
        self.check_result(name)
        self.check_paid_once()
        self.check_books(name)

    def check_result(self, name: str) -> None:
        """Checks that a run left what an undisturbed one leaves."""
        left = left_behind(self.folder / name)
        other = [key for key, value in self.reference.left.items() if left.get(key) != value]
        require(not other, f"expected the result of an undisturbed run but {other} differ")

    def check_paid_once(self) -> None:
        """Checks that the server gave each answer once, and those in flight at a kill -9 once more at most."""
        paid = frozenset(self.server.paid)
        require(paid == self.reference.requests, f"{len(paid ^ self.reference.requests)} requests differ")
        twice = self.server.paid.total() - len(paid)
        self.tally.twice += twice
        self.tally.excused += self.excused
        require(twice <= self.excused, f"{twice} answers were paid for again, of {self.excused} that may be")

    def check_books(self, *names: str, cap: float = float("inf")) -> None:
        """Checks that the run's own books say no less than the server charged, and no more than the cap, in dollars."""
        total = sum((self.booked(name) for name in names), Cost())
        charged = 10 * charged_attempts(self.server) * PICODOLLARS
        require(charged <= total.picodollars, f"charged {charged / 1e12:.4f}, booked {total.picodollars / 1e12:.4f}")
        require(len(self.server.seen) <= total.calls, f"{len(self.server.seen)} attempts, {total.calls} booked")
        require(total.picodollars <= cap * 10**12, f"booked {total.picodollars / 1e12:.4f} of {cap}")

    def booked(self, name: str = "run") -> Cost:
        """Returns the most that a run can have been charged, by its journal."""
        return CostJournal(self.folder / name / SPENDING).total

    def moment(self, process: Fit) -> bool:
        """Waits for a random moment of a search; False if it ended before."""
        share = self.draws.uniform(-0.1, 1.0)
        target = self.server.paid.total() + int(share * (len(self.reference.requests) - len(self.server.paid)))
        process.wait_until(lambda: b"duet: started" in process.said_so_far and self.server.paid.total() >= target)
        time.sleep(self.draws.uniform(0.0, 0.05 if share > 0 else 2.0))
        return process.is_running

    def close(self) -> None:
        """Ends what still runs, and removes the folder."""
        for process in self._started:
            process.end()
        self.tally.answers += self.server.paid.total()
        shutil.rmtree(self.folder, ignore_errors=True)


class Fit:
    """A running search.

    Args:
        arguments: of the command line.
        folder: where it runs.
        name: of the run folder.
        server: that it talks to.
        nursery: starts it.
    """

    def __init__(self, arguments: list[str], folder: Path, name: str, server: ChatServer, nursery: Nursery) -> None:
        self.run, self._server = folder / name, server
        self._log = folder / f"{name}.{time.monotonic_ns()}.log"
        environment = {"OPENAI_API_KEY": "sk-canary", "XDG_CACHE_HOME": str(folder / "caches")}
        self._child = nursery.start(arguments, folder, self._log, environment)

    @property
    def number(self) -> int:
        """Of its process."""
        return self._child.number

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._child.poll() is None

    @property
    def said_so_far(self) -> bytes:
        """Standard output and error, so far."""
        return self._log.read_bytes() if self._log.exists() else b""

    @property
    def said(self) -> str:
        """The last that it said."""
        return self.said_so_far.decode(errors="replace").strip()[-2000:]

    def wait_until(self, reached: Callable[[], bool]) -> None:
        """Waits for a moment, or for the end of the process."""
        deadline = time.monotonic() + _PATIENCE
        while not reached() and self.is_running:
            require(time.monotonic() < deadline, f"hangs: {self.said}")
            time.sleep(0.005)

    def send(self, number: int) -> None:
        """Sends a signal."""
        self._child.send(number)

    def kill(self) -> None:
        """Kills it where it stands, and waits until the server has seen and answered what was in flight."""
        self.end()
        time.sleep(self._server.latency + 0.2)

    def end(self) -> None:
        """Kills it where it stands."""
        self._child.send(signal.SIGKILL)
        self._child.wait(60)

    def wait(self) -> int:
        """The exit code; a traceback is a violation, and so is a process that does not end."""
        try:
            code = self._child.wait(_PATIENCE)
        except TimeoutError as error:
            self.end()
            raise Violation(f"hangs: {self.said}") from error
        require("Traceback" not in self.said, f"shows a traceback: {self.said}")
        return code

    def wait_for_one_line(self) -> int:
        """The exit code of a command that may fail; if it does, its last line is its own."""
        code = self.wait()
        last = self.said.splitlines()[-1] if self.said else ""
        require(code == 0 or last.startswith("duet: "), f"exit code {code}, and the last line is {last!r}")
        require("unexpected" not in last, last)
        return code


def left_behind(run: Path) -> dict[str, Any]:
    """Pool, scores, instruction, and what was counted; all but time and money."""
    result = json.loads((run / "result.json").read_text())
    return {"candidates": (run / "candidates.jsonl").read_text()} | {
        key: value for key, value in result.items() if key not in _NOT_COMPARED
    }


def stored(cache: Path) -> int:
    """Returns how many answers a cache holds."""
    connection = sqlite3.connect(cache)
    try:
        return int(connection.execute("SELECT count(*) FROM completions").fetchone()[0])
    finally:
        connection.close()


def make_reference(folder: Path, server: ChatServer, nursery: Nursery) -> Reference:
    """An undisturbed search; its folder is removed."""
    stand = Stand(folder, server, nursery, random.Random(0), Tally(), None)
    try:
        process = stand.start()
        require(process.wait() == 0, process.said)
        require(set(server.paid.values()) == {1}, "an undisturbed run pays twice")
        stand.check_books("run")
        require(stored(folder / "run" / "calls.sqlite") == len(server.paid), "an undisturbed run loses answers")
        return Reference(left_behind(folder / "run"), frozenset(server.paid))
    finally:
        stand.close()
