"""Claims in a cache: of several processes that need the same answer, one sends the request and the others wait."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

_SECONDS = 15 * 60.0  # without a sign of life, on another machine or of a process that hangs
_RENEWED_AFTER = 30.0


def _started(process: int) -> str:
    """When a process was started, in the system's own words; nothing if that is unknown."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
        return status.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


@dataclass(frozen=True)
class Owner:
    """One stream of requests of one thread of one process.

    Args:
        host: the machine.
        process: its number there.
        started: when it was started, as numbers are used again.
        thread: within the process.
        stream: within the thread.
    """

    host: str = field(default_factory=socket.gethostname)
    process: int = field(default_factory=os.getpid)
    started: str = field(default_factory=lambda: _started(os.getpid()))
    thread: int = field(default_factory=threading.get_ident)
    stream: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __str__(self) -> str:
        return json.dumps([self.host, self.process, self.started, self.thread, self.stream])

    def waits_for(self, other: Owner) -> bool:
        """Whether another one may still bring an answer: not if it is dead, or this very thread, which would wait."""
        if self.host != other.host:
            return True
        if self.process == other.process and self.started == other.started:
            return self.thread != other.thread
        return _is_alive(other.process) and _started(other.process) == other.started


class Claims:
    """The claims of one stream; every method is to be called within a transaction.

    Args:
        connection: to the cache.
        owner: the stream.
    """

    def __init__(self, connection: sqlite3.Connection, owner: Owner) -> None:
        self._connection, self._owner = connection, owner
        self._renewed = time.time()

    def take(self, keys: Iterable[str]) -> list[str]:
        """Claims what no live process has claimed; returns what is claimed now, in order."""
        wanted = list(keys)
        query = "SELECT key, owner, renewed FROM claims WHERE key IN (SELECT value FROM json_each(?))"
        found = self._connection.execute(query, (json.dumps(wanted),)).fetchall()
        held = {key for key, owner, renewed in found if self._holds(owner, renewed)}
        mine = [key for key in wanted if key not in held]
        rows = [(key, str(self._owner), time.time()) for key in mine]
        self._connection.executemany("INSERT OR REPLACE INTO claims (key, owner, renewed) VALUES (?, ?, ?)", rows)
        return mine

    def give_back(self, keys: Collection[str]) -> None:
        """Ends claims, as their answers are stored or nobody waits for them."""
        query = "DELETE FROM claims WHERE owner = ? AND key IN (SELECT value FROM json_each(?))"
        self._connection.execute(query, (str(self._owner), json.dumps(list(keys))))

    @property
    def is_due(self) -> bool:
        """Whether a sign of life is due."""
        return time.time() - self._renewed > _RENEWED_AFTER

    def renew(self) -> None:
        """Gives a sign of life."""
        self._renewed = time.time()
        self._connection.execute("UPDATE claims SET renewed = ? WHERE owner = ?", (self._renewed, str(self._owner)))

    def _holds(self, owner: object, renewed: object) -> bool:
        """Returns whether a claim stands; a damaged one does not."""
        if not isinstance(owner, str) or not isinstance(renewed, float) or time.time() - renewed > _SECONDS:
            return False
        try:
            fields = json.loads(owner)
        except (ValueError, RecursionError):
            return False
        if not isinstance(fields, list) or [type(field) for field in fields] != [str, int, str, int, str]:
            return False
        return self._owner.waits_for(Owner(*fields))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
