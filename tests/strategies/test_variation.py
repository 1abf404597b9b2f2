from __future__ import annotations

import random

import pytest

from duet.strategies.variation import Variation, VariationTemplates, splice, tagged


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
        request = Variation(origin, texts[:count]).request(VariationTemplates())
        assert [request.count(text) for text in texts] == [1] * count + [0] * (4 - count)


def test_a_beginning_is_never_the_whole_and_starts_small() -> None:
    one = {Variation("paraphrase", ("Take a word.",)).beginning(random.Random(seed)) for seed in range(20)}
    assert one == {"take", "take a"}
    assert Variation("crossover", ("Sort.", "Copy.")).beginning(random.Random(0)) == "sort"


def test_published_wordings_take_the_place_of_ours() -> None:
    templates = VariationTemplates(crossover="{second} x {first}", difference="{fourth}{third}{second}{first}")
    assert Variation("crossover", ("a", "b")).request(templates) == "b x a"
    assert Variation("difference", tuple("abcd")).request(templates) == "dcba"
    with pytest.raises(ValueError, match=r"Expected a templates.difference with \{fourth\}"):
        VariationTemplates(difference="{first} {second} {third}")


@pytest.mark.parametrize("origin", ["crossover", "difference"])
def test_a_request_shows_one_worked_example_of_what_is_wanted(origin: str) -> None:
    request = Variation(origin, tuple("abcd")).request(VariationTemplates())
    assert tagged(request) not in ("", "A.", "B.", "C.", "D.")
    assert request.count("</prompt>") == 2
