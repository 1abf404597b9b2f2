from __future__ import annotations

import pytest

from duet.examples.example import Example
from duet.proposals.instruction_filter import InstructionFilter
from duet.proposals.quotes import quotes_a_part

MAIL = Example("Hello, I was charged twice for the blue lamp that I bought on Monday, please help.", ("billing",))
OTHER = Example("Hello, my key does not open the door of room nine, please help.", ("access",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Answer billing if someone was charged twice for the blue lamp that I bought on Monday.", True),
        ("Say BILLING: charged, twice for the blue lamp that I  bought.", True),
        ("Answer billing if a customer was charged twice for one thing.", False),
        ("Answer billing or access.", False),
    ],
)
def test_eight_words_in_a_row_are_a_quotation(text: str, expected: bool) -> None:
    assert quotes_a_part(text, [MAIL, OTHER]) is expected
    reason = InstructionFilter().rejection_reason(text, [MAIL, OTHER])
    assert reason == ("quotes an example" if expected else None)


def test_what_two_examples_share_is_their_form() -> None:
    form = "Which of the following statements follows from the text"
    examples = [Example(f"{form}? The lamp is {colour}.", ("a",)) for colour in ("blue", "red")]
    assert not quotes_a_part(f"Decide {form}.", examples)
    assert quotes_a_part(f"Decide {form}.", examples[:1])


def test_an_output_counts_as_much_as_an_input() -> None:
    summary = Example("x", ("The council of the town voted to close the old bridge next May.",))
    assert quotes_a_part("Write that the council of the town voted to close the old bridge.", [summary])


def test_scripts_without_blanks_are_compared_by_characters() -> None:
    mail = Example("您好，我在星期一购买的蓝色台灯被重复扣款两次，请尽快帮助我处理。", ("账单",))
    assert quotes_a_part("如果我在星期一购买的蓝色台灯被重复扣款，请回答账单。", [mail])
    assert not quotes_a_part("如果客户被重复扣款，请回答账单。", [mail])
