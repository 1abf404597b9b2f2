"""Exit codes, and the errors that end a command with one line instead of a traceback."""

from __future__ import annotations

import signal
import sqlite3

from duet.models.errors import BudgetSpent, LanguageModelError, ProviderError

DONE, UNEXPECTED, BAD_INPUT, PROVIDER, SPENT = 0, 1, 2, 3, 4
CELL_FAILED = 1  # of a benchmark
QUALITY_GATE = 100
INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM

EXPECTED = (
    LanguageModelError, ValueError, TypeError, OSError, sqlite3.Error, RuntimeError, LookupError, ArithmeticError,
)  # fmt: skip


def exit_code(error: Exception) -> int:
    """The exit code that an error leads to.

    >>> exit_code(ValueError("Expected a number but got 'a'")), exit_code(KeyError("a"))
    (2, 1)
    """
    if isinstance(error, ProviderError):
        return PROVIDER
    if isinstance(error, BudgetSpent):
        return SPENT
    return BAD_INPUT if isinstance(error, ValueError | PermissionError | NotADirectoryError) else UNEXPECTED
