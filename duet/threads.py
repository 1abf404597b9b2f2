"""Gives a product one thread, so that no thread waits for another and a run is the same for any number of them.

Threads that share the products of a small model or of a predictor wait for each other hundreds of times per second, and
beside a busy program most of the time. A predictor is as quick with one; a small model has half of its rows in each of
two (`duet.models.open_model.halves`; docs/measurements.md, Speed). Code that is not ours has all threads, as outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from typing import Any

_lock = Lock()
_contexts = 0  # of all searches in this process
_before = 1  # threads that torch had outside of them


@contextmanager
def one_thread() -> Iterator[int]:
    """A product has one thread in this context, which may be entered again; gives the number that torch had outside."""
    global _contexts, _before
    torch = _torch()
    with _lock:
        mine = torch.get_num_threads()  # of this thread: 1 within another context, or while another search runs
        if not _contexts:
            _before = mine
        _contexts += 1
        torch.set_num_threads(1)
    try:
        yield _before
    finally:
        with _lock:
            _contexts -= 1
            torch.set_num_threads(mine if _contexts else _before)


@contextmanager
def all_threads() -> Iterator[None]:
    """A product has all threads again, for a large model or for others' code within `one_thread`."""
    if not _contexts:
        yield
        return
    torch = _torch()
    mine = torch.get_num_threads()
    torch.set_num_threads(_before)
    try:
        yield
    finally:
        torch.set_num_threads(mine)


def _torch() -> Any:
    """Imported at first use: the check of settings, which reads metrics, does without it."""
    return import_module("torch")
