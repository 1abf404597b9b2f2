"""The asyncio tasks of one stream that are in flight; the event loop runs only while ``wait`` is called."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


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
