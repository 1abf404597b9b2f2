from __future__ import annotations

import pytest

from duet.proposals.instruction_filter import Guard, canonical
from duet.tasks.example import Example

EXAMPLES = [
    Example("cat", ("tac",)),
    Example("up", ("pu",)),
    Example("The judges avoided the artist.", ("The artist was avoided by the judges.",)),
    Example("a+b (c)", ("[x]",)),
]


@pytest.mark.parametrize(
    "text",
    [
        "write the last letter",
        "Write the last letter.",
        "  Write   the\tlast letter  ",
        "The instruction was to write the last letter.",
        "the INSTRUCTION was to: write the last letter",
        "1. Write the last letter.",
        "12) Write the last letter.",
        "(3) Write the last letter.",
        "4: Write the last letter.",
        "- Write the last letter.",
        "* Write the last letter.",
        "• Write the last letter.",
        "### Write the last letter.",
        '"Write the last letter."',
        '"Write the last letter".',
        "'Write the last letter'",
        "“Write the last letter.”",
        "«Write the last letter»",
        "`Write the last letter`",
        "**Write the last letter.**",
        "**1.** Write the last letter",
        "**The instruction was to** write the last letter",
        '7. "The instruction was to write the last letter."',
        'The instruction was to "write the last letter"',
        'The instruction was to write the last letter"',
        "Write the last letter.\n\nInput: dog\nOutput: g",
        "\n\nWrite the last letter\nof it",
    ],
)
def test_an_instruction_has_one_spelling(text: str) -> None:
    assert canonical(text) == "Write the last letter."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('answer with "yes" or "no"', 'Answer with "yes" or "no".'),
        ('"yes" or "no": which is it?', '"yes" or "no": which is it?'),
        ('"Say "yes" or "no""', 'Say "yes" or "no".'),
        ("say ‘yes’ or ‘no’", "Say ‘yes’ or ‘no’."),
        ("write the word's plural", "Write the word's plural."),
        ("'write the word's plural'", "Write the word's plural."),
        ("list the judges' names", "List the judges' names."),
    ],
)
def test_quotes_around_a_part_stay(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize("text", ["write\x00 it\x1b", "\ud800write\x9b it", '"' * 8 + "write it" + '"' * 8])
def test_control_characters_and_many_quotes_are_no_part_of_an_instruction(text: str) -> None:
    assert canonical(text) == "Write it."


def test_more_quotes_than_anyone_writes_are_left() -> None:
    assert canonical('"' * 5000 + "write it" + '"' * 5000).count('"') > 400


def test_a_number_that_belongs_to_the_text_stays() -> None:
    assert canonical("2.5 times the input") == "2.5 times the input."


@pytest.mark.parametrize("text", ["", " \n ", '"', "...", "**", '":', "1.", "The instruction was to", "- "])
def test_nothing_becomes_no_instruction(text: str) -> None:
    assert canonical(text) == ""


@pytest.mark.parametrize("mark", [".", "?", "!"])
def test_an_end_mark_is_kept(mark: str) -> None:
    assert canonical("what is it" + mark) == "What is it" + mark


@pytest.mark.parametrize("text", ['Say "a" or "b".', "2.5 times it.", "What is “it”?", "Don't.", "Add 'a' and 'b'!"])
def test_a_canonical_text_is_its_own_canonical_text(text: str) -> None:
    assert canonical(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Reverse the word.", None),
        ("Reverse.", "too short"),
        ("", "too short"),
        ("word " * 81, "too long"),
        ("Reverse the word. Input: dog", "copies the demonstrations' form"),
        ("Read inputs: reverse them.", "copies the demonstrations' form"),
        ("Write the output:", "copies the demonstrations' form"),
        ("Write the output of the input.", None),
        ("Turn cat into tac.", "quotes an example"),
        ("Turn CAT into Tac.", "quotes an example"),
        ("Reverse a word like cat.", None),
        ("Turn concatenate into attack.", None),
        ("Turn up into pu.", None),
        ("Rewrite: The judges avoided the artist.", "quotes an example"),
        ("Turn a+b (c) into [x] always.", "quotes an example"),
    ],
)
def test_a_guard_tells_why_a_text_is_no_instruction(text: str, reason: str | None) -> None:
    assert Guard().reason(text, EXAMPLES) == reason


def test_the_limits_are_options() -> None:
    guard = Guard(min_words=3, max_characters=10)
    assert guard.reason("Add them.", []) == "too short"
    assert guard.reason("Add a b c.", []) is None
    assert guard.reason("Add a b cd.", []) == "too long"
