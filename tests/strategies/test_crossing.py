from __future__ import annotations

import random

import pytest

from duet.strategies.crossing import Plan, splice, tagged


def test_splicing_goes_on_with_the_other_text_where_the_first_one_stops() -> None:
    assert splice("a b", "1 2 3 4", random.Random(0)) == "a 2 3 4"
    texts = {splice("a b c d", "1 2 3 4", random.Random(seed)) for seed in range(40)}
    assert texts == {"a 2 3 4", "a b 3 4", "a b c 4"}
    assert splice("a", "1", random.Random(0)) == "a"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("<prompt>one</prompt> 2. <Prompt>\ntake two\n</Prompt> done", "Take two."),
        ("<prompt>take what was cut", "Take what was cut."),
        ('"The instruction was to take it"', "Take it."),
        ("Crossed: this\nMutated: that", ""),
        ("", ""),
    ],
)
def test_the_instruction_stands_between_the_last_tags_or_alone(reply: str, expected: str) -> None:
    assert tagged(reply) == expected


def test_a_request_shows_the_parents_as_they_are() -> None:
    texts = ("Take {second}.", "Take b.", "Take c.", "Take d.")
    for origin, count in (("paraphrase", 1), ("crossover", 2), ("difference", 4)):
        request = Plan(origin, texts[:count]).request()
        assert [request.count(text) for text in texts] == [1] * count + [0] * (4 - count)


def test_a_beginning_is_never_the_whole_and_starts_small() -> None:
    one = {Plan("paraphrase", ("Take a word.",)).beginning(random.Random(seed)) for seed in range(20)}
    assert one == {"take", "take a"}
    assert Plan("crossover", ("Sort.", "Copy.")).beginning(random.Random(0)) == "sort"
