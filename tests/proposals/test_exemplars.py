from __future__ import annotations

import random

import pytest

from duet.examples.example import Example
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.proposals.exemplars import (
    MAX_CHARACTERS,
    block,
    drawn_exemplars,
    longest_block,
    with_exemplars,
    without_exemplars,
)

EXAMPLES = [Example(f"a{n} b{n}", (f"b{n}",)) for n in range(9)]


def row(candidate: Candidate) -> ScoredInstruction:
    return ScoredInstruction(candidate, 0, (0.5,), ("x",))


def drawn(texts: list[str], count: int, template: str = "\n{demonstrations}", seed: int = 0) -> list[Candidate]:
    rows = [row(Candidate(text, "initial")) for text in texts]
    return drawn_exemplars(rows, count, 2, EXAMPLES, template, random.Random(seed))


def test_a_candidate_is_the_instruction_with_demonstrations_behind_it() -> None:
    [entry] = drawn(["Take the second."], 1)
    assert entry.text.startswith("Take the second.\nInput: a")
    assert entry.text.count("Output: b") == 2
    assert (entry.origin, entry.parent, entry.instruction) == ("exemplars", "Take the second.", "Take the second.")
    assert entry.text == entry.instruction + entry.exemplars


def test_each_candidate_has_a_draw_of_its_own_and_instructions_take_turns() -> None:
    four = drawn(["First.", "Second."], 4)
    assert [entry.instruction for entry in four] == ["First.", "Second.", "First.", "Second."]
    assert len({entry.exemplars for entry in four}) == 4
    assert four == drawn(["First.", "Second."], 4)
    assert drawn([], 4) == []


def test_the_instruction_alone_is_what_others_derive_from() -> None:
    bare = Candidate("Take the second.", "initial")
    better, worse = with_exemplars(bare, "\nInput: 1"), with_exemplars(bare, "\nInput: 2")
    rows, blocks = without_exemplars([row(better), row(worse), row(Candidate("Copy it.", "own"))])
    assert [each.text for each in rows] == ["Take the second.", "Copy it."]
    assert blocks == {"Take the second.": "\nInput: 1", "Copy it.": ""}


def test_new_exemplars_replace_the_old_ones() -> None:
    once = with_exemplars(Candidate("Do it.", "own"), "\nInput: 1")
    assert with_exemplars(once, "\nInput: 2").text == "Do it.\nInput: 2"


def test_a_checkpoint_keeps_them() -> None:
    pool = Pool((row(with_exemplars(Candidate("Do it.", "own"), "\nInput: 1")),))
    assert Pool.from_state_dict(pool.state_dict()).observations[0].candidate.instruction == "Do it."


@pytest.mark.parametrize("letter", ["x", "\N{GRINNING FACE}"])
@pytest.mark.parametrize("length", [1, 700, 9_000])
def test_no_block_is_longer_than_the_longest(letter: str, length: int) -> None:
    mixed = [Example(letter * (length + n), ("y" * n,)) for n in range(6)] + EXAMPLES
    most = len(longest_block(mixed, 3).encode())
    for seed in range(20):
        shown = block(random.Random(seed).sample(mixed, 3))
        assert len(shown) < MAX_CHARACTERS + 200
        assert len(shown.encode()) <= most
