"""Exemplars: demonstrations behind an instruction, part of the prompt that is scored and in the end used.

They come from the demonstrations, which no score uses. A candidate's text is the instruction and the block behind it;
the instruction alone is what is filtered, reworded and continued, and what derives from it inherits the block.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from duet.examples.example import Example
from duet.pool import Candidate, ScoredInstruction
from duet.prompts import LONGEST_LETTER, demonstrate, fill

EXEMPLARS = "\n\nExamples:\n\n{demonstrations}"
MAX_CHARACTERS = 4_000  # of the demonstrations; longer texts lose their middle
_FORM_CHARACTERS = 60  # around a demonstration, and of a text that is cut


def block(examples: Sequence[Example], template: str = EXEMPLARS, max_characters: int = MAX_CHARACTERS) -> str:
    """Returns what stands behind an instruction.

    >>> block([Example("b a", ("a b",))])
    '\\n\\nExamples:\\n\\nInput: b a\\nOutput: a b'
    """
    return fill(template, {"demonstrations": demonstrate(examples, max_characters)})


def longest_block(examples: Sequence[Example], count: int, template: str = EXEMPLARS) -> str:
    """Returns what no block of ``count`` of the examples exceeds, in bytes."""
    largest = sorted(examples, key=lambda each: -len((each.input + each.outputs[0]).encode(errors="replace")))[:count]
    most = LONGEST_LETTER * (MAX_CHARACTERS + _FORM_CHARACTERS * count)
    longest = (block(largest, template, 10**9), fill(template, {"demonstrations": most}))
    return min(longest, key=lambda text: len(text.encode(errors="replace")))


def with_exemplars(candidate: Candidate, exemplars: str) -> Candidate:
    """The candidate with a block behind its instruction."""
    return replace(candidate, text=candidate.instruction + exemplars, exemplars=exemplars)


def without_exemplars(rows: Sequence[ScoredInstruction]) -> tuple[list[ScoredInstruction], dict[str, str]]:
    """The rows by their instructions alone, each once, and the block that the best one of each instruction had."""
    bare: dict[str, ScoredInstruction] = {}
    blocks: dict[str, str] = {}
    for row in rows:
        candidate = row.candidate
        bare.setdefault(candidate.instruction, row.with_candidate(with_exemplars(candidate, "")))
        blocks.setdefault(candidate.instruction, candidate.exemplars)
    return list(bare.values()), blocks


def drawn_exemplars(
    rows: Sequence[ScoredInstruction],
    count: int,
    per_candidate: int,
    examples: Sequence[Example],
    template: str,
    generator: random.Random,
) -> list[Candidate]:
    """Instructions in turn, each with demonstrations that are drawn for it, in place of those that it had.

    Args:
        rows: the instructions, best first, without exemplars.
        count: how many candidates.
        per_candidate: demonstrations behind each.
        examples: the demonstrations to draw from.
        template: how they stand there.
        generator: of the draws.
    """
    candidates = []
    for index in range(count if rows else 0):
        instruction = rows[index % len(rows)].text
        drawn = block(generator.sample(list(examples), min(per_candidate, len(examples))), template)
        candidates.append(Candidate(instruction + drawn, "exemplars", instruction, exemplars=drawn))
    return candidates
