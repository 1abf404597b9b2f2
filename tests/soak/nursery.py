"""Commands without their start: a process that has imported everything forks one that carries the command out.

A search of the soak takes a second, and importing PyTorch for it takes four. ``python -m tests.soak.nursery`` reads
what to do as lines of JSON and answers each with one; it has a single thread, so that a fork of it is sound.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[2]
_IMPORTED = (
    "duet.commands.fit", "duet.models.fakes", "duet.models.openai_black_box", "duet.models.network.connection",
    "duet.reporting.html.page",
)  # fmt: skip


class Nursery:
    """Starts commands. Every method waits for the answer, so one thread at a time may call."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.nursery"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def start(self, arguments: list[str], folder: Path, log: Path, environment: dict[str, str]) -> Child:
        """Starts ``duet ARGUMENTS`` in a folder; both outputs go to the log."""
        order = {"arguments": arguments, "folder": str(folder), "log": str(log), "environment": environment}
        return Child(int(self._answer(order)), self)

    def code_of(self, process: int) -> int | None:
        """The exit code of a child; None while it runs."""
        code: int | None = self._answer({"process": process})
        return code

    def _answer(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Ends it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)


class Child:
    """A command that runs.

    Args:
        number: of its process.
        nursery: its parent.
    """

    def __init__(self, number: int, nursery: Nursery) -> None:
        self.number, self._nursery = number, nursery
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code, negative after a signal; None while it runs."""
        if self._code is None:
            self._code = self._nursery.code_of(self.number)
        return self._code

    def wait(self, seconds: float) -> int:
        """The exit code.

        Raises:
            TimeoutError: it runs longer.
        """
        deadline = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(0.01)
        return code

    def send(self, number: int) -> None:
        """Sends a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.number, number)


def serve() -> None:
    """Carries out the orders that come on standard input."""
    for name in _IMPORTED:
        import_module(name)
    gc.freeze()
    assert threading.active_count() == 1
    for line in sys.stdin:
        order = json.loads(line)
        print(_code(order["process"]) if "process" in order else _born(order), flush=True)


def _code(process: int) -> str:
    ended, status = os.waitpid(process, os.WNOHANG)
    return json.dumps(os.waitstatus_to_exitcode(status) if ended else None)


def _born(order: dict[str, Any]) -> int:
    process = os.fork()
    if not process:
        _carry_out(order)
    return process


def _carry_out(order: dict[str, Any]) -> NoReturn:
    from duet.commands.main import main

    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    os.chdir(order["folder"])
    os.environ.update(order["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background ignore it
    code = 1
    try:
        os.write(2, b"duet: started\n")
        code = main(order["arguments"])
    except BaseException:  # only to show it
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
