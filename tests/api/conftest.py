"""A small search from Python: a task of two words, a function that does it, settings that are quick."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from duet.models.fakes import HashingWhiteBox

PAIRS = [(f"a{number} b{number}", f"b{number}") for number in range(40)]
FIRST = ("Name the colour.", "Copy the text.", "Write the second word.", "Say a word.", "Count the words.")


class SecondWord:
    """A model behind a function: the longer an instruction's text, the more often it answers with the second word."""

    def __init__(self) -> None:
        self.requests: list[str] = []

    def __call__(self, prompts: list[str]) -> list[str]:
        self.requests += prompts
        return [answer(prompt) for prompt in prompts]


def answer(prompt: str) -> str:
    if "distinct instructions" in prompt:
        return "\n".join(f"{place}. The instruction was to {text}" for place, text in enumerate(FIRST, 1))
    if not prompt.endswith("Output:") or "Instruction: " not in prompt:
        return f"The instruction was to write word number {zlib.crc32(prompt.encode()) % 1000}."
    instruction, _, rest = prompt.removeprefix("Instruction: ").partition("\n\nInput: ")
    wrong, right = rest.removesuffix("\nOutput:").split()
    return right if zlib.crc32(f"{instruction}|{right}".encode()) % 40 < len(instruction) else wrong


@pytest.fixture
def model() -> SecondWord:
    return SecondWord()


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Keyword arguments of a search that takes seconds; the current directory is empty."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    small = {
        "search.initialisation.count": 4, "search.initialisation.max_rounds": 1, "search.allocation.examples": 3,
        "search.allocation.kind": "fixed", "search.threshold": 1.1,
        "strategy.init_args.candidates": 6, "strategy.init_args.choose": 1, "model.steps": 6,
    }  # fmt: skip
    return {"white_box": HashingWhiteBox(8, 4), "iterations": 2, "run_dir": "run", "settings": small}


@pytest.fixture
def lines_of() -> Callable[[str], list[str]]:
    return lambda folder: Path(folder, "candidates.jsonl").read_text().splitlines()
