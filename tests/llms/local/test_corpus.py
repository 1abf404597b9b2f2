from __future__ import annotations

import itertools
import random
import re
from collections import Counter

import pytest

from llms.local import corpus, phrasings
from llms.local.corpus import Part, examples, follow, induce, sentence
from search.prompts import answer_prompt, induction_prompt
from tasks.example import Example
from tasks.generated.families import BY_NAME, FAMILIES
from tasks.generated.family import Family


def fixed(name: str) -> Family:
    """A family of one example only."""
    return Family(name, "word", lambda generator: ("abc", ("cba", "other")))


def text(parts: list[Part]) -> str:
    return "".join(part.text for part in parts)


def test_the_stream_is_decided_by_its_seed() -> None:
    one, same, other = (list(itertools.islice(examples(seed), 40)) for seed in (0, 0, 1))
    assert one == same
    assert one != other


def test_seven_in_ten_examples_follow_an_instruction() -> None:
    stream = itertools.islice(examples(3), 1000)
    share = sum(parts[0].text.startswith("Instruction:") for parts in stream) / 1000
    assert share == pytest.approx(0.7, abs=0.05)


@pytest.mark.parametrize("seed", range(8))
def test_an_instruction_is_followed_in_the_products_own_prompt(seed: int) -> None:
    parts = follow(fixed("reverse_word"), random.Random(seed))
    instruction = parts[0].text.removeprefix("Instruction: ")
    assert text(parts[:2]) == answer_prompt(instruction, "abc")
    assert [part.learned for part in parts] == [False] + [False, True] * (len(parts) // 2)
    assert {part.text for part in parts if part.learned} == {" cba"}
    assert text(parts).count("\n\nInput: abc\nOutput: cba") == len(parts) // 2


@pytest.mark.parametrize("seed", range(8))
def test_an_instruction_is_induced_in_the_products_own_prompt(seed: int) -> None:
    parts = induce(fixed("reverse_word"), random.Random(seed))
    count = (len(parts) - 2) // 2
    assert 3 <= count <= 6
    assert text(parts[:-1]) == induction_prompt([Example("abc", ("cba",))] * count)
    outputs = [part.learned for part in parts[1 : 2 * count : 2]]
    assert outputs == [False, False] + [True] * (count - 2)
    assert parts[-1].learned
    assert not any(part.learned for part in parts[: 2 * count : 2])


def test_the_last_part_of_each_example_is_learned() -> None:
    for parts in itertools.islice(examples(5), 300):
        assert parts[-1].learned
        assert not parts[0].learned
        assert parts[-1].text.startswith(" ")


@pytest.mark.parametrize("phrase", ["write the last letter", "what is the last letter?", "the letter that is last"])
def test_an_instruction_is_written_as_people_do(phrase: str) -> None:
    generator = random.Random(0)
    found = Counter(sentence(phrase, generator) for _ in range(500))
    bare = phrase[0].upper() + phrase[1:]
    assert set(found) <= {phrase, bare, bare + ".", f"The instruction was to {phrase}."}
    prefixed = found[f"The instruction was to {phrase}."]
    assert (20 < prefixed < 90) if phrase.startswith("write") else prefixed == 0
    assert found[bare if phrase.endswith("?") else bare + "."] > 250


def test_a_wrapper_is_put_around_verbs_only() -> None:
    generator = random.Random(0)
    wrapped = [one.split("{}") for one in corpus.WRAPPERS]
    for family in FAMILIES[:20]:
        for _ in range(30):
            phrase = corpus.precise(family, generator)
            for before, after in wrapped:
                if before and phrase.startswith(before) and phrase.endswith(after):
                    assert not re.match(r"(a|an|the|what|which|for|given) ", phrase.removeprefix(before))


def test_every_family_has_its_phrasings_and_every_phrasing_its_family() -> None:
    assert set(phrasings.PRECISE) == set(phrasings.HELD_OUT) == set(phrasings.VAGUE) == set(BY_NAME)
    assert all(phrasings.PRECISE[name] and phrasings.VAGUE[name] and phrasings.HELD_OUT[name] for name in BY_NAME)


def test_weights_favour_the_harder_families_and_composites_weigh_less() -> None:
    assert corpus.follow_weight(BY_NAME["sum"], corpus.FIRST) == 16
    assert corpus.follow_weight(BY_NAME["repeat_word"], corpus.FIRST) == 1
    assert corpus.follow_weight(BY_NAME["longest_word_doubled"], corpus.FIRST) == 0.35
    assert corpus.induce_weight(BY_NAME["sum"], corpus.SECOND) == 1
    assert all(set(phase.harder) <= set(BY_NAME) for phase in corpus.PHASES)


def test_the_second_phase_draws_other_examples() -> None:
    first, second = (next(corpus.examples(0, phase)) for phase in corpus.PHASES)
    assert first != second
