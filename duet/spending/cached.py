"""Answers that were paid for once are never paid for again: one SQLite file, values as JSON."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from duet.models.base import AbstractBlackBox, AbstractWrapper, Arrived, Completion, Outcome, Request, always
from duet.spending.cache_file import set_up_table

_BUSY_SECONDS = 60.0
_NO_CACHE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_ERROR)


class CachedBlackBox(AbstractWrapper):
    """Asks the inner black box only for what is not stored yet.

    What arrived together is committed together, before it is handed on and before more is sent: a run that is killed
    loses at most the requests that were under way. Failures are never stored. Several processes may share the file:
    where two of them asked the same, both return the answer that was stored first.

    Args:
        inner: the black box that is asked.
        path: the cache file; made when it is missing, with its folders.
    """

    def __init__(self, inner: AbstractBlackBox, path: str | Path) -> None:
        super().__init__(inner)
        self._path = Path(path)
        self.hits = 0  # requests answered from the file, or by a duplicate in the same call
        self.misses = 0  # requests passed on

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers from the file where it can; the rest goes to the inner black box once, in order, without duplicates.

        Raises:
            ValueError: the file is no SQLite database, or holds something else than answers.
        """
        places: dict[str, list[int]] = {}
        for index, key in enumerate(_keys(self.identity, requests)):
            places.setdefault(key, []).append(index)
        with self._connection() as connection:
            known = _select(connection, places)
            missing = [key for key in places if key not in known]
            self.hits += len(requests) - len(missing)
            self.misses += len(missing)
            for arrived in self._inner.stream([requests[places[key][0]] for key in missing], may_send):
                outcomes = {missing[index]: outcome for index, outcome in arrived.items()}
                yield _spread(outcomes | self._store(connection, outcomes), places)
            if known:  # last, so that nothing is counted where the rest exceeds a cap
                yield _spread(known, places)

    def _store(self, connection: sqlite3.Connection, outcomes: Mapping[str, Outcome]) -> dict[str, Completion]:
        """Stores what is new and returns what is stored, which another process may have answered before."""
        rows = [
            (key, json.dumps(vars(outcome)), int(time.time()), self.identity)
            for key, outcome in outcomes.items()
            if isinstance(outcome, Completion)
        ]
        if not rows:
            return {}
        before = connection.total_changes
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT OR IGNORE INTO completions (key, value, created, identity) VALUES (?, ?, ?, ?)", rows
        )
        connection.execute("COMMIT")
        if connection.total_changes - before == len(rows):  # nobody else had stored one of them
            return {}
        return _select(connection, [row[0] for row in rows])

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own per use, so that threads and forked processes never share one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
            try:
                _set_up(connection)
                yield connection
            finally:
                connection.close()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) not in _NO_CACHE:
                raise
            raise ValueError(f"Expected a SQLite database at {self._path} but it is none: {error}") from error


def _keys(identity: str, requests: Sequence[Request]) -> list[str]:
    """One sha256 per request, over everything that its answer depends on.

    >>> one, other = _keys("m", [Request("a"), Request("a", seed=1)])
    >>> len(one), one == other
    (64, False)
    """
    fields = [json.dumps([identity, r.prompt, r.max_tokens, float(r.temperature), r.seed]) for r in requests]
    return [hashlib.sha256(field.encode()).hexdigest() for field in fields]


def _set_up(connection: sqlite3.Connection) -> None:
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    set_up_table(connection)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """SQLite's own waiting does not cover the switch of a new file that another process opens at the same time."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _select(connection: sqlite3.Connection, keys: Iterable[str]) -> dict[str, Completion]:
    wanted = json.dumps(list(keys))  # as one parameter: a statement per key takes three times as long
    query = "SELECT key, value FROM completions WHERE key IN (SELECT value FROM json_each(?))"
    return {key: _stored(key, value) for key, value in connection.execute(query, (wanted,))}


def _stored(key: str, value: object) -> Completion:
    """A stored answer.

    Raises:
        ValueError: it is none.
    """
    try:
        answer = Completion(**json.loads(value))  # type: ignore[arg-type]
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"Expected an answer in the call cache but entry {key} holds none") from error
    kinds = [type(one) for one in (answer.text, answer.prompt_tokens, answer.completion_tokens)]
    if kinds != [str, int, int] or min(answer.prompt_tokens, answer.completion_tokens) < 0:
        raise ValueError(f"Expected an answer in the call cache but entry {key} holds none")
    return answer


def _spread(outcomes: Mapping[str, Outcome], places: Mapping[str, Sequence[int]]) -> Arrived:
    """Each outcome at every position that asked for it."""
    return {index: outcome for key, outcome in outcomes.items() for index in places[key]}
