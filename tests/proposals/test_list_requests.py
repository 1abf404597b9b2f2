from __future__ import annotations

import pytest

from duet.examples.example import Example
from duet.proposals.instruction_filter import InstructionFilter
from duet.proposals.list_requests import (
    FAILURE_CHARACTERS,
    Failure,
    describe_failures,
    longest_failures,
    paraphrases_request,
    reflection_request,
)

FAILURES = [Failure(Example("cat", ("tac", "TAC")), "t"), Failure(Example("dog", ("god",)), " ")]


def test_a_reflection_shows_the_instruction_and_what_was_given_answered_and_expected() -> None:
    prompt = reflection_request("Write the last letter.", describe_failures(FAILURES), 6)
    assert "Instruction: Write the last letter.\n" in prompt
    assert "Input: cat\nAnswer: t\nExpected: tac\n\nInput: dog\nAnswer: (none)\nExpected: god\n" in prompt
    assert "write 6 distinct improved instructions" in prompt
    assert "numbered from 1 to 6" in prompt
    assert "never quote or mention the examples" in prompt


def test_braces_of_an_example_or_an_instruction_stay_as_they_are() -> None:
    shown = describe_failures([Failure(Example("{count} {answer}", ("{given}",)), "{expected}")])
    assert shown == "Input: {count} {answer}\nAnswer: {expected}\nExpected: {given}"
    assert "Fill {failures}." in reflection_request("Fill {failures}.", shown, 2)


def test_long_texts_are_shortened_and_short_ones_are_not() -> None:
    shown = describe_failures([*FAILURES, Failure(Example("word " * 9_000, ("ok",)), "wrong " * 500)])
    assert "Input: cat\nAnswer: t\n" in shown
    assert len(shown) < FAILURE_CHARACTERS + 200
    [answer] = [line for line in shown.splitlines() if line.startswith("Answer: wrong")]
    assert len(answer) <= len("Answer: ") + 200


@pytest.mark.parametrize("letter", ["a", "中", "\N{GRINNING FACE}"])
@pytest.mark.parametrize("length", [3, 900, 30_000])
def test_no_description_is_longer_than_the_longest(letter: str, length: int) -> None:
    some = [Failure(Example(letter * length, (letter * length,)), letter * 200)] * 5
    assert len(describe_failures(some).encode()) <= len(longest_failures(some).encode())
    fewer = some[:3]
    assert len(describe_failures(fewer).encode()) <= len(longest_failures(some).encode())


def test_labels_and_what_the_filter_wants_are_said() -> None:
    wanted = InstructionFilter(language="German", max_words=9, several_lines=True)
    prompt = reflection_request("Sort it.", "", 3, labels=("spam", "ham"), wanted=wanted)
    for sentence in ("one of: spam, ham.", "Write in German.", "at most 9 words", "a line with ---"):
        assert sentence in prompt
    assert "The instruction was to" not in prompt
    assert "Write in German." in paraphrases_request("Sort it.", 3, wanted)


def test_paraphrases_are_requested_by_number() -> None:
    prompt = paraphrases_request("Sort the words.", 5)
    assert "Instruction: Sort the words.\n" in prompt
    assert "Write 5 distinct variations" in prompt
    assert 'Begin each with "The instruction was to".' in prompt
