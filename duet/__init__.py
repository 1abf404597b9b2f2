"""Duet finds the instruction with which a language model does a task best."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duet.api.evaluate import evaluate as evaluate
    from duet.api.optimize import optimize as optimize
    from duet.api.result import Result as Result
    from duet.spending.budget import Budget as Budget
    from duet.tasks.task import Task as Task

# Threads that wait for each other while another program has their processor should sleep: with GNU's default, to spin,
# one busy program beside Duet makes a search take several times as long. A short spin before it spares a quiet machine
# the price of sleeping (docs/measurements.md, Speed). Read once, when torch is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")

_HOMES = {  # name -> its module, imported at first use: importing duet costs no torch
    "Task": "duet.tasks.task",
    "Budget": "duet.spending.budget",
    "optimize": "duet.api.optimize",
    "evaluate": "duet.api.evaluate",
    "Result": "duet.api.result",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None or find_spec(home) is None:
        raise AttributeError(f"module 'duet' has no attribute {name!r}; it has {', '.join(__dir__())}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return list(_names())


@cache  # what reads settings asks for names that aren't there, thousands of times
def _names() -> tuple[str, ...]:
    return tuple(sorted(name for name, home in _HOMES.items() if find_spec(home)))
