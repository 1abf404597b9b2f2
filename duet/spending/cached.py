"""What was paid for once is never paid for again: one SQLite file, values as JSON."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

from duet.interrupts import postponed
from duet.models.base import (
    NOT_SENT,
    AbstractBlackBox,
    AbstractWrapper,
    Arrived,
    CallFailure,
    Completion,
    FailureKind,
    Outcome,
    Request,
    always,
)
from duet.models.errors import BudgetSpent
from duet.models.metering import AbstractMeter, AbstractMeterWrapper, Verdict, as_meter
from duet.spending.cache_file import opened, patiently, transaction
from duet.spending.claims import Claims, Owner

_SOONEST, _LATEST, _SAID_AFTER = 0.02, 0.25, 5.0  # seconds between looks at what others bring, and until it is said
log = logging.getLogger("duet")


class CachedBlackBox(AbstractWrapper):
    """Sends to the inner black box only what is not stored yet, and what nobody else has under way.

    What arrived together is committed together, before it is handed on and before more is sent: a run that is killed
    loses at most the requests that were under way. One that is interrupted, or whose caller leaves, stores those too.
    A failure is stored if it was charged and would be again, such as a refusal; the others cost nothing or may pass.
    Several processes may share the file: each request is sent by one of them, and the others wait for its answer.

    Args:
        inner: the black box that answers.
        path: the cache file; made when it is missing, with its folders.
    """

    def __init__(self, inner: AbstractBlackBox, path: str | Path) -> None:
        super().__init__(inner)
        self._path = Path(path)

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers from the file if it can; the rest goes to the inner black box once, in order, without duplicates.

        Raises:
            ValueError: the file is no SQLite database, or holds something else than answers.
        """
        if not requests:
            return
        places: dict[str, list[int]] = {}
        for index, key in enumerate(_keys(self.identity, requests)):
            places.setdefault(key, []).append(index)
        distinct = {key: requests[indices[0]] for key, indices in places.items()}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with opened(self._path) as connection, postponed() as interruption:
            meter = _CacheMeter(as_meter(may_send), lambda: interruption.requested)
            for outcomes in _Exchange(connection, self._path, self._inner, distinct, meter).outcomes():
                yield {index: outcome for key, outcome in outcomes.items() for index in places[key]}


class _CacheMeter(AbstractMeterWrapper):
    """Stops sending when the caller leaves or the program is interrupted."""

    def __init__(self, outer: AbstractMeter, is_interrupted: Callable[[], bool]) -> None:
        super().__init__(outer)
        self._is_interrupted = is_interrupted
        self.has_left = False

    def __call__(self) -> bool:
        """Unless nobody waits any more."""
        return not (self.has_left or self._is_interrupted()) and super().__call__()

    @property
    def is_leaving(self) -> bool:
        """Whether the caller has left."""
        return self.has_left or super().is_leaving

    def begin(self, request: Request) -> Verdict:
        """Asks the outer one, unless nobody waits any more."""
        return super().begin(request) if self() else Verdict.STOP


class _Exchange:
    """The answers that one stream reads from the file, buys, and waits for; all by key.

    Args:
        connection: to the cache.
        path: the file.
        inner: the black box that answers.
        requests: by key, each once.
        meter: whether more may be sent.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        inner: AbstractBlackBox,
        requests: Mapping[str, Request],
        meter: _CacheMeter,
    ) -> None:
        self._connection, self._path = connection, path
        self._inner, self._requests, self._meter = inner, requests, meter
        self._claims = Claims(connection, Owner())
        self._held: set[str] = set()

    def outcomes(self) -> Iterator[Mapping[str, Outcome]]:
        """Everything, in three parts: what is known, what is bought, what others bring.

        Raises:
            BudgetSpent: what is missing has no room; nothing was sent or handed over.
        """
        known = self._read(self._requests)
        missing = [key for key in self._requests if key not in known]
        if not missing:
            yield known
            return
        try:
            found, mine = self._claimed(missing)
            known |= found
            stream = self._bought(mine)
            if known:
                yield known
            yield from self._stored(stream, mine)
            yield from self._waited([key for key in missing if key not in known and key not in set(mine)])
        finally:
            self._give_back(self._held)

    def _claimed(self, keys: Sequence[str]) -> tuple[dict[str, Outcome], list[str]]:
        """Returns what others have stored in the meantime, and the keys that are to be bought here."""

        def claim() -> tuple[dict[str, Outcome], list[str]]:
            with transaction(self._connection):
                found = _select(self._connection, keys)
                return found, self._claims.take(key for key in keys if key not in found)

        found, mine = patiently(claim, self._path)
        self._held.update(mine)
        return found, mine

    def _bought(self, keys: Sequence[str]) -> Iterator[Arrived]:
        return self._inner.stream([self._requests[key] for key in keys], self._meter) if keys else iter(())

    def _stored(self, stream: Iterator[Arrived], keys: Sequence[str]) -> Iterator[Mapping[str, Outcome]]:
        """Stores what arrives and hands it over; when the caller leaves, what is under way is still stored."""
        try:
            for arrived in stream:
                outcomes = {keys[index]: outcome for index, outcome in arrived.items()}
                yield outcomes | self._store(outcomes)
        except GeneratorExit:
            self._meter.has_left = True
            for arrived in stream:
                self._store({keys[index]: outcome for index, outcome in arrived.items()})
            raise
        finally:
            if isinstance(stream, Generator):  # not when its frame is collected: what it says comes before the error
                stream.close()
            self._give_back([key for key in keys if key in self._held])

    def _waited(self, keys: Sequence[str]) -> Iterator[Mapping[str, Outcome]]:
        """Yields what others bring; what they give up is bought here."""
        pause, began, is_said = _SOONEST, time.monotonic(), False
        while keys:
            if not self._meter():
                yield dict.fromkeys(keys, NOT_SENT)
                return
            found, mine = self._claimed(keys)
            if found:
                yield found
            if mine:
                yield from self._stored(self._bought_or_not(mine), mine)
            keys = [key for key in keys if key not in found and key not in mine]
            if not is_said and time.monotonic() - began > _SAID_AFTER:
                log.info("Waiting for %d answers that another run has requested", len(keys))
                is_said = True
            if keys and not found:
                time.sleep(pause)
                pause = min(2 * pause, _LATEST)

    def _bought_or_not(self, keys: Sequence[str]) -> Iterator[Arrived]:
        try:
            return self._bought(keys)
        except BudgetSpent:  # others have been handed over already
            return iter([dict.fromkeys(range(len(keys)), NOT_SENT)])

    def _store(self, outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
        """Stores what is new and returns what is stored, which another process may have answered before."""
        rows = [
            (key, json.dumps(vars(outcome)), int(time.time()), self._inner.identity)
            for key, outcome in outcomes.items()
            if _is_kept(outcome)
        ]
        if not rows:
            return {}
        keys = [row[0] for row in rows]

        def insert() -> int:
            with transaction(self._connection):
                before = self._connection.total_changes
                self._connection.executemany(
                    "INSERT INTO completions (key, value, created, identity) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (key) DO NOTHING",
                    rows,
                )
                inserted = self._connection.total_changes - before
                self._claims.give_back(keys)
                if self._claims.is_due:
                    self._claims.renew()
                return inserted

        inserted = patiently(insert, self._path)
        self._held.difference_update(keys)
        return {} if inserted == len(rows) else self._kept(keys)

    def _kept(self, keys: Sequence[str]) -> dict[str, Outcome]:
        stored = self._read(keys)
        if len(stored) < len(keys):
            raise sqlite3.DatabaseError("a table that keeps no answers")
        return stored

    def _give_back(self, keys: Iterable[str]) -> None:
        keys = list(keys)
        if not keys:
            return

        def delete() -> None:
            with transaction(self._connection):
                self._claims.give_back(keys)

        patiently(delete, self._path)
        self._held.difference_update(keys)

    def _read(self, keys: Iterable[str]) -> dict[str, Outcome]:
        wanted = list(keys)
        return patiently(lambda: _select(self._connection, wanted), self._path)


def _keys(identity: str, requests: Sequence[Request]) -> list[str]:
    """One sha256 per request, over everything that its answer depends on.

    >>> first, second = _keys("m", [Request("a"), Request("a", seed=1)])
    >>> len(first), first == second
    (64, False)
    """
    fields = [json.dumps([identity, *_key_fields(request)]) for request in requests]
    return [hashlib.sha256(field.encode()).hexdigest() for field in fields]


def _key_fields(request: Request) -> list[object]:
    """A request without messages, stop sequences and top_p has the key that it had before there were any."""
    plain = [request.prompt, request.max_tokens, float(request.temperature), request.seed]
    nucleus = [float(request.top_p)] if request.top_p < 1 else []
    chat = [request.chat, request.stop] if request.messages or request.stop else []
    return [*plain, *nucleus, *chat]


def _select(connection: sqlite3.Connection, keys: Iterable[str]) -> dict[str, Outcome]:
    wanted = json.dumps(list(keys))  # as one parameter: a statement per key takes three times as long
    query = "SELECT key, value FROM completions WHERE key IN (SELECT value FROM json_each(?))"
    return {key: _stored_outcome(key, value) for key, value in connection.execute(query, (wanted,))}


def _is_kept(outcome: Outcome) -> bool:
    """Whether it is an answer, or was paid for like one.

    >>> _is_kept(CallFailure("refused", 9, 3, "refused")), _is_kept(CallFailure("400 too long", kind="too_long"))
    (True, False)
    """
    if isinstance(outcome, Completion):
        return True
    return outcome.is_final and outcome.prompt_tokens + outcome.completion_tokens > 0


def _stored_outcome(key: str, value: object) -> Outcome:
    """A stored answer, or what came in its place.

    Raises:
        ValueError: it is neither.
    """
    try:
        fields = json.loads(value)  # type: ignore[arg-type]
        outcome = CallFailure(**fields) if "reason" in fields else Completion(**fields)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"Expected an answer in the call cache but entry {key} holds none") from error
    if not _is_sound(outcome):
        raise ValueError(f"Expected an answer in the call cache but entry {key} holds none")
    return outcome


def _is_sound(outcome: Outcome) -> bool:
    """Whether its fields hold what they can hold, wherever they come from."""
    text = outcome.text if isinstance(outcome, Completion) else outcome.reason
    tokens = outcome.prompt_tokens, outcome.completion_tokens
    if [type(text), *map(type, tokens)] != [str, int, int] or min(tokens) < 0:
        return False
    return isinstance(outcome, Completion) or (outcome.kind in get_args(FailureKind) and _is_kept(outcome))
