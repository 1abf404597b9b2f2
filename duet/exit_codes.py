"""Exit codes, and the errors that end a command with one line instead of a traceback."""

from __future__ import annotations

import errno
import re
import signal
import sqlite3

from duet.models.errors import BudgetSpent, LanguageModelError, ProviderError

DONE, UNEXPECTED, BAD_INPUT, PROVIDER, SPENT = 0, 1, 2, 3, 4
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)  # nothing can be written where the user wants it
_NO_MEMORY = re.compile("(?:not enough|out of|allocate) memory")
CELL_FAILED = 1  # of a benchmark
QUALITY_GATE = 100
INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM

EXPECTED = (
    LanguageModelError, ValueError, TypeError, OSError, sqlite3.Error, RuntimeError, LookupError, ArithmeticError,
    MemoryError,
)  # fmt: skip


def exit_code(error: Exception) -> int:
    """The exit code that an error leads to.

    >>> exit_code(ValueError("Expected a number but got 'a'")), exit_code(KeyError("a"))
    (2, 1)
    >>> exit_code(OSError(errno.ENOSPC, "No space left on device", "run/spending.jsonl"))
    2
    """
    if isinstance(error, ProviderError):
        return PROVIDER
    if isinstance(error, BudgetSpent):
        return SPENT
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return BAD_INPUT
    if is_out_of_memory(error):
        return BAD_INPUT
    return BAD_INPUT if isinstance(error, ValueError | PermissionError | NotADirectoryError) else UNEXPECTED


def is_out_of_memory(error: BaseException) -> bool:
    """Whether Python or torch found no memory.

    >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."))
    True
    """
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(_NO_MEMORY.search(str(error))))
