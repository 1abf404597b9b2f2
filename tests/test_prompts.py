from __future__ import annotations

import random

import pytest

from duet.prompts import (
    answer_prompt,
    demonstrate,
    draw_demonstrations,
    fill,
    induction_prompt,
    initial_request,
    paraphrase_request,
)
from duet.tasks.example import Example

PAIRS = [Example("cat", ("c",)), Example("dog", ("d", "D"))]
HOSTILE = [
    "{input}",
    "{instruction} {{x}} {0} {}",
    "{input.__class__}",
    "%s %(input)s $input",
    r"\g<0> \1 \\ \n",
    "a\nb\r\n\tc",
    "}{",
    "ünï ☃",
]


def test_an_answer_prompt_is_the_instruction_then_the_input() -> None:
    assert answer_prompt("Reverse it.", "abc") == "Instruction: Reverse it.\n\nInput: abc\nOutput:"


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_model_wrote_is_filled_in_as_it_is(text: str) -> None:
    assert answer_prompt(text, "abc") == "Instruction: " + text + "\n\nInput: abc\nOutput:"
    assert answer_prompt("Do.", text) == "Instruction: Do.\n\nInput: " + text + "\nOutput:"


@pytest.mark.parametrize("text", HOSTILE)
def test_an_instruction_is_shown_as_it_is_to_be_said_in_other_words(text: str) -> None:
    assert paraphrase_request(text).endswith("Instruction: " + text + "\nVariation:")


@pytest.mark.parametrize("text", HOSTILE)
def test_examples_are_shown_as_they_are(text: str) -> None:
    assert demonstrate([Example(text, (text,))]) == "Input: " + text + "\nOutput: " + text
    assert "Input: " + text + "\nOutput: " + text in initial_request([Example(text, (text,))], 3)


def test_a_template_of_ones_own_may_name_a_part_twice_and_hold_other_braces() -> None:
    template = "{input} | {instruction} | {input} | {json} | {}"
    assert answer_prompt("Do.", "x", template) == "x | Do. | x | {json} | {}"
    assert fill("{a}{b}", {"a": "1"}) == "1{b}"


def test_demonstrations_show_the_first_output() -> None:
    assert demonstrate(PAIRS) == "Input: cat\nOutput: c\n\nInput: dog\nOutput: d"
    assert induction_prompt(PAIRS) == demonstrate(PAIRS) + "\n\nThe instruction was to"


def test_the_structured_request_names_the_count_the_prefix_and_the_pairs() -> None:
    request = initial_request(PAIRS, 40)
    assert request.startswith("You are an expert in formulating instructions that guide a chatbot")
    assert "Write 40 distinct instructions" in request
    assert "numbered from 1 to 40" in request
    assert 'Begin each with "The instruction was to"' in request
    assert demonstrate(PAIRS) in request


def test_demonstrations_are_different_ones_and_at_most_all() -> None:
    pool = [Example(str(number), ("x",)) for number in range(10)]
    drawn = draw_demonstrations(pool, 5, random.Random(0))
    assert len({one.input for one in drawn}) == 5
    assert draw_demonstrations(pool, 5, random.Random(0)) == drawn
    assert sorted(one.input for one in draw_demonstrations(pool, 99, random.Random(0))) == list("0123456789")
