"""The journal of a run's attempts: each is written down before it is sent, and what it cost when that is known."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPENDING = "spending.jsonl"
_SYNC_SECONDS = 0.2
_MOST = 10**24  # of tokens or picodollars in a line: no provider counts more


@dataclass(frozen=True)
class Cost:
    """The cost of attempts, or its upper bound.

    Args:
        calls: attempts.
        tokens: of prompts and answers together.
        picodollars: their price.
    """

    calls: int = 0
    tokens: int = 0
    picodollars: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.calls + other.calls, self.tokens + other.tokens, self.picodollars + other.picodollars)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.calls - other.calls, self.tokens - other.tokens, self.picodollars - other.picodollars)


class CostJournal:
    """Records what one run has paid, and what it may have been charged beside, over all its restarts.

    An attempt has a line with the most that it can cost before it is sent, and another one with what it did cost. If
    the second one is missing, after kill -9 say, the attempt may have been charged at its most. So the caps hold by the
    server's count. A killed process loses no line; a power cut may lose those of the last fifth of a second.

    Args:
        path: the file; made at the first attempt. None keeps the count in memory only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.paid = Cost()
        self._open: dict[str, Cost] = {}  # attempts in flight
        self._possible = Cost()
        self._path, self._file, self._synced = path, -1, 0.0
        self._lock = threading.Lock()
        self._number, self._prefix = 0, os.urandom(4).hex()
        self._read()

    @property
    def possible(self) -> Cost:
        """What is not known to be paid, and may have been charged; what is in flight is among it."""
        return self._possible

    @property
    def total(self) -> Cost:
        """The most that the server can have counted."""
        return self.paid + self._possible

    def begin(self, bound: Cost) -> str:
        """Writes down an attempt that is about to be sent; returns its name."""
        with self._lock:
            self._number += 1
            name = f"{self._prefix}.{self._number}"
            self._write({"sent": name, "at_most": {"tokens": bound.tokens, "picodollars": bound.picodollars}})
            self._begin(name, bound)
            return name

    def end(self, name: str, cost: Cost | None, paid_for: str) -> None:
        """Writes down what an attempt did cost; None is unknown, and stays booked at the most.

        If that can't be written, on a full disk say, it stays booked at the most, too: its answer is there and must be
        stored, and the next attempt is refused.
        """
        with self._lock:
            if cost is None:
                del self._open[name]
                return
            line = {"ended": name, "tokens": cost.tokens, "picodollars": cost.picodollars, "paid_for": paid_for}
            try:
                self._write(line)
            except OSError:
                del self._open[name]
            else:
                self._end(name, cost)

    def sync(self) -> None:
        """Puts what was written on the disk.

        Raises:
            OSError: the disk does not take it.
        """
        with self._lock:
            if self._file >= 0:
                with _named(self._path):
                    self._sync()

    def _sync(self) -> None:
        os.fsync(self._file)
        self._synced = time.monotonic()

    def close(self) -> None:
        """Gives the file back; the next line opens it again."""
        with self._lock:
            if self._file >= 0:
                os.fsync(self._file)
                os.close(self._file)
                self._file = -1

    def _begin(self, name: str, bound: Cost) -> None:
        self._open[name] = bound
        self._possible += bound

    def _end(self, name: str, cost: Cost) -> None:
        self._possible -= self._open.pop(name, Cost())
        self.paid += cost

    def _write(self, line: dict[str, Any]) -> None:
        if self._path is None:
            return
        if self._file < 0:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        with _named(self._path):
            _write_whole(self._file, f"{json.dumps(line)}\n".encode())
            if time.monotonic() - self._synced > _SYNC_SECONDS:
                self._sync()

    def _read(self) -> None:
        """Adds up the lines; one that a power cut tore is left out and ended."""
        if self._path is None or not self._path.is_file():
            return
        last = b"\n"
        with self._path.open("rb") as file:
            for last in file:
                self._add(last)
        self._open.clear()  # those of dead processes stay booked at the most
        if not last.endswith(b"\n"):
            with self._path.open("ab") as file:
                file.write(b"\n")

    def _add(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            return
        match entry:
            case {"sent": str(name), "at_most": dict(bound)}:
                self._begin(name, Cost(1, _amount(bound, "tokens"), _amount(bound, "picodollars")))
            case {"ended": str(name), **rest} if name in self._open:
                self._end(name, Cost(1, _amount(rest, "tokens"), _amount(rest, "picodollars")))
            case {"picodollars": int(), **rest} if "ended" not in rest:  # a purchase from an earlier version
                self.paid += Cost(0, 0, _amount(entry, "picodollars"))


def _amount(entry: Mapping[Any, Any], name: str) -> int:
    """A count in a line; 0 if it is none."""
    value = entry.get(name)
    return value if type(value) is int and 0 <= value < _MOST else 0


def _write_whole(file: int, data: bytes) -> None:
    """Writes all of it, or takes back what it wrote, so that a full disk leaves no torn line."""
    written = os.write(file, data)
    if written < len(data):
        os.ftruncate(file, os.fstat(file).st_size - written)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def _named(path: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(
            error.errno, f"{error.strerror}; no request is sent unless it can be recorded first", str(path)
        ) from error
