"""Ctrl-C and SIGTERM wait until answers that are under way are stored; the second one leaves at once."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LINE = b"duet: stopping; answers that are under way are stored first (once more to leave at once)\n"


class ThreadInterrupted(BaseException):
    """The main thread had a Ctrl-C, and this thread works for it."""


class Interruption:
    """Says whether a signal came while streams of answers are open; they share one.

    Args:
        thread: the thread that they run in, if it is not the main one: it gets no signal, and `stop` stands for one.
    """

    def __init__(self, thread: int | None = None) -> None:
        self.thread = thread
        self.signal: int | None = None
        self.open = 0
        self.former: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}
        self.wakers: list[Callable[[], object]] = []

    @property
    def requested(self) -> bool:
        """Whether nothing more is to be sent."""
        return self.signal is not None

    def note(self, number: int, frame: FrameType | None) -> None:
        """Handles a signal: the first one is noted, the second one goes where it would have gone."""
        if self.requested:
            leave(128 + number) if _leaves_at_second else self._deliver(number, frame)
            return
        self.signal = number
        os.write(2, _LINE)
        for wake in self.wakers:
            wake()

    def stop(self) -> None:
        """Interrupts the thread where it stands, or once the answers that are under way are stored."""
        if self.open:
            self.note(signal.SIGINT, None)
        elif self.thread is not None:
            raised = ctypes.py_object(ThreadInterrupted)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread), raised)

    def install(self) -> None:
        """Takes the signals over; they belong to the main thread."""
        if self.thread is not None:
            self.former = {signal.SIGINT: _interrupt_thread}
            return
        for number in _SIGNALS:
            former = signal.getsignal(number)
            if former not in (None, signal.SIG_IGN):
                self.former[number] = former
                signal.signal(number, self.note)

    def restore(self) -> None:
        """Gives the signals back, and delivers the one that was noted."""
        for number, former in self.former.items():
            if (
                self.thread is None and signal.getsignal(number) == self.note
            ):  # else another one has taken over meanwhile
                signal.signal(number, former)
        noted, self.signal = self.signal, None
        if noted is not None:
            self._deliver(noted, None)

    def _deliver(self, number: int, frame: FrameType | None) -> None:
        former = self.former.get(number)
        if callable(former):
            former(number, frame)
        elif former == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)


def _interrupt_thread(number: int, frame: FrameType | None) -> NoReturn:
    raise ThreadInterrupted


_current = Interruption()
_of_thread = threading.local()
_leaves_at_second = False


@contextmanager
def postponed(wake: Callable[[], object] | None = None) -> Iterator[Interruption]:
    """Notes the first Ctrl-C or SIGTERM instead of raising it, and raises it when the last such block has ended.

    In another thread than the main one no signal arrives, and the block sees one only within `interruptible`.

    Args:
        wake: called when a signal came; ends what the block waits for.
    """
    is_main = threading.current_thread() is threading.main_thread()
    current: Interruption | None = _current if is_main else getattr(_of_thread, "current", None)
    if current is None:
        yield Interruption()
        return
    if not current.open:
        current.former = {}
        current.install()
    current.open += 1
    if wake:
        current.wakers.append(wake)
    try:
        yield current
    finally:
        if wake:
            current.wakers.remove(wake)
        current.open -= 1
        if not current.open:
            current.restore()


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Lets another thread interrupt this one: by `Interruption.stop`, which raises ThreadInterrupted here."""
    _of_thread.current = Interruption(threading.get_ident())
    try:
        yield _of_thread.current
    finally:
        del _of_thread.current


@contextmanager
def handled(handle: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Hands the first Ctrl-C or SIGTERM of a program to ``handle``; the second one ends the process at once.

    Nothing is lost by that: answers and purchases are on disk already.
    """
    global _leaves_at_second
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen: list[int] = []

    def first_or_second(number: int, frame: FrameType | None) -> None:
        if seen:
            leave(128 + number)
        seen.append(number)
        handle(number, frame)

    former = {number: signal.signal(number, first_or_second) for number in _SIGNALS}
    _leaves_at_second = True
    try:
        yield
    finally:
        _leaves_at_second = False
        for number, handler in former.items():
            signal.signal(number, handler)


def leave(code: int) -> NoReturn:
    """Ends the process without any clean-up."""
    os.write(2, b"duet: left at once; what was stored is kept, and the same command continues\n")
    os._exit(code)
