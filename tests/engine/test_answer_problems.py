"""What is wrong with answers is counted, said with what to do, and stops a run above a share."""

from __future__ import annotations

import pytest

from duet.engine.answer_problems import problem_counts, require_answers, warnings_of
from duet.models.errors import ProviderError
from duet.pool import Candidate, Pool, ScoredInstruction


def pool(*problems: str, score: float = 1.0) -> Pool:
    scores = (score,) * len(problems)
    return Pool((ScoredInstruction(Candidate("Do it.", "initial"), 0, scores, ("x",) * len(problems), problems),))


def test_answers_without_a_problem_say_nothing() -> None:
    assert problem_counts(pool("", "")) == {}
    assert warnings_of(pool("", ""), 64) == []
    require_answers(pool("", ""), 0.0)


def test_a_pool_without_any_right_answer_is_said_with_what_to_do() -> None:
    [line] = warnings_of(pool("", "", score=0.0), 64)
    assert line.startswith("Every score is 0 after 2 answers: look at the answers in candidates.jsonl")


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("cut", "2 of 4 answers were cut at 64 tokens: raise search.evaluation.max_tokens"),
        ("empty", "2 of 4 answers were empty: a reasoning model needs more tokens"),
        ("refused", "2 of 4 answers are refused and count as wrong"),
        ("too_long", "2 of 4 answers are too long and count as wrong"),
        ("not judged", "2 of 4 answers are not judged and count as wrong"),
    ],
)
def test_each_problem_has_a_line(problem: str, said: str) -> None:
    [line] = warnings_of(pool(problem, "", problem, ""), 64)
    assert line.startswith(said)


def test_a_few_cut_answers_are_no_warning() -> None:
    assert warnings_of(pool("cut", *[""] * 30), 64) == []


def test_a_run_stops_where_more_answers_than_allowed_can_never_come() -> None:
    some = pool("filtered", "refused", "", "")
    require_answers(some, 0.5)
    with pytest.raises(
        ProviderError, match=r"2 of 4 answers will never arrive \(1 refused, 1 filtered\): check the model"
    ):
        require_answers(some, 0.4)
