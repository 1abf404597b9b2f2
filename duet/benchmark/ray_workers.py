"""Many jobs on a Ray cluster, a task each: Ray finds the machine, its processors and its share of a GPU."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from duet.benchmark.workers import Arguments, Outcome, R, attempt
from duet.messages import plain_message, printable

LOCAL = "local"
PATIENCE = 10.0  # seconds
ROOT = os.fspath(Path(__file__).parents[2])
log = logging.getLogger("duet")


@dataclass(frozen=True)
class RayCluster:
    """Runs jobs on a Ray cluster, with a share of it each. It needs the extra ``ray``.

    Args:
        address: ``local`` starts a cluster of this machine alone; ``auto``, HOST:PORT and ray://HOST:PORT join one.
        cpus: processors per job; torch takes as many threads.
        gpus: GPUs per job; of a quarter, four jobs share one.
    """

    address: str
    cpus: float = 1.0
    gpus: float = 0.0

    def __post_init__(self) -> None:
        if find_spec("ray") is None:
            raise ValueError(
                "--ray needs Ray, which is not installed; the extra ray brings it: "
                "pip install --constraint constraints.txt --editable '.[ray]'"
            )
        if self.cpus <= 0 or self.gpus < 0:
            raise ValueError(
                f"--cpus_per_cell, --gpus_per_cell: expected more than 0 and at least 0 but found {self.cpus:g} and "
                f"{self.gpus:g}"
            )

    @property
    def is_this_machine(self) -> bool:
        """Whether it is sure that all jobs share one disk."""
        return self.address == LOCAL

    def outcomes(self, work: Callable[[Arguments], R], jobs: Sequence[Arguments]) -> Iterator[tuple[int, Outcome[R]]]:
        """Does all jobs; yields the number of each and how it ended, in the order in which they end.

        A job that dies takes no other with it; when the reader stops, what still runs is cancelled.

        Raises:
            ValueError: there is no such cluster, or none of its machines will do.
        """
        import ray

        with joined(self.address):
            self._check_room(node["Resources"] for node in ray.nodes() if node["Alive"])
            task = ray.remote(num_cpus=self.cpus, num_gpus=self.gpus, max_retries=0)(attempt_in)
            running = {task.remote(os.fspath(Path.cwd()), work, job): number for number, job in enumerate(jobs)}
            try:
                while running:
                    [done], _ = ray.wait(list(running), num_returns=1)
                    yield running.pop(done), outcome(done)
            finally:
                for reference in running:
                    ray.cancel(reference, force=True)

    def _check_room(self, machines: Iterator[dict[str, float]]) -> None:
        """Ray waits for a machine that will do, which may be started or may never come."""
        if any(machine.get("CPU", 0) >= self.cpus and machine.get("GPU", 0) >= self.gpus for machine in machines):
            return
        lack = f"--ray: no machine has {self.cpus:g} processors and {self.gpus:g} GPUs, which is what a cell takes"
        if self.is_this_machine:
            raise ValueError(lack)
        log.warning("%s; waiting for one", lack)


@contextmanager
def joined(address: str) -> Iterator[None]:
    """Starts or joins a cluster, quietly, and leaves it.

    Raises:
        ValueError: there is none.
    """
    import ray

    require_somebody(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a search tells nobody that it runs
    former = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False,
            runtime_env={"env_vars": {"PYTHONPATH": search_path()}},
        )  # fmt: skip
        signal.signal(signal.SIGTERM, former)  # Ray has put its own in its place
        yield
    except ConnectionError as error:
        raise ValueError(f"--ray: expected {LOCAL} or a running cluster but found {address}: {error}") from error
    finally:
        ray.shutdown()


def require_somebody(address: str) -> None:
    """Asks whether anybody listens at HOST:PORT or ray://HOST:PORT: Ray itself would try for minutes.

    Raises:
        ValueError: nobody does.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon:
        return  # local, auto
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except (OSError, ValueError, OverflowError) as error:
        raise ValueError(f"--ray: expected {LOCAL} or a running cluster but found {address}: {error}") from error


def search_path() -> str:
    """Returns where the processes of the cluster find this program: at the same place as here."""
    return os.pathsep.join(filter(None, (ROOT, os.environ.get("PYTHONPATH"))))


def attempt_in(folder: str, work: Callable[[Arguments], R], job: Arguments) -> Outcome[R]:
    """Does one job in a process of the cluster, in the folder that the job's paths start from."""
    os.chdir(folder)
    return attempt(work, job)


def outcome(done: Any) -> Outcome[Any]:
    """That of the job which has ended; its process, or its machine, may have ended with it."""
    import ray

    try:
        found: Outcome[Any] = ray.get(done)
    except ray.exceptions.RayTaskError as error:  # a mistake of the program; its text is a traceback
        return Outcome(problem=printable(plain_message(repr(error.cause))))
    except ray.exceptions.RayError as error:
        return Outcome(problem=printable(plain_message(str(error))))
    return found
