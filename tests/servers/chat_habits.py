"""Answers as chat models give them: right or wrong, bare, fenced, in a sentence, behind reasoning, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Dress = Callable[[str, str], str]  # (what it would say, something else that is wrong) -> the reply

HABITS: tuple[Dress, ...] = (
    lambda said, other: said,
    lambda said, other: f"The answer is {said}.",
    lambda said, other: f"```\n{said}\n```",
    lambda said, other: f"<think>\nCould it be {other}? Let me check. No.\n</think>\n\n{said}",
    lambda said, other: f"Sure! Here is the result:\n\n{said}\n\nLet me know if you need anything else.",
    lambda said, other: "I'm sorry, but I can't help with that.",
    lambda said, other: other,
    lambda said, other: f"  **{said}**\n",
)
WORDS = (
    "carefully",
    "briefly",
    "step by step",
    "as an expert",
    "in plain words",
    "without a preface",
    "exactly",
    "twice",
)


@dataclass(frozen=True)
class ChatHabits:
    """A chat model that knows a task's answers; how it dresses one depends on the whole prompt.

    Args:
        rows: inputs with their right answers.
        lead: what it says before an answer, whatever its dress.
        purpose: what the instructions that it writes are about.
    """

    rows: Sequence[tuple[str, str]]
    lead: str = ""
    purpose: str = "do the task"
    known: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.known.update(self.rows)

    def __call__(self, prompt: str) -> str:
        """The reply to a prompt; to one that asks for instructions, a numbered list of them."""
        number = int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:4])
        question = prompt.rpartition("Input: ")[2].removesuffix("\nOutput:")
        if not prompt.endswith("\nOutput:") or question not in self.known:
            return self._instructions(number)
        answers = list(self.known.values())
        right = self.known[question]
        other = next(answers[(number + step) % len(answers)] for step in range(len(answers))
                     if answers[(number + step) % len(answers)] != right)  # fmt: skip
        return HABITS[number % len(HABITS)](self.lead + right, self.lead + other)

    def _instructions(self, number: int) -> str:
        lines = [f"The instruction was to {self.purpose} {word}, variant {number % 9973}." for word in WORDS]
        return "\n".join(f"{place}. {line}" for place, line in enumerate(lines, start=1))
