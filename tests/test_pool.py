from __future__ import annotations

import io
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
import torch

from duet.evaluation.evaluation import Evaluation
from duet.pool import Candidate, Pool, ScoredInstruction


def row(text: str, scores: tuple[float, ...], iteration: int = 0) -> ScoredInstruction:
    features = torch.tensor([float(len(text)), scores[0]])
    candidate = Candidate(text, "local", "Parent.", features, (0.1, 0.7), 0.5, 0.25, prior=(0.75,))
    return ScoredInstruction(candidate, iteration, scores, tuple("ab"[: len(scores)]))


ROWS = [row("One.", (1.0, 0.0)), row("Two.", (0.0, 0.0)), row("Three.", (1.0, 1.0), 1), row("Four.", (1.0, 1.0), 3)]


def test_the_score_is_the_mean() -> None:
    assert row("One.", (1.0, 0.0)).score == 0.5
    assert row("One.", (0.1, 0.2)).score == pytest.approx(0.15)


def test_adding_returns_a_longer_pool_and_keeps_the_order() -> None:
    short = Pool() + ROWS[:2]
    long = short + ROWS[2:]
    assert (len(short), len(long)) == (2, 4)
    assert [row.text for row in long] == ["One.", "Two.", "Three.", "Four."]
    assert long.texts == {"One.", "Two.", "Three.", "Four."}
    assert (Pool((), (ROWS[0].candidate,)) + ROWS[1:]).reserve == (ROWS[0].candidate,)
    with pytest.raises(FrozenInstanceError):
        long.observations = ()  # type: ignore[misc]


def test_the_next_iteration_follows_the_highest() -> None:
    assert [(Pool() + ROWS[:n]).iteration for n in range(5)] == [0, 1, 1, 2, 4]
    assert [row.text for row in (Pool() + ROWS).initial()] == ["One.", "Two."]


def scored(text: str, scores: tuple[float, ...]) -> ScoredInstruction:
    return ScoredInstruction(Candidate(text, "initial"), 0, scores, ("x",) * len(scores))


def test_five_of_five_does_not_beat_seventeen_of_twenty_that_has_these_five_too() -> None:
    whole = scored("Whole.", (1.0,) * 5 + (1.0, 1.0, 1.0, 0.0) * 3 + (1.0, 1.0, 1.0))
    lucky = scored("Lucky.", (1.0,) * 5)
    others = [scored(f"{number}", (1.0,) * 4 + (0.0,)) for number in range(9)]
    assert (whole.n, sum(whole.scores)) == (20, 17)
    assert Pool((lucky, whole, *others)).best() is whole
    worse = scored("Worse.", (0.0,) + (1.0,) * 17 + (0.0, 0.0))  # 17 of 20 too, but not on these five
    assert Pool((lucky, worse, *others)).best() is lucky


def test_a_score_on_few_examples_is_shrunk_towards_the_pool() -> None:
    others = [scored(f"{number}", (0.0,) * 5) for number in range(8)]
    pool = Pool((scored("Few.", (1.0,)), scored("Many.", (1.0,) * 30), *others))
    few, many = pool.posterior_mean(pool.observations[0]), pool.posterior_mean(pool.observations[1])
    assert 0.2 < few < many < 1.0
    assert pool.best().text == "Many."


def test_extending_adds_scores_and_changes_nothing_else() -> None:
    pool = (Pool() + ROWS).extended({"Two.": Evaluation((1.0,), ("c",), ("cut",))})
    assert pool.observations[1].scores == (0.0, 0.0, 1.0)
    assert (pool.observations[1].outputs, pool.observations[1].problems) == (("a", "b", "c"), ("", "", "cut"))
    assert [row.scores for row in pool] == [(1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0), (1.0, 1.0)]


def test_ties_go_to_the_earlier_one() -> None:
    assert (Pool() + ROWS).best().text == "Three."
    same = [row("Aaa.", (1.0,)), row("Bbb.", (1.0,))]
    assert (Pool() + same).best() is same[0]
    assert (Pool() + same[::-1]).best() is same[1]


def test_tied_are_those_that_are_as_good_as_the_leader_on_as_many_examples() -> None:
    rows = [scored("A.", (1.0, 0.0)), scored("B.", (0.0, 1.0)), scored("C.", (0.0, 0.0)), scored("D.", (0.0, 0.0, 1.0))]
    assert [row.text for row in Pool((*rows, rows[0])).tied()] == ["A.", "B."]


def test_an_empty_pool_has_no_best() -> None:
    with pytest.raises(ValueError, match="Expected at least one scored instruction but the pool is empty"):
        Pool().best()


def test_tensors_have_a_row_for_each_observation() -> None:
    pool = Pool() + ROWS
    assert pool.features().tolist() == [[4, 1], [4, 0], [6, 1], [5, 1]]
    assert pool.rewards().tolist() == [0.5, 0, 1, 1]
    assert pool.rewards().dtype == torch.float32


def plain(candidate: Candidate) -> tuple[dict[str, Any], list[float]]:
    values = dict(vars(candidate))
    return values, values.pop("features").tolist()


@pytest.mark.parametrize("reserve", [(), (ROWS[1].candidate, ROWS[3].candidate)])
@pytest.mark.parametrize("rows", [ROWS, []])
def test_a_state_survives_a_weights_only_file_bit_for_bit(
    rows: list[ScoredInstruction], reserve: tuple[Candidate, ...]
) -> None:
    file = io.BytesIO()
    torch.save(Pool(tuple(rows), reserve).state_dict(), file)
    file.seek(0)
    found = Pool.from_state_dict(torch.load(file, weights_only=True))
    assert len(found) == len(rows)
    for one, other in zip(found, rows, strict=True):
        assert (one.scores, one.outputs, one.iteration) == (other.scores, other.outputs, other.iteration)
        assert plain(one.candidate) == plain(other.candidate)
    assert [plain(candidate) for candidate in found.reserve] == [plain(candidate) for candidate in reserve]


def test_a_restored_pool_shares_no_memory_with_the_state() -> None:
    state = (Pool() + ROWS).state_dict()
    found = Pool.from_state_dict(state)
    state["features"].zero_()
    assert found.features().tolist()[0] == [4, 1]


def test_a_pool_without_prior_knowledge_of_each_row_has_none() -> None:
    assert (Pool() + ROWS).prior_knowledge().tolist() == [[0.75]] * 4
    unknown = row("Five.", (1.0,)).with_candidate(Candidate("Five.", "own", features=torch.zeros(2)))
    assert (Pool() + ROWS + [unknown]).prior_knowledge().shape == (5, 0)
    assert Pool().prior_knowledge().shape == (0, 0)


def test_a_checkpoint_from_before_there_was_prior_knowledge_is_read() -> None:
    state = (Pool() + ROWS).state_dict()
    for each in state["rows"]:
        del each["candidate"]["prior"]
    assert Pool.from_state_dict(state).prior_knowledge().shape == (4, 0)
