"""What can happen to a search, each as a function that disturbs one and checks what is left."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from duet.models.openai_black_box import MOST_WASTED
from duet.spending.cache_file import CACHE
from tests.servers.chat_server import FAULTS, HARMLESS, Faults
from tests.soak.stand import CONCURRENCY, PICODOLLARS, Fit, Stand, charged_attempts, require

Hazard = Callable[[Stand], None]
CHARGING = (
    "time-out", "reset before the body", "reset in the body", "malformed JSON", "wrong content type", "empty choices",
    "error object in a 200", "slow drip", "502",
)  # fmt: skip


def fifteen_faults(stand: Stand) -> None:
    """Nearly a third of all attempts go wrong, in all fifteen ways."""
    faults = Faults(1.0, CHARGING)
    while any(is_given_up(faults, request) for request in stand.reference.requests):
        faults = Faults(0.3, FAULTS, stand.draws.randrange(10**6))
    stand.server.faults = faults
    stand.disturbed()
    stand.finish(timeout=3.0)


def is_given_up(faults: Faults, request: str) -> bool:
    """Whether so many attempts at a request are charged for nothing that its answer is given up."""
    wasted = 0
    for attempt in count():
        fault = faults.draw(request, attempt)
        if fault is None or fault in HARMLESS:
            return False
        wasted += fault in CHARGING
        if wasted == MOST_WASTED:
            return True
    raise AssertionError


def killed(stand: Stand) -> None:
    """kill -9, up to three times."""
    for _ in range(stand.draws.randint(1, 3)):
        process = stand.start()
        if stand.moment(process):
            process.kill()
            stand.disturbed(CONCURRENCY)
    stand.finish()


def interrupted(stand: Stand) -> None:
    """Ctrl-C or SIGTERM, up to three times: what is in flight is stored."""
    for _ in range(stand.draws.randint(1, 3)):
        process, number = stand.start(), stand.draws.choice([signal.SIGINT, signal.SIGTERM])
        if stand.moment(process):
            process.send(number)
            stand.disturbed()
        require(process.wait_for_one_line() in (0, 128 + number), process.said)
    stand.finish()


def interrupted_twice(stand: Stand) -> None:
    """A second Ctrl-C or SIGTERM leaves at once."""
    stand.server.latency = 0.1
    process = stand.start()
    if stand.moment(process):
        for _ in range(2):
            process.send(stand.draws.choice([signal.SIGINT, signal.SIGTERM]))
            time.sleep(stand.draws.uniform(0, 0.1))
        stand.disturbed(CONCURRENCY)
    require(process.wait_for_one_line() in (0, 130, 143), process.said)
    stand.finish()


def stopped(stand: Stand) -> None:
    """SIGSTOP for longer than the time-out, then SIGCONT: what has arrived meanwhile is read, and not bought again."""
    process = stand.start(timeout=2.0)
    for _ in range(3):
        if stand.moment(process):
            process.send(signal.SIGSTOP)
            time.sleep(stand.draws.uniform(0.1, 4.0))
            process.send(signal.SIGCONT)
            stand.disturbed()
    require(process.wait_for_one_line() == 0, process.said)
    stand.check_same()
    require(len(stand.server.seen) == len(stand.reference.requests), "an attempt was repeated")


def locked_cache(stand: Stand) -> None:
    """Another program locks the cache for longer than the time-out: the run waits."""
    process = stand.start(timeout=2.0)
    for _ in range(2):
        if stand.moment(process) and (process.run / CACHE).exists():
            connection = sqlite3.connect(process.run / CACHE, timeout=30.0, isolation_level=None)
            connection.execute("BEGIN EXCLUSIVE")
            time.sleep(stand.draws.uniform(0.5, 5.0))
            connection.execute("ROLLBACK")
            connection.close()
            stand.disturbed()
    require(process.wait_for_one_line() == 0, process.said)
    stand.check_same()
    require(len(stand.server.seen) == len(stand.reference.requests), "an attempt was repeated")


def full_disk(stand: Stand) -> None:
    """The disk is full for some seconds: the run waits, or ends with a line and keeps what was paid."""
    with own_disk(stand.folder / "run") as can_fill:
        process = stand.start()
        if stand.moment(process):
            with no_room(process, stand.folder / "run", can_fill):
                time.sleep(stand.draws.uniform(0.2, 4.0))
            stand.disturbed()
        process.wait_for_one_line()
        stand.finish()


def read_only_folder(stand: Stand) -> None:
    """The run folder may not be written any more: one line, and nothing is sent."""
    with own_disk(stand.folder / "run") as is_mounted:
        interrupt(stand)
        before = len(stand.server.seen)
        with read_only(stand.folder / "run", is_mounted) as is_protected:
            if is_protected:
                process = stand.start()
                require(process.wait_for_one_line() != 0, "it works in a folder that is read only")
                require(len(stand.server.seen) == before, "requests were sent that can't be recorded")
                stand.disturbed()
        stand.finish()


def damaged_cache(stand: Stand) -> None:
    """The cache was overwritten in places, or cut: the run ends with a line, or as always; the copy still serves."""
    interrupt(stand)
    run, copy = stand.folder / "run", stand.folder / "copy"
    if not (run / CACHE).exists():
        stand.finish()
        return
    shutil.copytree(run, copy)
    damage(stand, run / CACHE)
    paid, seen = stand.server.paid.copy(), list(stand.server.seen)
    stand.start().wait_for_one_line()
    shutil.rmtree(run)
    copy.rename(run)
    stand.server.paid, stand.server.seen = paid, seen  # what the damage made necessary does not count
    stand.finish()


def cut_checkpoint(stand: Stand) -> None:
    """The checkpoint was cut: a line that names it; without it the same search is rebuilt from the stored answers."""
    checkpoint, process = stand.folder / "run" / "checkpoints" / "last.ckpt", stand.start()
    process.wait_until(checkpoint.exists)
    process.send(signal.SIGTERM)
    require(process.wait_for_one_line() in (0, 143), process.said)
    if checkpoint.exists():
        content = checkpoint.read_bytes()
        checkpoint.write_bytes(content[: stand.draws.randrange(len(content))])
        process = stand.start()
        code = process.wait_for_one_line()
        require(code == 0 or "last.ckpt" in process.said, process.said)
        checkpoint.unlink(missing_ok=True)
        stand.disturbed()
    stand.finish()


def several_runs(stand: Stand) -> None:
    """Two runs share a cache, and one may be killed: each answer is paid once."""
    names = ("one", "two")
    processes = [stand.start(name, cache="shared.sqlite") for name in names]
    if stand.draws.random() < 0.5 and stand.moment(processes[0]):
        processes[0].kill()
        stand.disturbed(CONCURRENCY)
        processes[0] = stand.start(names[0], cache="shared.sqlite")
    stand.disturbed()
    for process in processes:
        require(process.wait_for_one_line() == 0, process.said)
    for name in names:
        stand.check_result(name)
    stand.check_paid_once()
    stand.check_books(*names)


def one_folder(stand: Stand) -> None:
    """Two runs in one folder: the second one ends with a line, whatever happens to the first."""
    first = stand.start()
    is_running = stand.moment(first)
    second = stand.start()
    if is_running:
        code = second.wait_for_one_line()
        is_done = "already contains the finished run" in second.said
        require(code == 2 or is_done or not first.is_running, f"two runs in one folder: {second.said}")
        stand.disturbed()
    require(first.wait_for_one_line() == 0, first.said)
    require(second.wait_for_one_line() in (0, 2), second.said)
    stand.check_same()


def cap_in_dollars(stand: Stand) -> None:
    """Most answers are charged and useless, the run is killed, and no cap is exceeded by the server's count."""
    full = 10 * len(stand.reference.requests) * PICODOLLARS / 10**12
    usd = full * stand.draws.uniform(1.0, 3.0)
    stand.server.faults = Faults(0.6, CHARGING, stand.draws.randrange(10**6))
    for _ in range(stand.draws.randint(0, 2)):
        process = stand.start(cap=f"max_cost_usd={usd}", timeout=0.5)
        if stand.moment(process):
            process.kill()
    stand.start(cap=f"max_cost_usd={usd}", timeout=0.5).wait_for_one_line()
    stand.disturbed()
    stand.check_books("run", cap=usd)
    charged = 10 * charged_attempts(stand.server) * PICODOLLARS / 10**12
    require(charged <= usd, f"charged {charged:.4f} of {usd:.4f}")


def cap_on_calls(stand: Stand) -> None:
    """Faults and kills, and no more calls by the server's count than allowed."""
    calls = stand.draws.randint(100, len(stand.reference.requests))
    stand.server.faults = Faults(0.3, FAULTS, stand.draws.randrange(10**6))
    process = stand.start(cap=f"max_calls={calls}", timeout=1.0)
    if stand.moment(process):
        process.kill()
    stand.start(cap=f"max_calls={calls}", timeout=1.0).wait_for_one_line()
    stand.disturbed()
    require(len(stand.server.seen) <= calls, f"{len(stand.server.seen)} calls of {calls}")
    stand.check_books("run")


def cap_on_time(stand: Stand) -> None:
    """Once the time is up nothing more is sent, retries included."""
    seconds, server = stand.draws.uniform(1.0, 4.0), stand.server
    server.faults, server.latency = Faults(0.5, ("503", "time-out", "429"), stand.draws.randrange(10**6)), 0.05
    process = stand.start(cap=f"max_time={seconds}", timeout=1.0)
    process.wait_until(lambda: bool(server.seen))
    time.sleep(seconds + 0.5)  # the clock runs since before the first request
    sent = len(server.seen)
    process.wait_for_one_line()
    stand.disturbed()
    require(len(server.seen) == sent, f"{len(server.seen) - sent} requests after the time was up")


HAZARDS: dict[str, Hazard] = {
    "fifteen kinds of faults": fifteen_faults,
    "kill -9": killed,
    "Ctrl-C or SIGTERM": interrupted,
    "the same twice": interrupted_twice,
    "SIGSTOP, SIGCONT": stopped,
    "locked cache": locked_cache,
    "full disk": full_disk,
    "read-only folder": read_only_folder,
    "damaged cache": damaged_cache,
    "cut checkpoint": cut_checkpoint,
    "two runs, one cache": several_runs,
    "two runs, one folder": one_folder,
    "cap in dollars": cap_in_dollars,
    "cap on calls": cap_on_calls,
    "cap on time": cap_on_time,
}


def interrupt(stand: Stand) -> None:
    """Brings a search to a random place, with nothing lost."""
    process = stand.start()
    if stand.moment(process):
        process.send(signal.SIGTERM)
    require(process.wait_for_one_line() in (0, 143), process.said)


def damage(stand: Stand, cache: Path) -> None:
    """Overwrites places in a cache, or cuts it."""
    size = cache.stat().st_size
    if stand.draws.random() < 0.5:
        os.truncate(cache, stand.draws.randrange(1, size))
    else:
        with cache.open("r+b") as file:
            for _ in range(10):
                file.seek(stand.draws.randrange(size))
                file.write(stand.draws.randbytes(200))
    stand.disturbed()


@contextmanager
def own_disk(folder: Path) -> Iterator[bool]:
    """A small disk of its own at a folder while the context lasts, if this user may mount one."""
    folder.mkdir()
    mounted = sys.platform == "linux" and not _quiet(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)])
    try:
        yield mounted
    finally:
        if mounted:
            _quiet(["umount", "--lazy", str(folder)])


@contextmanager
def no_room(process: Fit, folder: Path, can_fill: bool) -> Iterator[None]:
    """Fills the disk; where it is not one of its own, no file of the process may grow (its soft limit, taken back)."""
    if can_fill:
        filler = folder / "filler"
        with filler.open("wb", buffering=0) as file:
            _fill(file.fileno())
        yield
        filler.unlink()
        return
    import resource

    former = resource.prlimit(process.number, resource.RLIMIT_FSIZE)
    resource.prlimit(process.number, resource.RLIMIT_FSIZE, (4096, former[1]))
    yield
    if process.is_running:
        resource.prlimit(process.number, resource.RLIMIT_FSIZE, former)


def _fill(file: int) -> None:
    for size in (2**20, 2**12):
        try:
            while os.write(file, bytes(size)):
                pass
        except OSError:  # full
            continue


@contextmanager
def read_only(folder: Path, is_mounted: bool) -> Iterator[bool]:
    """Forbids to write a folder; False if nothing can forbid it to this user."""
    if is_mounted:
        protected = not _quiet(["mount", "-o", "remount,ro", str(folder)])
        yield protected
        _quiet(["mount", "-o", "remount,rw", str(folder)])
        return
    folder.chmod(0o555)
    yield not os.access(folder, os.W_OK)
    folder.chmod(0o755)


def _quiet(command: list[str]) -> int:
    """The exit code of a command, or 1 if there is none such."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode
    except OSError:
        return 1
