"""The call cache as a file: where a user's lies, what it holds, and how it is made smaller."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_BUSY_SECONDS = 60.0
_DAY = 24 * 60 * 60
_NEWER_COLUMNS = {"created": "INTEGER", "identity": "TEXT"}


def user_cache_path() -> Path:
    """The file that all runs of a user share, in the platform's folder for caches; XDG_CACHE_HOME goes before."""
    home = Path.home()
    usual = {"darwin": home / "Library" / "Caches", "win32": Path(os.environ.get("LOCALAPPDATA") or home)}
    folder = Path(os.environ.get("XDG_CACHE_HOME") or usual.get(sys.platform, home / ".cache"))
    return folder / "duet" / "answers.sqlite"


def set_up_table(connection: sqlite3.Connection) -> None:
    """The table of answers; files of former versions get the columns that they lack."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS completions "
        "(key TEXT PRIMARY KEY, value TEXT NOT NULL, created INTEGER, identity TEXT)"
    )
    if missing := _NEWER_COLUMNS.keys() - _columns(connection):
        connection.execute("BEGIN IMMEDIATE")  # another process may have been faster
        for name in missing - _columns(connection):
            connection.execute(f"ALTER TABLE completions ADD COLUMN {name} {_NEWER_COLUMNS[name]}")
        connection.execute("COMMIT")


@dataclass(frozen=True)
class Holding:
    """What a cache holds of one black box.

    Args:
        identity: endpoint and model; None for answers of a former version, which did not write it down.
        entries: answers.
        size: their characters.
        oldest: seconds since 1970; None where it was not written down.
        newest: likewise.
    """

    identity: str | None
    entries: int
    size: int
    oldest: int | None
    newest: int | None


def holdings(path: Path) -> list[Holding]:
    """What the file holds, by black box, the largest first; a file that is not there holds nothing.

    Raises:
        ValueError: it is no cache.
    """
    if not path.exists():
        return []
    with _opened(path) as connection:
        rows = connection.execute(
            "SELECT CAST(identity AS TEXT), count(*), sum(length(value)), CAST(min(created) AS INTEGER), "
            "CAST(max(created) AS INTEGER) FROM completions GROUP BY identity ORDER BY count(*) DESC, identity"
        )
        return [Holding(*row) for row in rows]


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
    with _opened(path) as connection:
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
    """Whether an identity names this very model.

    >>> is_of_model("openai:https://a.b/v1:gpt-4", "gpt-4"), is_of_model("openai:https://a.b/v1:gpt-4o", "gpt-4")
    (True, False)
    """
    return identity is not None and re.search(rf"(?<![^:]){re.escape(model)}(?![^:@])", identity) is not None


def _columns(connection: sqlite3.Connection) -> set[str]:
    return {row[1] for row in connection.execute("PRAGMA table_info(completions)")}


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            set_up_table(connection)
            yield connection
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise ValueError(f"Expected a call cache at {path} but found: {error}") from error
