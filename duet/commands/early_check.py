"""Checks settings of ``fit`` without torch: a misspelt file, key or task costs a moment and not the imports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from duet.config_files import given_settings
from duet.messages import suggest
from duet.tasks.task import Task

KEYS = tuple(Path(__file__).with_name("fit_keys.txt").read_text(encoding="utf-8").split())
ANY_BELOW = ".*"  # in KEYS: which keys are below depends on the class that is named
OF_EVERY_COMMAND = ("help", "print_config", "ask")
TEXTS = ("name", "train_file", "test_file", "directory", "input_column", "output_column")  # keys of a task
GROUPS = ("task", "search", "model", "data", "trainer")  # of settings, which a parser takes any one value for
INNER_GROUPS = {
    ".".join(parts[:count])
    for parts in (key.removesuffix(ANY_BELOW).split(".") for key in KEYS)
    for count in range(2, len(parts))
}  # which can be left out, but not be empty


def check(arguments: Sequence[str]) -> None:
    """Refuses what is wrong for sure; the parser of ``fit`` checks everything.

    Args:
        arguments: the command line behind ``fit`` or ``doctor``.

    Raises:
        ValueError: one line that names the file or the key, what was expected and what was found.
    """
    task: dict[str, Any] = {}
    found = [(place, *setting) for place, settings in given_settings(arguments) for setting in settings.items()]
    for place, key, value in found:
        if not is_known(key):
            raise ValueError(f"{place}: no such key: {key}{suggest(key, KEYS)}")
        if key in GROUPS and not _may_be_settings(value):
            raise ValueError(f"{place}: {key}: expected keys and values but found {value!r}")
        if key in INNER_GROUPS and value in (None, "null"):
            raise ValueError(f"{place}: {key}: expected keys and values but found nothing; leave it out, or name a key")
        if key.startswith("task."):
            task[key.removeprefix("task.")] = value
    if not {"-h", "--help", "--task"} & set(arguments):
        texts = {key: value for key, value in task.items() if key in TEXTS and value is not None}
        if "name" not in texts or not task.get("examples"):  # with examples of its own there is nothing to be found
            check_task(texts)


def _may_be_settings(value: Any) -> bool:
    """Checks whether a group's value can be keys and values: nothing, a mapping in JSON, or a file."""
    return value in (None, "") or str(value).lstrip().startswith("{") or Path(str(value)).is_file()


def is_known(key: str) -> bool:
    """Returns whether it is a key, has keys below it, or lies below a class.

    >>> is_known("task.name"), is_known("task"), is_known("strategy.init_args.nu"), is_known("task.nam")
    (True, True, True, False)
    """
    parents = (key[:at] for at, letter in enumerate(f"{key}.") if letter == ".")
    return (
        key in KEYS
        or key.rpartition(".")[2] in OF_EVERY_COMMAND
        or any(known.startswith(f"{key}.") for known in KEYS)
        or any(f"{parent}{ANY_BELOW}" in KEYS for parent in parents)
    )


def check_task(task: dict[str, Any]) -> None:
    """Refuses a task that is not named or can't be found; what lies in files of the user's own is read later.

    Raises:
        ValueError: says what is missing, or what was expected and found.
    """
    if "name" not in task:
        raise ValueError("task.name: expected in a --config file or on the command line (--task.name ...) but missing")
    if not all(isinstance(value, str) for value in task.values()):
        return
    files = [Path(task[key]).expanduser() for key in ("train_file", "test_file") if key in task]
    if not files or not all(file.is_file() for file in files):
        Task(**task)
