"""What is said of the task and wanted of instructions reaches every request that writes, and holds everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from duet.models.fakes import HashingWhiteBox
from duet.proposals.initialisation import Initialisation
from duet.proposals.instruction_filter import InstructionFilter
from duet.strategies.ape import Ape
from duet.strategies.duet import Duet
from duet.strategies.evoprompt import EvoPromptGA
from duet.strategies.shares import Shares
from duet.strategies.strategy import AbstractStrategy

WANTED = InstructionFilter(max_words=9, language="German", must_keep=("word",))
SENTENCES = (
    "The task: pick a word", "The instructions are for: support staff", "Write in German.", "Use at most 9 words.",
    'Keep word for word: "word".',
)  # fmt: skip
METHODS: dict[str, AbstractStrategy] = {
    "Duet without a white box": Duet(candidates=6, choose=1, shares=Shares(0.0, 0.0, 0.0, 1.0, 1.0, 1.0)),
    "APE": Ape(variant="iterative", sets=1),
    "EvoPrompt": EvoPromptGA(population=4),
}


@pytest.mark.parametrize("mode", ["request", "sample"])
@pytest.mark.parametrize("method", METHODS)
def test_every_request_that_writes_holds_every_sentence_and_every_instruction_obeys(
    method: str, mode: Any, run: Callable[..., Any]
) -> None:
    first = Initialisation(mode, 4, max_rounds=2, task_description="pick a word", audience="support staff")
    texts = ("Name the word.", "Copy it.", "Write the second word.", "Say a word.", "Count the words.")
    done = run(
        strategy=METHODS[method], initialisation=first, instruction_filter=WANTED, first=texts, threshold=1.1,
        iterations=2,
    )  # fmt: skip
    writing = [request.prompt for request in done.box.requests if not request.prompt.startswith("Instruction: ")]
    assert len(writing) > 2
    assert [prompt for prompt in writing for sentence in SENTENCES if prompt.count(sentence) != 1] == []
    assert all("word" in text.lower() for text in done.texts)
    assert done.result["calls"] <= done.search.estimate().most.calls


class Listening(HashingWhiteBox):
    """Keeps the prompts by which it writes instructions."""

    def __init__(self) -> None:
        super().__init__(8, 4)
        self.prompts: list[str] = []

    def generate(self, prompts: Sequence[str], **options: Any) -> list[str]:
        self.prompts += [prompt for prompt in prompts if not prompt.startswith("Instruction: ")]
        return super().generate(prompts, **options)


def test_the_white_box_is_told_too(run: Callable[..., Any]) -> None:
    first = Initialisation(count=5, max_rounds=1, task_description="pick a word")
    white_box = Listening()
    run(white_box=white_box, initialisation=first, instruction_filter=InstructionFilter(language="German"))
    assert white_box.prompts
    told = "The task: pick a word\nWrite in German.\n\nInput: "
    assert all(prompt.startswith(told) and "The instruction, in German:" in prompt for prompt in white_box.prompts)


def test_where_nothing_is_said_the_prompts_are_those_of_the_paper(run: Callable[..., Any]) -> None:
    white_box = Listening()
    run(white_box=white_box)
    assert white_box.prompts
    assert all(prompt.startswith("Input: ") for prompt in white_box.prompts)
