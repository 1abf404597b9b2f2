"""Work in a thread of its own where the caller's thread has an event loop running, as in Jupyter."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from duet.interrupts import Interruption, interruptible

T = TypeVar("T")
_LOOK = 0.2  # seconds between looks for a Ctrl-C: a thread that waits without end sees none on some systems


def beside_a_loop(work: Callable[[], T]) -> T:
    """Returns what ``work`` returns, or raises; a Ctrl-C interrupts it, once the answers that are under way are stored.

    >>> beside_a_loop(lambda: 1 + 1)
    2
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    found: Future[T] = Future()
    interruptions: list[Interruption] = []
    thread = threading.Thread(target=_carry_out, args=(work, found, interruptions), name="duet", daemon=True)
    try:
        thread.start()
        _wait(found)
    except KeyboardInterrupt:
        for interruption in interruptions:
            interruption.stop()
        _wait(found)
        raise
    return found.result()


def _wait(found: Future[T]) -> None:
    """Waits for the result, not for the thread: an interrupted join takes a running thread for a stopped one."""
    while not found.done():
        wait([found], timeout=_LOOK)


def _carry_out(work: Callable[[], T], found: Future[T], interruptions: list[Interruption]) -> None:
    with interruptible() as interruption:
        interruptions.append(interruption)
        try:
            found.set_result(work())
        except BaseException as error:  # all that it raises is raised in the caller's thread
            found.set_exception(error)
