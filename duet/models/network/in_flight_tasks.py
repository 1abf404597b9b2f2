"""The asyncio tasks of one stream that are in flight; the event loop runs only while ``wait`` is called."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Collection, Coroutine
from types import TracebackType
from typing import Any, ClassVar, Generic, TypeVar
from weakref import WeakKeyDictionary, ref

T = TypeVar("T")
_LATE = 0.1  # seconds: a timer that fires so late was held up, and so were the replies
_BEAT = 0.05  # seconds between two looks at whether it is
_TO_READ = 1.0  # seconds to read what has arrived in the meantime
_MOST_PAUSES = 5  # that one request is given more time for


class InFlightTasks(Generic[T]):
    """Starts tasks and says which of them have ended; the thread that calls it runs the loop.

    Args:
        loop: runs only while something here waits; several streams may share it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._under_way: dict[asyncio.Task[T], int] = {}
        self._ended: list[asyncio.Task[T]] = []
        self._waits = False

    def __len__(self) -> int:
        """Those under way, and those that ended and were not handed over yet."""
        return len(self._under_way)

    @property
    def numbers(self) -> list[int]:
        """Those under way, and those that ended and were not handed over yet."""
        return list(self._under_way.values())

    def start(self, number: int, work: Coroutine[Any, Any, T]) -> None:
        """Begins a task, which continues whenever something waits."""
        task = self._loop.create_task(work)
        task.add_done_callback(self._note)
        self._under_way[task] = number

    def _note(self, task: asyncio.Task[T]) -> None:
        self._ended.append(task)
        if self._waits:
            self._loop.stop()

    def wake(self) -> None:
        """Ends ``wait`` early; a signal handler may call it."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)

    def wait(self, seconds: float | None = None) -> dict[int, asyncio.Task[T]]:
        """Hands over what has ended, by its number; waits until something has, or until the seconds are over."""
        if not self._ended and (self._under_way or seconds):
            self._run(seconds)
        ended, self._ended = self._ended, []
        return {self._under_way.pop(task): task for task in ended}

    def wait_for_all(self, seconds: float) -> dict[int, asyncio.Task[T]]:
        """Hands over what ends within the seconds, as soon as nothing is left under way."""
        until, ended = time.monotonic() + seconds, self.wait(0.0)
        while self._under_way and (left := until - time.monotonic()) > 0:
            ended |= self.wait(left)
        return ended

    def _run(self, seconds: float | None) -> None:
        timer = None if seconds is None else self._loop.call_later(seconds, self._loop.stop)
        self._waits = True
        try:
            self._loop.run_forever()
        finally:
            self._waits = False
            if timer:
                timer.cancel()

    def cancel(self) -> dict[int, asyncio.Task[T]]:
        """Gives up what is still under way, and hands over what had ended by itself."""
        if self._under_way and not self._loop.is_closed():  # as it is for a stream that outlives everything
            cancel(self._loop, self._under_way)
        ended = {number: task for task, number in self._under_way.items() if task.done() and not task.cancelled()}
        self._under_way.clear()
        self._ended.clear()
        return ended


def cancel(loop: asyncio.AbstractEventLoop, tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancels tasks and lets the loop run until they have ended."""
    if not tasks:
        return
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


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
