"""One example of a task, and the error for a task that can't be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class TaskError(ValueError):
    """A bad task: one line that names the file, the line or the key, what was expected and what was found.

    >>> print(TaskError("train.csv: expected text\\nbut found nothing"))
    train.csv: expected text but found nothing
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.splitlines()))


@dataclass(frozen=True)
class Example:
    """A question with its accepted answers.

    Args:
        input: what the task model is given.
        outputs: every answer that counts as right; the first is the one that demonstrations show.
        fields: the parts of an input that has several, by name, for prompts that name them: a file's columns.
    """

    input: str
    outputs: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict, hash=False)
