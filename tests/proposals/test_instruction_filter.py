from __future__ import annotations

from typing import Any

import pytest

from duet.examples.example import Example
from duet.proposals.instruction_filter import InstructionFilter, canonical, describe_rejections

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
def test_the_filter_tells_why_a_text_is_no_instruction(text: str, reason: str | None) -> None:
    assert InstructionFilter().rejection_reason(text, EXAMPLES) == reason


def test_the_limits_are_options() -> None:
    instruction_filter = InstructionFilter(min_words=3, max_characters=10)
    assert instruction_filter.rejection_reason("Add them.", []) == "too short"
    assert instruction_filter.rejection_reason("Add a b c.", []) is None
    assert instruction_filter.rejection_reason("Add a b cd.", []) == "too long"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. 将文本翻译成英文", "将文本翻译成英文。"),
        ("1、将文本翻译成英文。", "将文本翻译成英文。"),
        ("（2）将文本翻译成英文！", "将文本翻译成英文！"),
        ("③ 将文本翻译成英文？", "将文本翻译成英文？"),
        ("一、将文本翻译成英文｡", "将文本翻译成英文｡"),
        ("「将文本翻译成英文」", "将文本翻译成英文。"),
        ("“将文本翻译成英文。”", "将文本翻译成英文。"),
        ("The instruction was to：将文本翻译成英文。", "将文本翻译成英文。"),
        ("用「是」或「否」回答", "用「是」或「否」回答。"),
        ("「是」か「いいえ」で答える", "「是」か「いいえ」で答える。"),
        ("2. แปลข้อความเป็นภาษาอังกฤษ", "แปลข้อความเป็นภาษาอังกฤษ"),
        ("ما هي العاصمة؟", "ما هي العاصمة؟"),
    ],
)
def test_an_instruction_in_any_script_has_one_spelling(text: str, expected: str) -> None:
    assert canonical(text) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "将文本翻译成英文。",
        "情感分类：输出正面或负面。",
        "テキストを英語に訳す。",
        "แปลข้อความเป็นภาษาอังกฤษ",
        "总结全文。",
    ],
)
def test_instructions_without_blanks_between_words_are_accepted(text: str) -> None:
    assert InstructionFilter().rejection_reason(text, EXAMPLES) is None


@pytest.mark.parametrize("text", ["翻译。", "要約。", "แปล", "好"])
def test_one_word_without_blanks_is_too_short(text: str) -> None:
    assert InstructionFilter().rejection_reason(text, EXAMPLES) == "too short"


def test_an_example_in_chinese_is_not_given_away() -> None:
    examples = [Example("猫咪", ("动物",)), Example("今天天气很好我们去公园玩吧", ("积极",))]
    reason = InstructionFilter().rejection_reason
    assert reason("把猫咪归类为动物。", examples) == "quotes an example"
    assert reason("例如今天天气很好我们去公园玩吧。", examples) == "quotes an example"
    assert reason("把每个词归类为动物或植物。", examples) is None


@pytest.mark.parametrize(
    ("settings", "text", "reason"),
    [
        ({"max_words": 4}, "Write the last letter.", None),
        ({"max_words": 3}, "Write the last letter.", "too long"),
        ({"max_words": 3}, "将文本翻译成英文。", "too long"),
        ({"language": "Thai"}, "Write the last letter.", "another language"),
        ({"language": "Thai"}, "แปลข้อความเป็นภาษาอังกฤษ", None),
        ({"must_keep": ("JSON", "one label")}, "Answer as json with One Label.", None),
        ({"must_keep": ("JSON", "one label")}, "Answer as JSON.", "lacks a phrase to keep"),
    ],
)
def test_what_a_user_wants_of_instructions_is_checked(settings: Any, text: str, reason: str | None) -> None:
    assert InstructionFilter(**settings).rejection_reason(text, EXAMPLES) == reason


def test_the_model_that_writes_is_told_what_is_wanted() -> None:
    wanted = InstructionFilter(max_words=20, language="German", must_keep=("JSON", "one label"))
    assert wanted.requirements == (
        "Write in German.",
        "Use at most 20 words.",
        'Keep word for word: "JSON", "one label".',
    )
    assert InstructionFilter().requirements == ()


@pytest.mark.parametrize("settings", [{"max_words": 1}, {"max_words": 0, "min_words": 0}, {"must_keep": ("a", " ")}])
def test_settings_that_nothing_can_meet_are_refused(settings: Any) -> None:
    with pytest.raises(ValueError, match=r"Expected .*instruction_filter\.(max_words|must_keep)"):
        InstructionFilter(**settings)


def test_rejections_are_counted_by_reason() -> None:
    texts = ["Sort it.", "Sort.", "", "word " * 81, "Turn cat into tac."]
    counted = InstructionFilter().rejections(texts, EXAMPLES)
    assert counted == {"too short": 2, "too long": 1, "quotes an example": 1}
    assert describe_rejections(counted) == "2 too short, 1 too long, 1 quotes an example"


def test_several_lines_are_kept_where_they_are_wanted() -> None:
    text = "1. **Classify** the ticket:\r\n\n- billing\n- other  \n\nAnswer with one word"
    assert canonical(text, several_lines=True) == "Classify the ticket:\n- billing\n- other\nAnswer with one word"
    assert canonical(text) == "Classify the ticket:."
