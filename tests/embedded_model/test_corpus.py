from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
import torch
from torch import Tensor

from duet.examples.example import Example
from duet.prompts import answer_prompt, induction_prompt
from embedded_model import corpus, phrasings
from embedded_model.corpus import Drawn, Segment, examples, follow, induce, sentence
from embedded_model.generators.families import BY_NAME, FAMILIES
from embedded_model.generators.family import Family


def fixed(name: str) -> Family:
    """A family of one example only."""
    return Family(name, "word", lambda generator: ("abc", ("cba", "other")))


def text(parts: list[Segment]) -> str:
    return "".join(part.text for part in parts)


def drawn(seed: int, count: int, errors: Tensor | None = None) -> list[Drawn]:
    return list(
        itertools.islice(examples(seed, torch.full((len(FAMILIES),), 0.5) if errors is None else errors), count)
    )


def test_the_stream_is_decided_by_its_seed() -> None:
    each, same, other = (drawn(seed, 40) for seed in (0, 0, 1))
    assert each == same
    assert each != other


def test_some_instructions_are_induced_some_are_vague_and_most_are_precise_ones_to_follow() -> None:
    stream = drawn(3, 1500)
    induced = sum(not row.parts[0].text.startswith("Instruction:") for row in stream)
    assert induced / 1500 == pytest.approx(corpus.INDUCED, abs=0.04)
    assert sum(row.family < 0 for row in stream) / 1500 == pytest.approx(corpus.INDUCED + corpus.VAGUE, abs=0.04)
    assert all(row.parts[0].text.startswith("Instruction:") for row in stream if row.family >= 0)


def test_what_the_model_gets_wrong_is_drawn_more_often() -> None:
    errors = torch.zeros(len(FAMILIES))
    errors[7] = 0.9
    found = Counter(each.family for each in drawn(4, 1500, errors) if each.family >= 0)
    share = 1.0 / (0.1 * (len(FAMILIES) - 1) + 1.0)
    assert found[7] / found.total() == pytest.approx(share, abs=0.03)
    errors[7], errors[8] = 0.0, 0.9  # as the trainer changes them on the way
    stream = examples(4, errors)
    assert Counter(each.family for each in itertools.islice(stream, 800))[8] > 20
    errors[8], errors[9] = 0.0, 0.9
    later = Counter(each.family for each in itertools.islice(stream, 800))
    assert later[9] > 20 > later[8]


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
    for parts in (each.parts for each in drawn(5, 300)):
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
    wrapped = [each.split("{}") for each in corpus.WRAPPERS if not each.startswith("{}")]
    found = 0
    for family in FAMILIES[:20]:
        for _ in range(30):
            phrase = corpus.precise(family, generator)
            for before, after in wrapped:
                if phrase.startswith(before) and phrase.endswith(after):
                    assert corpus.starts_with_verb(phrase.removeprefix(before))
                    found += 1
    assert found > 30


def test_an_induced_instruction_starts_with_a_verb() -> None:
    generator = random.Random(1)
    for family in FAMILIES:
        assert all(corpus.starts_with_verb(corpus.precise(family, generator, verbs_only=True)) for _ in range(5))


def test_a_thinned_instruction_keeps_every_word_that_carries_meaning() -> None:
    generator = random.Random(0)
    phrase = "write only the first letter of the word and then stop"
    thin = {corpus.thinned(phrase, generator) for _ in range(50)}
    assert len(thin) > 20
    for each in thin:
        assert {"write", "first", "letter", "word", "stop"} <= set(each.split()) <= set(phrase.split())


def test_every_family_has_its_phrasings_and_every_phrasing_its_family() -> None:
    assert set(phrasings.PRECISE) == set(phrasings.HELD_OUT) == set(phrasings.VAGUE) == set(BY_NAME)
    assert all(phrasings.PRECISE[name] and phrasings.VAGUE[name] and phrasings.HELD_OUT[name] for name in BY_NAME)


def test_composites_are_induced_less_often_and_some_hardly_ever() -> None:
    weights = [corpus.induce_weight(BY_NAME[name]) for name in ("sum", "longest_word_doubled", "longest_word_capitals")]
    assert weights == [1.0, 0.7, 0.05]
