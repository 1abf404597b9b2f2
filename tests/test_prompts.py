from __future__ import annotations

import random
from typing import Any

import pytest

from duet.examples.example import Example
from duet.models.base import Message, Request
from duet.prompts import (
    AnswerPrompt,
    answer_prompt,
    demonstrate,
    draw_demonstrations,
    fill,
    induction_prompt,
    initial_request,
    n_shown,
    paraphrase_request,
    shorten,
)

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
    assert len({each.input for each in drawn}) == 5
    assert draw_demonstrations(pool, 5, random.Random(0)) == drawn
    assert sorted(example.input for example in draw_demonstrations(pool, 99, random.Random(0))) == list("0123456789")


def test_what_is_not_wanted_leaves_no_trace() -> None:
    assert paraphrase_request("Sort it.") == (
        "Below is an instruction. Write another one that means the same in other words.\n"
        'Begin it with "The instruction was to", and write nothing else.\n\nInstruction: Sort it.\nVariation:'
    )
    assert "\n\n\n" not in initial_request(PAIRS, 3)


def test_a_paraphrase_is_told_what_is_wanted() -> None:
    request = paraphrase_request("Sortiere.", ["Write in German."], in_own_words=True)
    assert request.splitlines()[1] == "Write in German. Write nothing else."


def test_short_texts_stay_and_long_ones_share_what_is_left() -> None:
    examples = [Example("a " * 10_000, ("yes",)), Example("short", ("b " * 10_000,)), Example("c", ("no",))]
    shown = demonstrate(examples, 1000)
    assert len(shown) < 1000 + len("Input: \nOutput: \n\n") * 3
    assert "Input: short\n" in shown
    assert shown.count("[...]") == 2
    assert shown.endswith("Input: c\nOutput: no")
    assert demonstrate(examples, 10**6) == demonstrate(examples, 10**9)


def test_a_text_without_blanks_is_cut_at_any_character() -> None:
    assert len(shorten("长" * 500, 100)) == 100
    assert shorten("长" * 100, 100) == "长" * 100


@pytest.mark.parametrize("seed", range(20))
def test_labels_take_turns_and_all_are_shown(seed: int) -> None:
    pool = [Example(f"{label} {n}", (label,)) for label, count in (("a", 50), ("b", 9), ("c", 1)) for n in range(count)]
    drawn = draw_demonstrations(pool, 8, random.Random(seed), cover_labels=True)
    assert sorted(each.outputs[0] for each in drawn) in (sorted("aaaabbbc"), sorted("aaabbbbc"))
    assert len(set(drawn)) == 8
    assert n_shown(pool, 5) == 6


def test_outputs_that_are_no_labels_are_drawn_as_ever() -> None:
    pool = [Example(str(number), (f"x{number}",)) for number in range(30)]
    plain = draw_demonstrations(pool, 5, random.Random(3))
    assert draw_demonstrations(pool, 5, random.Random(3), cover_labels=True) == plain


ROW = Example("subject: Hi\nbody: {subject}", ("x",), {"subject": "Hi", "body": "{subject}", "Due date": "May"})


def test_the_default_prompt_is_the_plain_request_that_it_always_was() -> None:
    assert AnswerPrompt().request("Do it.", PAIRS[0], 9) == Request(answer_prompt("Do it.", "cat"), 9)


def test_columns_of_the_input_are_filled_in_and_never_read_again() -> None:
    prompt = AnswerPrompt("{instruction}\n{subject}/{body}/{Due date}/{json}")
    assert prompt.request("{body}", ROW).prompt == "{body}\nHi/{subject}/May/{json}"
    assert prompt.placeholders == {"instruction", "subject", "body", "Due date", "json"}


def test_a_system_prompt_makes_a_conversation() -> None:
    request = AnswerPrompt("{input}", system="{instruction}", stop=("\n",)).request("Do.", PAIRS[0])
    assert request.messages == (Message("system", "Do."), Message("user", "cat"))
    assert (request.prompt, request.stop) == ("Do.\n\ncat", ("\n",))


def test_messages_are_sent_in_their_order_with_every_part_filled_in() -> None:
    shots = (Message("user", "dog"), Message("assistant", "d"), Message("user", "{instruction} {input}"))
    request = AnswerPrompt(messages=shots).request("Spell.", PAIRS[0])
    assert [(message["role"], message["content"]) for message in request.chat] == [
        ("user", "dog"), ("assistant", "d"), ("user", "Spell. cat"),
    ]  # fmt: skip
    assert request.prompt == AnswerPrompt(messages=shots).text("Spell.", PAIRS[0]) == "dog\n\nd\n\nSpell. cat"


def test_a_prompt_is_ready_to_paste_with_the_inputs_place_left_open() -> None:
    assert AnswerPrompt().filled("Do.").text == "Instruction: Do.\n\nInput: {input}\nOutput:"
    filled = AnswerPrompt("{subject}", system="{instruction}", stop=("#",)).filled("Do {it}.")
    assert filled.text == "[system]\nDo {it}.\n\n[user]\n{subject}"
    assert filled.messages == (Message("system", "Do {it}."), Message("user", "{subject}"))
    assert filled.stop == ("#",)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"template": "{input}"}, r"\{instruction\} in task.prompt but it stands nowhere"),
        ({"template": "{instruction}"}, r"\{input\}, or columns of it"),
        ({"system": "x", "messages": (Message("user", "{instruction}{input}"),)}, "but got both"),
        ({"stop": ("",)}, "stop but got an empty one"),
    ],
)
def test_a_prompt_that_misses_a_part_is_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        AnswerPrompt(**arguments)
