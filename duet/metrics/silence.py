"""Keeps what a library prints from the terminal, also what it prints past Python's own streams."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout

_STREAMS = (1, 2)  # standard output and error of the process


@contextmanager
def silence() -> Iterator[None]:
    """Nothing that is printed in the body is shown. It is for the whole process: no other thread should print."""
    sys.stdout.flush()
    sys.stderr.flush()
    with ExitStack() as stack:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        stack.callback(os.close, nowhere)
        for number in _STREAMS:
            kept = os.dup(number)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, number)
            os.dup2(nowhere, number)
        stack.enter_context(redirect_stdout(io.StringIO()))
        stack.enter_context(redirect_stderr(io.StringIO()))
        yield
