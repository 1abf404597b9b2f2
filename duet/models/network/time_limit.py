"""A time-out that does not blame a reply for a process that stood still."""

from __future__ import annotations

import asyncio
import math
import time
from types import TracebackType
from typing import ClassVar
from weakref import WeakKeyDictionary, ref

_LATE = 0.1  # seconds: a timer that fires so late was held up, and so were the replies
_BEAT = 0.05  # seconds between two looks at whether it is
_TO_READ = 1.0  # seconds to read what has arrived in the meantime
_MOST_PAUSES = 5  # that one request is given more time for


class Pulse:
    """Notices when a loop stood still, by a timer that comes late.

    Args:
        loop: the one that is watched while at least one `TimeLimit` is in use.
    """

    _of: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, Pulse]] = WeakKeyDictionary()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = ref(loop)
        self._users = 0
        self.resumed = -math.inf

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Pulse:
        """The one of a loop."""
        return cls._of.setdefault(loop, cls(loop))

    def __enter__(self) -> Pulse:
        self._users += 1
        if self._users == 1:
            self._beat(math.inf)
        return self

    def __exit__(self, *_: object) -> None:
        self._users -= 1
        if not self._users:
            self._timer.cancel()

    def _beat(self, due: float) -> None:
        loop = self._loop()
        assert loop is not None  # it calls this
        now = self.look(due)
        self._timer = loop.call_at(now + _BEAT, self._beat, now + _BEAT)

    def look(self, due: float) -> float:
        """Notes whether a timer that was due comes late; returns the time."""
        now = time.monotonic()
        if now - due > _LATE:
            self.resumed = now
        return now


class TimeLimit:
    """Raises TimeoutError after the seconds, but reads first what arrived while the process stood still.

    A process that was stopped, or was busy elsewhere, finds its timers due and replies in its sockets. asyncio would
    fire the timers before the replies are read, although they came in time.

    Args:
        seconds: until the time is up.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._pauses = seconds, 0
        self._limit = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._loop = asyncio.get_running_loop()
        self._pulse = Pulse.of(self._loop).__enter__()
        due = self._loop.time() + self._seconds
        self._timer = self._loop.call_at(due, self._judge, due)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._pulse.__exit__()
        await self._limit.__aexit__(kind, error, trace)

    def _judge(self, due: float) -> None:
        now = self._pulse.look(due)
        until = self._pulse.resumed + _TO_READ
        if until > now and self._pauses < _MOST_PAUSES:
            self._pauses += 1
            self._timer = self._loop.call_at(until, self._judge, until)
        else:
            self._limit.reschedule(now)
