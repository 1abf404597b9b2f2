"""Requests for several instructions at once: in other words, or better ones for what went wrong (reflection)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from duet.examples.example import Example
from duet.prompts import LONGEST_LETTER, PREFIX, SEPARATOR, SHORTEST, fair_limit, fill, shorten
from duet.proposals.instruction_filter import InstructionFilter

FAILURE_CHARACTERS = 6_000  # of the inputs, answers and expected answers in a request
ANSWER_CHARACTERS = 200  # of an answer that was wrong
_FAILURE = "Input: {given}\nAnswer: {answer}\nExpected: {expected}"
_FORM_CHARACTERS = 40  # around a failure
PARAPHRASES = """\
Below is an instruction that a chatbot follows.

Instruction: {instruction}

Write {count} distinct variations of it, each of which means the same in other words.
{requirements}- Vary style, structure and length: some shorter than the instruction, some more explicit.
{form}"""
REFLECTION = """\
You are an expert in improving the instructions that a chatbot follows.

Instruction: {instruction}

With this instruction the chatbot answered these inputs wrongly:

{failures}

Find out what the instruction fails to say. Then write {count} distinct improved instructions, each of which would lead
the chatbot to the expected answers, on these inputs and on all others of their kind.
{requirements}- Name the rule that the chatbot missed and the exact form of the answer.
- Let them differ: some repair the instruction, some begin anew; some are short, some are detailed.
- Formulate principles that hold for every input of this kind; never quote or mention the examples.
{form}"""
_BEGINNING = f'Begin each with "{PREFIX}".'
_ONE_LINE = "- Write one instruction per line, numbered from 1 to {count}, and nothing else."
_SEVERAL_LINES = (
    f"- An instruction may have several lines. Put a line with {SEPARATOR} after each, and write nothing else."
)


@dataclass(frozen=True)
class Failure:
    """An example that an instruction got wrong.

    Args:
        example: what was given and expected.
        answer: what the model answered; empty if none came.
    """

    example: Example
    answer: str


def paraphrases_request(instruction: str, count: int, wanted: InstructionFilter = InstructionFilter()) -> str:
    """Requests ``count`` instructions that mean the same as one."""
    return fill(PARAPHRASES, {"instruction": instruction, **_form(count, wanted, ())})


def reflection_request(
    instruction: str,
    failures: str,
    count: int,
    *,
    labels: Sequence[str] = (),
    wanted: InstructionFilter = InstructionFilter(),
) -> str:
    """Requests ``count`` better instructions than one, given what it got wrong.

    Args:
        instruction: the one to improve.
        failures: some of its wrong answers, as `describe_failures` puts them.
        count: how many to write.
        labels: all outputs there are, where they are a small closed set.
        wanted: what the instructions must obey.
    """
    values = {"instruction": instruction, "failures": failures, **_form(count, wanted, labels)}
    return fill(REFLECTION, values)


def describe_failures(failures: Sequence[Failure], max_characters: int = FAILURE_CHARACTERS) -> str:
    """Returns what was given, answered and expected; the longest texts lose their middle where all are too long.

    >>> print(describe_failures([Failure(Example("cat", ("tac",)), "t")]))
    Input: cat
    Answer: t
    Expected: tac
    """
    texts = [
        (each.example.input, shorten(each.answer.strip(), ANSWER_CHARACTERS), each.example.outputs[0])
        for each in failures
    ]
    most = fair_limit([len(text) for triple in texts for text in triple], max_characters)
    return "\n\n".join(
        fill(_FAILURE, {"given": given, "answer": answer or "(none)", "expected": expected})
        for given, answer, expected in (tuple(shorten(text, most) for text in triple) for triple in texts)
    )


def longest_failures(failures: Sequence[Failure]) -> str:
    """What no description of as many failures with inputs and outputs no longer than these exceeds, in bytes."""
    most = max(FAILURE_CHARACTERS, 3 * SHORTEST * len(failures)) + _FORM_CHARACTERS * len(failures)
    return min(describe_failures(failures, 10**9), LONGEST_LETTER * most, key=lambda text: len(text.encode()))


def _form(count: int, wanted: InstructionFilter, labels: Sequence[str]) -> dict[str, str]:
    """Returns how many there are to be, what each must obey, and how they are written down."""
    named = [f"The output is always one of: {', '.join(labels)}. Name them all where that helps."] if labels else []
    sentences = [*([] if wanted.language else [_BEGINNING]), *named, *wanted.requirements]
    return {
        "requirements": "".join(f"- {sentence}\n" for sentence in sentences),
        "form": _SEVERAL_LINES if wanted.several_lines else fill(_ONE_LINE, {"count": str(count)}),
        "count": str(count),
    }
