"""Every prompt that the project sends, in one place. Model output is data: it is filled in once and never re-read."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from duet.tasks.example import Example

PREFIX = "The instruction was to"
ANSWER = "Instruction: {instruction}\n\nInput: {input}\nOutput:"
INITIAL_REQUEST = """\
You are an expert in formulating instructions that guide a chatbot to produce specific outputs from given inputs.

Below are examples of a hidden task. Each pairs an input with the output that a chatbot gave when it followed one
instruction:

{examples}

Write {count} distinct instructions, each of which would lead the chatbot to these outputs.
- Begin each with "The instruction was to".
- Vary style, structure and complexity: some short, some detailed, some that define the output's form.
- Formulate high-level guiding principles that hold for every input of this kind; never quote or mention the examples.
- Write one instruction per line, numbered from 1 to {count}, and nothing else."""

PARAPHRASE = """\
Below is an instruction. Write another one that means the same in other words.
Begin it with "The instruction was to", and write nothing else.

Instruction: {instruction}
Variation:"""


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replaces each ``{name}`` of ``values`` once; braces inside the values stay as they are.

    >>> fill("{a} and {b}", {"a": "{b}", "b": "x"})
    '{b} and x'
    """
    return re.sub(r"\{(\w+)\}", lambda name: values.get(name[1], name[0]), template)


def answer_prompt(instruction: str, text: str, template: str = ANSWER) -> str:
    """The prompt by which a model carries out ``instruction`` on the input ``text``."""
    return fill(template, {"instruction": instruction, "input": text})


def demonstrate(examples: Sequence[Example]) -> str:
    """Input-output pairs, a blank line between them."""
    return "\n\n".join(f"Input: {example.input}\nOutput: {example.outputs[0]}" for example in examples)


def induction_prompt(examples: Sequence[Example]) -> str:
    """Demonstrations, then the words after which a model writes the instruction (INSTINCT's form)."""
    return f"{demonstrate(examples)}\n\n{PREFIX}"


def initial_request(examples: Sequence[Example], count: int) -> str:
    """The structured request of section A.1 for ``count`` instructions."""
    return fill(INITIAL_REQUEST, {"examples": demonstrate(examples), "count": str(count)})


def paraphrase_request(instruction: str) -> str:
    """Asks for the same instruction in other words (APE's move from a good instruction to its neighbours)."""
    return fill(PARAPHRASE, {"instruction": instruction})


def draw_demonstrations(pool: Sequence[Example], count: int, generator: random.Random) -> list[Example]:
    """``count`` different demonstrations, or all where there are fewer."""
    return generator.sample(list(pool), min(count, len(pool)))
