"""Work that goes on while the black box is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def run_concurrently(work: Callable[[], T], in_thread: bool) -> Iterator[Callable[[], T]]:
    """Gives a function that returns what the work returns, or raises what it raises.

    Args:
        work: what the body must not touch.
        in_thread: whether it goes on beside the body, which then ends no sooner than the work; else it is done when its
            result is asked for.
    """
    if not in_thread:
        yield work
        return
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(work).result
