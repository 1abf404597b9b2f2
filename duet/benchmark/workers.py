"""Many jobs in a few processes, one after the other in each, so that what is slow to load is loaded once in each."""

from __future__ import annotations

import io
import logging
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from signal import SIG_IGN, SIGINT, signal
from typing import Generic, TypeVar

from duet.exit_codes import EXPECTED
from duet.messages import plain_message, printable

_PROCESSES = multiprocessing.get_context("spawn")  # a fork of a process that has used torch may hang
THREADS = "OMP_NUM_THREADS"
Arguments = tuple[str, ...]
R = TypeVar("R")


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """The outcome of a job.

    Args:
        value: what it returned; None if it failed.
        problem: why it failed, in one line.
    """

    value: R | None = None
    problem: str | None = None


class Worker(Generic[R]):
    """A process that does one job at a time.

    Args:
        work: what a job is, a function of a module.
        threads: for torch, unless the environment says how many.
    """

    def __init__(self, work: Callable[[Arguments], R], threads: int) -> None:
        self._pipe, theirs = _PROCESSES.Pipe()
        self._process = _PROCESSES.Process(target=serve, args=(theirs, work), daemon=True)
        with new_processes_have(threads):
            self._process.start()
        theirs.close()  # so that its end is seen here

    @property
    def pipe(self) -> Connection:
        """Is ready when the job has ended."""
        return self._pipe

    def begin(self, job: Arguments) -> None:
        """Hands over a job."""
        self._pipe.send(job)

    def outcome(self) -> Outcome[R]:
        """That of the job which has ended; the process may have ended with it."""
        try:
            outcome: Outcome[R] = self._pipe.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            return Outcome(problem=f"its process ended with exit code {self._process.exitcode}")
        return outcome

    @property
    def is_alive(self) -> bool:
        """Whether it can do another job."""
        return self._process.is_alive()

    def kill(self) -> None:
        """At once: whatever a run has paid for or found out is on disk."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def outcomes(
    work: Callable[[Arguments], R], jobs: Sequence[Arguments], processes: int
) -> Iterator[tuple[int, Outcome[R]]]:
    """Does all jobs; yields the number of each and how it ended, in the order in which they end.

    One process is this one; more are started, and one that dies takes only its own job with it.
    """
    if processes == 1:
        yield from ((number, attempt(work, job)) for number, job in enumerate(jobs))
        return
    threads = max(1, len(os.sched_getaffinity(0)) // processes)
    waiting = deque(enumerate(jobs))
    idle: list[Worker[R]] = []
    busy: dict[Connection, tuple[Worker[R], int]] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < processes:
                number, job = waiting.popleft()
                worker = idle.pop() if idle else Worker(work, threads)
                busy[worker.pipe] = worker, number
                worker.begin(job)
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                worker, number = busy.pop(pipe)
                outcome = worker.outcome()
                idle += [worker] if worker.is_alive else []
                yield number, outcome
    finally:
        for worker in [*idle, *(worker for worker, _ in busy.values())]:
            worker.kill()


@contextmanager
def new_processes_have(threads: int) -> Iterator[None]:
    """Says how many threads torch is to use, unless the environment does.

    torch reads it once, when it is loaded; a process loads it with its work, before it could set anything itself.
    """
    if THREADS in os.environ:
        yield
        return
    os.environ[THREADS] = str(threads)
    try:
        yield
    finally:
        del os.environ[THREADS]


def serve(pipe: Connection, work: Callable[[Arguments], R]) -> None:
    """A worker's life: one job after the other, until the other end is closed. Ctrl-C is the other end's business."""
    signal(SIGINT, SIG_IGN)
    while True:
        try:
            job = pipe.recv()
        except (EOFError, ConnectionError):
            return
        pipe.send(attempt(work, job))


def attempt(work: Callable[[Arguments], R], job: Arguments) -> Outcome[R]:
    """Does one job without a word; a problem becomes one line."""
    with silence():
        try:
            return Outcome(work(job))
        except EXPECTED as error:
            return Outcome(problem=printable(plain_message(str(error))) or type(error).__name__)


@contextmanager
def silence() -> Iterator[None]:
    """Neither standard output nor standard error nor the project's log."""
    log = logging.getLogger("duet")
    former, log.disabled = log.disabled, True
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        log.disabled = former
