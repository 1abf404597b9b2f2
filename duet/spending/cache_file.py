"""The call cache as a file: where a user's lies, what it holds, and how it is made smaller."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
CACHE = "calls.sqlite"  # its name in a run folder
_BUSY_SECONDS = 600.0  # how long a cache may be locked, or its disk full
_SAID_AFTER = 2.0  # seconds
_POLL = 0.02
_PASSES = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_SHMSIZE,  # full, in other words
}  # fmt: skip
_DAY = 24 * 60 * 60
_COLUMNS = {"key": "TEXT", "value": "TEXT", "created": "INTEGER", "identity": "TEXT"}
_NEWER_COLUMNS = {"created": "INTEGER", "identity": "TEXT"}
log = logging.getLogger("duet")


def user_cache_path() -> Path:
    """The file that all runs of a user share, in the platform's folder for caches; XDG_CACHE_HOME goes before."""
    home = Path.home()
    usual = {"darwin": home / "Library" / "Caches", "win32": Path(os.environ.get("LOCALAPPDATA") or home)}
    folder = Path(os.environ.get("XDG_CACHE_HOME") or usual.get(sys.platform, home / ".cache"))
    return folder / "duet" / "answers.sqlite"


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a cache of its own, so that threads and forked processes never share one.

    Raises:
        ValueError: the file is no cache.
    """
    try:
        connection = sqlite3.connect(path, timeout=0.0, isolation_level=None)
        try:
            patiently(lambda: _set_up(connection), path)
            yield connection
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise ValueError(f"Expected a call cache at {path} but found: {error}") from error


def patiently(work: Callable[[], T], path: Path) -> T:
    """Does a piece of work with a cache as soon as no other process has locked it and its disk has room.

    SQLite's own waiting says nothing, and does not cover the first switch of a new file to WAL.

    Raises:
        ValueError: that took longer than ten minutes.
    """
    began, is_said = time.monotonic(), False
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            code = getattr(
                error, "sqlite_errorcode", None
            )  # it has none where Python finds the fault, as in damaged text
            if code is None or not {code, code & 0xFF} & _PASSES:
                raise
            waited = time.monotonic() - began
            if waited > _BUSY_SECONDS:
                raise ValueError(f"{path}: no answer could be stored for {waited:.0f} s: {error}") from error
            if waited > _SAID_AFTER and not is_said:
                log.warning("Waiting for the call cache %s: %s", path, error)
                is_said = True
        time.sleep(_POLL)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Writes all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _set_up(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    _set_up_answers(connection)
    connection.execute(
        "CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, renewed REAL NOT NULL)"
    )


def _set_up_answers(connection: sqlite3.Connection) -> None:
    """The table of answers; files of former versions get the columns that they lack."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS completions "
        "(key TEXT PRIMARY KEY, value TEXT NOT NULL, created INTEGER, identity TEXT)"
    )
    if missing := _NEWER_COLUMNS.keys() - _columns(connection):
        with transaction(connection):  # another process may have been faster
            for name in missing - _columns(connection):
                connection.execute(f"ALTER TABLE completions ADD COLUMN {name} {_NEWER_COLUMNS[name]}")
    _check_columns(connection)


def _check_columns(connection: sqlite3.Connection) -> None:
    """Checks whether an answer can be stored, before one is paid for.

    Raises:
        DatabaseError: another version's table wants more than is known here, or has no key.
    """
    rows = list(connection.execute("PRAGMA table_info(completions)"))
    wanted = [name for _, name, _, is_needed, default, _ in rows if is_needed and default is None]
    if unknown := [name for name in wanted if name not in _COLUMNS]:
        raise sqlite3.DatabaseError(f"the unknown column {unknown[0]}, written by another version of Duet")
    if [name for _, name, _, _, _, place in rows if place] != ["key"]:
        raise sqlite3.DatabaseError("a table of answers without a key")


@dataclass(frozen=True)
class CacheStats:
    """The answers of one black box in a cache.

    Args:
        identity: endpoint and model; None for answers from an earlier version, which did not write it down.
        entries: answers.
        unanswered: those that were paid for and hold no text, such as refusals.
        size: their characters.
        oldest: seconds since 1970; None if it was not written down.
        newest: likewise.
    """

    identity: str | None
    entries: int
    unanswered: int
    size: int
    oldest: int | None
    newest: int | None


def cache_stats(path: Path) -> list[CacheStats]:
    """Returns what the file holds, by black box, the largest first; a file that is not there holds nothing.

    Raises:
        ValueError: it is no cache.
    """
    if not path.exists():
        return []
    with opened(path) as connection:
        rows = connection.execute(
            "SELECT CAST(identity AS TEXT), count(*), "
            "count(CASE WHEN json_valid(value) THEN json_extract(value, '$.reason') END), sum(length(value)), "
            "CAST(min(created) AS INTEGER), CAST(max(created) AS INTEGER) "
            "FROM completions GROUP BY identity ORDER BY count(*) DESC, identity"
        )
        return [CacheStats(*row) for row in rows]


def prune(path: Path, older_than_days: float | None = None, model: str | None = None, now: float | None = None) -> int:
    """Removes answers and gives their room back; returns how many.

    Args:
        path: the cache.
        older_than_days: only older ones; those whose age is unknown are kept. None is any age.
        model: only those of this model, named in full. None is any model.
        now: seconds since 1970.

    Raises:
        ValueError: it is no cache.
    """
    if not path.exists():
        return 0
    latest = None if older_than_days is None else int((time.time() if now is None else now) - older_than_days * _DAY)
    with opened(path) as connection:
        identities = [name for (name,) in connection.execute("SELECT DISTINCT identity FROM completions")]
        removed = sum(
            connection.execute(
                "DELETE FROM completions WHERE identity IS ? AND (? IS NULL OR created < ?)", (name, latest, latest)
            ).rowcount
            for name in identities
            if model is None or is_of_model(name, model)
        )
        connection.execute("VACUUM")
        return removed


def is_of_model(identity: str | None, model: str) -> bool:
    """Returns whether an identity names this very model.

    >>> is_of_model("openai:https://a.b/v1:gpt-4", "gpt-4"), is_of_model("openai:https://a.b/v1:gpt-4o", "gpt-4")
    (True, False)
    """
    return identity is not None and re.search(rf"(?<![^:]){re.escape(model)}(?![^:@])", identity) is not None


def _columns(connection: sqlite3.Connection) -> set[str]:
    return {row[1] for row in connection.execute("PRAGMA table_info(completions)")}
